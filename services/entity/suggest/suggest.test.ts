import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { entitiesOf, known, parsed } from '../kit.suite.ts'
import { readText } from './mentions.ts'
import { sliceText } from './slices.ts'

describe('mentions', () => {
  test('are words of their own, whatever their case and accents, in UTF-16 units', () => {
    const text = 'Ána met ANA and Anabel. 😀 ana-maria; A\u0301na’s; co\u00adana'
    const places = readText(text).placesOf('Ana')
    expect(places.map(({ from, to }) => text.slice(from, to))).toEqual(['Ána', 'ANA', 'ana', 'A\u0301na'])
  })

  test('need no spaces where a script has none', () => {
    const text = '私は東京タワーへ行く'
    expect(readText(text).placesOf('東京')).toEqual([{ from: 2, to: 4 }])
  })

  test('go over lines and several spaces', () => {
    const text = 'Alan\n  Turing and alan turing'
    expect(
      readText(text)
        .placesOf('Alan Turing')
        .map(({ from, to }) => text.slice(from, to)),
    ).toEqual(['Alan\n  Turing', 'alan turing'])
  })

  test('are at most a hundred', () => {
    const text = 'a '.repeat(25_000)
    expect(readText(text).placesOf('a a')).toHaveLength(100)
    expect(readText(text).placesOf(`${'a '.repeat(99)}b`)).toHaveLength(0)
  })
})

describe('slices', () => {
  test('are cut behind paragraphs, sentences or words, and are the text together', () => {
    const text = `${'First sentence here. '.repeat(4)}\n\n${'Second part. '.repeat(6)}${'x'.repeat(150)}`
    const slices = sliceText(text, 100)
    expect(slices.join('')).toBe(text)
    expect(slices.every(slice => slice.length <= 100)).toBe(true)
    expect(slices[0]).toBe(`${'First sentence here. '.repeat(4)}\n\n`)
    expect(sliceText('😀'.repeat(60), 33).every(slice => slice.isWellFormed())).toBe(true)
  })
})

let system: TestSystem
let server: Server
/** What it answers to a question with such a word, else an error. */
let answers: Readonly<Record<string, string>> = {}
const asked: string[] = []
const keys: (string | undefined)[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (!request.url?.endsWith('/chat/completions')) return void response.writeHead(404).end('{}')
      asked.push(body)
      keys.push(request.headers.authorization)
      const answer = Object.entries(answers).find(([word]) => body.includes(word))?.[1]
      if (answer === undefined) return void response.writeHead(500).end('{"error":{"message":"no"}}')
      const chunk = {
        id: 'c',
        object: 'chat.completion.chunk',
        model: 'm',
        choices: [{ index: 0, delta: { content: answer }, finish_reason: null }],
      }
      const end = { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: ${JSON.stringify(chunk)}\n\ndata: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const settings = {
    OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    OPENAI_API_KEY: 'instance',
    COMPLETION_RETRIES: '0',
    REGISTRATION: 'open',
    SECRETS_KEY: randomBytes(32).toString('base64'),
  }
  system = await embedded({ services: ['entity'], settings })
})
afterAll(async () => {
  await system.stop()
  server.close()
})

describe('with the built-in model', () => {
  test('a text’s names are suggested, each with the known one that it may be', async () => {
    const entities = entitiesOf('ada', system)
    const id = await known(entities, 'Charles Babbage')
    const text = 'In 1833 Ada Lovelace met Charles Babbage in London. Later charles babbage wrote to Ada Lovelace.'
    const { suggestions, model, notices } = await entities.suggest({ text })
    expect(model).toBe('local/demo')
    expect(notices).toEqual([])
    expect(
      suggestions.map(({ entity, mentions, known: meant, likeness }) => [
        entity?.name,
        mentions.map(({ from, to }) => text.slice(from, to)),
        meant?.id,
        likeness,
      ]),
    ).toEqual([
      ['Ada Lovelace', ['Ada Lovelace', 'Ada Lovelace'], undefined, 0],
      ['Charles Babbage', ['Charles Babbage', 'charles babbage'], id, 1],
      ['London', ['London'], undefined, 0],
    ])
    expect((await entities.list({})).entities).toHaveLength(1)
  })

  test('only kinds that were asked for are answered', async () => {
    const { suggestions } = await entitiesOf('ada', system).suggest({
      text: 'The dog Rex chased Tom.',
      kinds: ['animal'],
    })
    expect(suggestions.map(({ entity }) => [entity?.kind, entity?.name])).toEqual([
      ['animal', 'Rex'],
      ['animal', 'Tom'],
    ])
  })

  test('what is wrong is told, all of it', async () => {
    const entities = entitiesOf('ada', system)
    await expect(entities.suggest({ text: '', kinds: ['Person', 'ok'] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'text' }, { path: 'kinds[0]' }],
    })
    await expect(entities.suggest({ text: 'x'.repeat(50_001) })).rejects.toMatchObject({
      problems: [{ path: 'text', message: 'has 50001 characters: at most 50000' }],
    })
    await expect(entities.suggest({ text: 'x', model: 'nobody/nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('with a model behind a server', () => {
  const entity = (name: string, more: object = {}) => ({ name, kind: 'person', about: '', facts: [], ...more })
  const answer = (...entities: object[]) => JSON.stringify({ entities })

  test('what it made up is left out, what it says twice is joined, and facts are attributes', async () => {
    answers = {
      born: answer(
        entity('Zorro the Great', { about: 'Nobody.' }),
        entity('Ada', {
          about: 'A woman.',
          facts: [
            { key: 'city', value: 'London' },
            { key: 'none', value: '' },
          ],
        }),
        entity('ADA', { facts: [{ key: 'born', value: '1815' }] }),
      ),
    }
    const { suggestions } = await entitiesOf('eve', system).suggest({
      text: 'Ada was born in 1815.',
      model: 'openai/m',
    })
    expect(suggestions).toHaveLength(1)
    expect(suggestions[0]).toMatchObject({ entity: { name: 'Ada', about: 'A woman.' }, mentions: [{ from: 0, to: 3 }] })
    expect(parsed(suggestions[0]?.entity?.attributes)).toEqual({ city: 'London', born: '1815' })
  })

  test('a long text is read in pieces, and what fails costs no more than its piece', async () => {
    asked.length = 0
    answers = { writes: answer(entity('Ada')) }
    const text = `${'Ada writes. '.repeat(600)}\n\n${'Eve reads. '.repeat(600)}`
    const { suggestions, notices } = await entitiesOf('eve', system).suggest({ text, model: 'openai/m' })
    expect(suggestions.map(one => one.entity?.name)).toEqual(['Ada'])
    expect(suggestions[0]?.mentions).toHaveLength(100)
    expect(notices).toEqual([expect.stringMatching(/^part 2 of 2 of the text was not read: /)])
    expect(asked).toHaveLength(2)
    await expect(entitiesOf('eve', system).suggest({ text: 'Ada sings.', model: 'openai/m' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })

  test('a node’s call is made with the key of its user, and paid once', async () => {
    const users = system.client(UserServiceDefinition)
    const { account } = await users.register({ email: 'ada@example.org', password: 'correct horse', name: 'Ada' })
    const user = account?.id ?? ''
    await system.as(user).client(UserServiceDefinition).putSecret({ name: 'OPENAI_API_KEY', value: 'of_ada' })
    const capability = await system.host.identities.sign(
      { user, service: 'spell-runner' },
      { audience: 'secrets', lifeMs: 60_000, claims: { run: 'r_1' } },
    )
    answers = { writes: answer(entity('Ada')) }
    keys.length = 0
    const metadata = { capability, 'idempotency-key': 'run-node-1' }
    const request = { text: 'Ada writes.', model: 'openai/m' }
    const first = await entitiesOf(user, system).suggest(request, { metadata })
    expect(await entitiesOf(user, system).suggest(request, { metadata })).toEqual(first)
    expect(keys).toEqual(['Bearer of_ada'])
  })
})
