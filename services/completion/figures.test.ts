import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readFigures, toPrice } from './figures.ts'
import { PRESETS } from './providers/presets.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellmesh-figures-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

async function own(content: unknown): Promise<string> {
  const file = join(folder, 'own.json')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('what is built in is well-formed, dated, and of providers that there are', async () => {
  const figures = await readFigures('')
  expect(figures.size).toBeGreaterThan(40)
  const names = new Set<string>(PRESETS.map(({ name }) => name))
  for (const [id, { asOf }] of figures) {
    expect(names).toContain(id.slice(0, id.indexOf('/')))
    expect(asOf).toMatch(/^\d{4}-\d\d-\d\d$/)
  }
  expect(figures.get('openai/gpt-4o-mini')).toMatchObject({
    kind: 'chat',
    contextTokens: 128_000,
    inputPrice: 0.15,
    outputPrice: 0.6,
    abilities: ['tools', 'images', 'schema'],
  })
})

test('an own file goes before it, field by field, and adds to it', async () => {
  const file = await own({
    asOf: '2026-11-20',
    models: { 'openai/gpt-4o-mini': { inputPrice: 0.2 }, 'vllm/ours': { contextTokens: 9 } },
  })
  const figures = await readFigures(file)
  expect(figures.get('openai/gpt-4o-mini')).toMatchObject({ inputPrice: 0.2, outputPrice: 0.6, asOf: '2026-11-20' })
  expect(figures.get('vllm/ours')).toEqual({ kind: 'chat', contextTokens: 9, asOf: '2026-11-20' })
})

test('a bad file is refused with every problem', async () => {
  const models = {
    nobody: {},
    'openai/a': 7,
    'openai/b': {
      kind: 'video',
      contextTokens: 1.5,
      outputTokens: -1,
      inputPrice: '1',
      abilities: ['fly'],
      colour: 'red',
    },
    'openai/c': { asOf: 'today' },
  }
  const file = await own({ models })
  const error: unknown = await readFigures(file).catch((caught: unknown) => caught)
  const { problems } = error as { problems: { path: string; message: string }[] }
  expect(problems.map(({ path, message }) => `${path.slice(file.length + 2)}: ${message}`)).toEqual([
    'asOf: expected the day that the figures were looked up, e.g. 2026-11-21',
    'models["nobody"]: expected a name of the form provider/model',
    'models["openai/a"]: expected an object',
    'models["openai/b"].kind: "video" is not one of chat, embedding, image',
    'models["openai/b"].contextTokens: 1.5 is not a whole number of tokens',
    'models["openai/b"].outputTokens: -1 is not a whole number of tokens',
    'models["openai/b"].inputPrice: "1" is not US dollars for a million tokens',
    'models["openai/b"].abilities: ["fly"] is not a list of tools, images, schema, reasoning',
    expect.stringMatching(/^models\["openai\/b"\]\.colour: is none of kind, about, /),
    'models["openai/c"].asOf: "today" is not a day, e.g. 2026-11-21',
  ])
})

test.each([
  ['{', /is not JSON/],
  ['[]', /expected an object of models/],
])('%s is refused', async (content, message) => {
  await expect(readFigures(await own(content))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(message),
  })
})

test('a file that is not there is refused by its name', async () => {
  const file = join(folder, 'none.json')
  await expect(readFigures(file)).rejects.toMatchObject({
    message: expect.stringContaining(`"${file}" cannot be read`),
  })
})

test('a price needs both sides, but of embeddings', () => {
  expect(toPrice({ inputPrice: 1 })).toBeUndefined()
  expect(toPrice({ kind: 'embedding', inputPrice: 1 })).toEqual({ input: 1, output: 0 })
  expect(toPrice({ inputPrice: 1, outputPrice: 2, cachedPrice: 0.5 })).toEqual({ input: 1, output: 2, cached: 0.5 })
})
