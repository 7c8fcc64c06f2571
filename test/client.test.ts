import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createClient, createRest } from '#client/index.ts'
import type { RestClient, SpellmeshClient } from '#client/types.ts'
import { digestOfEntries } from '#graph/digest.ts'
import { createRegistry } from '#graph/registry.ts'
import type { NodeDefinition } from '#graph/define.ts'
import { compile } from '#graph/plan.ts'
import type { SpellDocument } from '#graph/document.ts'
import { replay } from '#graph/replay.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { rounds, spellOf } from '#nodes/examples.suite.ts'
import { openProxy } from './proxy.ts'

let system: TestSystem
let token = ''
let rest: RestClient
beforeAll(async () => {
  system = await embedded({ settings: { LOCAL_MODEL_DELAY_MS: '2' } })
  token = (
    await createRest({ baseUrl: system.url }).register({
      email: 'ada@example.org',
      password: 'correct horse',
      name: 'Ada',
    })
  ).accessToken
  rest = createRest({ baseUrl: system.url, token: async () => token })
})
afterAll(async () => system.stop())

const open = (url = system.url): SpellmeshClient =>
  createClient({ url, name: 'test', version: '1', authenticate: async () => ({ token }), token: async () => token })
const range = (length: number) => Array.from({ length }, (_, index) => index + 1)

test('a run is followed to its end, verified, and replayed by the same engine', async () => {
  const client = open()
  const document = spellOf(
    {
      start: { type: 'flow/start' },
      ask: { type: 'ai/complete', values: { prompt: 'three names for a cat' } },
      out: { type: 'flow/output', config: { name: 'names' } },
    },
    [
      ['start.out', 'ask.in'],
      ['ask.out', 'out.in'],
      ['ask.text', 'out.value'],
    ],
  )
  const { id } = await rest.createSpell(document)
  await client.openSpell(id)
  const run = await client.startRun(id)
  const chunks: string[] = []
  run.onChunk(({ text }) => void chunks.push(text))
  const verified = await run.completed
  expect(verified.entries.map(({ seq }) => seq)).toEqual(range(verified.lastSeq))
  expect(digestOfEntries(verified.entries)).toBe(verified.digest)
  expect(verified.terminal).toMatchObject({
    kind: 'run.completed',
    outputs: { names: expect.stringContaining('1. ') as unknown },
  })
  expect(chunks.length).toBeGreaterThan(0)
  const registry = createRegistry(
    await discoverRecord<NodeDefinition>(new URL('../nodes/', import.meta.url), /^[a-z-]+\/[a-z-]+\.ts$/),
  )
  const observed: string[] = []
  await replay(compile(document as unknown as SpellDocument, registry), verified.entries, {
    observe: ({ node }) => void observed.push(node),
  })
  expect(observed).toEqual(['start', 'ask', 'out'])
  client.close()
})

test('a connection that is cut again and again costs nothing', async () => {
  await using proxy = await openProxy(system.url)
  const client = open(proxy.url)
  const { id } = await rest.createSpell(rounds(60, 15))
  await client.openSpell(id)
  const run = await client.startRun(id, {}, { onDetach: 'finish' })
  let cuts = 0
  run.onEntries(() => {
    if (cuts < 4 && run.entries.length > (cuts + 1) * 40) {
      cuts++
      proxy.cut()
    }
  })
  const verified = await run.completed
  expect(cuts).toBe(4)
  expect(verified.entries.map(({ seq }) => seq)).toEqual(range(verified.lastSeq))
  expect(verified.terminal).toMatchObject({ outputs: { count: 60 } })
  client.close()
})

test('who comes back late gets everything, or the end of it', async () => {
  await using proxy = await openProxy(system.url)
  const client = open(proxy.url)
  const { id } = await rest.createSpell(rounds(1_000, 0))
  await client.openSpell(id)
  const run = await client.startRun(id, {}, { onDetach: 'finish' })
  proxy.refuse(true)
  proxy.cut()
  for (;;) {
    const { endedAt } = await rest.getRun(run.run.id)
    if (endedAt > 0) break
  }
  proxy.refuse(false)
  client.reconnect()
  const verified = await run.completed
  expect(verified.lastSeq).toBeGreaterThan(3_000)
  expect(verified.entries.map(({ seq }) => seq)).toEqual(range(verified.lastSeq))
  client.close()
})

test('an ended run is read from where it is kept, and else from the server', async () => {
  const client = open()
  const { id } = await rest.createSpell(rounds(5, 0))
  const { id: run, digest } = await rest.startRun(id)
  expect((await (await client.watchRun(run)).completed).digest).toBe(digest)
  expect((await (await client.watchRun(run)).completed).digest).toBe(digest)
  await expect(client.watchRun('r_none')).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND' })
  client.close()
})

test('two clients of one user: the other one hears of the run and of changes', async () => {
  const [one, two] = [open(), open()]
  const { id } = await rest.createSpell(rounds(3, 20))
  await Promise.all([one.openSpell(id), two.openSpell(id)])
  const head = new Promise<string>(resolve => two.on('head', told => resolve(told.run)))
  const changed = new Promise<number>(resolve => two.on('changed', told => resolve(told.revision)))
  const run = await one.startRun(id)
  expect(await head).toBe(run.run.id)
  const followed = await two.watchRun(run.run.id)
  expect((await followed.completed).digest).toBe((await run.completed).digest)
  await rest.updateSpell(id, 1, rounds(4, 0))
  expect(await changed).toBe(2)
  one.close()
  two.close()
})

test('who is not welcome is told, and does not try again', async () => {
  const client = createClient({
    url: system.url,
    name: 'test',
    version: '1',
    authenticate: async () => ({ token: 'nonsense' }),
  })
  await expect(client.openSpell('x')).rejects.toMatchObject({ status: 401 })
  expect(client.status).toBe('closed')
})
