// Answers by idempotency key: two openings on one database are two processes of a mesh.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Database } from '#mesh/database.ts'
import { createLog } from '#mesh/log.ts'
import { migrate } from '#mesh/migrate.ts'
import { migrations } from '#mesh/service.ts'
import { createMetrics } from '#mesh/telemetry.ts'
import { embedded, openTestDatabase } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { openAnswers } from './answers.ts'
import type { AnswerPart, Answers, Question } from './answers.ts'
import { brokenAfter, inParts, openOpenAiServer, streamOf } from './openai-server.suite.ts'
import type { OpenAiServer } from './openai-server.suite.ts'

const FINISH = { reason: 'stop', model: 'm', usage: { inputTokens: 1, outputTokens: 2 } }
let database: Database
const stops: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  database = await openTestDatabase()
  await migrate(database, 'completion', migrations(new URL('./service.ts', import.meta.url).href))
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  await database.transaction(session => session.run('delete from completion.answers'))
})
afterAll(async () => database?.[Symbol.asyncDispose]())

/** One process of the service. */
const open = (leaseMs = 5_000, keepMs = 60_000): Answers =>
  openAnswers({
    settings: { COMPLETION_LEASE_MS: leaseMs, COMPLETION_KEEP_MS: keepMs },
    database: database.kysely,
    log: createLog('silent'),
    metrics: createMetrics(),
    onStop: stop => void stops.push(stop),
  })

const never = new AbortController().signal
/** A question, and how often the model was asked. */
function question(answer: () => AsyncIterable<AnswerPart>, more: Partial<Question> = {}) {
  const asked = { times: 0 }
  const ask = () => {
    asked.times++
    return answer()
  }
  return { asked, question: { owner: 'ada', key: 'r:1', request: { prompt: 'hi' }, signal: never, ...more, ask } }
}
async function* saying(...words: readonly string[]): AsyncGenerator<AnswerPart> {
  for (const text of words) yield { text }
  yield FINISH
}
const listen = async (parts: AsyncIterable<AnswerPart>) => {
  const heard: AnswerPart[] = []
  for await (const part of parts) heard.push(part)
  return heard
}

test('who asks again is given the stored answer, in another process too', async () => {
  const { asked, question: one } = question(() => saying('a', '\0b', '\ud800'))
  expect(await listen(open().once(one))).toEqual([{ text: 'a' }, { text: '\0b' }, { text: '\ud800' }, FINISH])
  expect(await listen(open().once(one))).toEqual([{ text: 'a\0b\ud800' }, FINISH])
  expect(asked.times).toBe(1)
})

test('a key belongs to one user and to one request', async () => {
  const answers = open()
  await listen(answers.once(question(() => saying('a')).question))
  expect(await listen(answers.once(question(() => saying('b'), { owner: 'bob' }).question))).toContainEqual({
    text: 'b',
  })
  const other = question(() => saying('c'), { request: { prompt: 'another' } })
  await expect(listen(answers.once(other.question))).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'the idempotency key "r:1" stands for another request: expected the same one',
  })
  expect(other.asked.times).toBe(0)
})

test('of many who ask at once, in two processes, one asks the model and the others wait for its answer', async () => {
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const { asked, question: one } = question(async function* () {
    begun.resolve()
    await go.promise
    yield* saying('only once')
  })
  const [here, there] = [open(), open()]
  const all = Array.from({ length: 10 }, (_, index) => listen((index % 2 ? here : there).once(one)))
  await begun.promise
  go.resolve()
  for (const heard of await Promise.all(all)) expect(heard).toEqual([{ text: 'only once' }, FINISH])
  expect(asked.times).toBe(1)
})

test('where the first one fails, the next one asks', async () => {
  const answers = open()
  const { question: failing } = question(async function* () {
    yield { text: 'half' }
    throw new Error('broken')
  })
  await expect(listen(answers.once(failing))).rejects.toThrow('broken')
  expect(await listen(answers.once(question(() => saying('whole')).question))).toContainEqual({ text: 'whole' })
})

test('where the first one leaves in the middle, one who waits asks', async () => {
  const answers = open()
  const first = answers.once(question(() => saying('a', 'b')).question)[Symbol.asyncIterator]()
  expect(await first.next()).toMatchObject({ value: { text: 'a' } })
  const second = listen(answers.once(question(() => saying('c')).question))
  await first.return?.()
  expect(await second).toEqual([{ text: 'c' }, FINISH])
})

test('who takes no more of an answer, dead or frozen, loses its claim in time', async () => {
  const first = open(300)
    .once(question(() => saying('a', 'b')).question)
    [Symbol.asyncIterator]()
  await first.next()
  const { asked, question: one } = question(() => saying('at last'))
  expect(await listen(open().once(one))).toEqual([{ text: 'at last' }, FINISH])
  // It may come to its end; what counts is there already.
  expect(await first.next()).toMatchObject({ value: { text: 'b' } })
  expect(await first.next()).toMatchObject({ value: FINISH })
  await first.return?.()
  expect(await listen(open().once(one))).toEqual([{ text: 'at last' }, FINISH])
  expect(asked.times).toBe(1)
})

test('a model that thinks longer than a lease lasts keeps its claim', async () => {
  const go = Promise.withResolvers<void>()
  const { asked, question: slow } = question(async function* () {
    await go.promise
    yield* saying('thought about')
  })
  const answers = open(1_000)
  const first = listen(answers.once(slow))
  await new Promise(resolve => setTimeout(resolve, 2_500))
  const second = listen(answers.once(slow))
  await new Promise(resolve => setTimeout(resolve, 200))
  go.resolve()
  expect(await Promise.all([first, second])).toEqual([
    [{ text: 'thought about' }, FINISH],
    [{ text: 'thought about' }, FINISH],
  ])
  expect(asked.times).toBe(1)
})

test('who waits for somebody else’s answer may leave', async () => {
  const answers = open()
  const first = answers.once(question(() => saying('a')).question)[Symbol.asyncIterator]()
  await first.next()
  const abort = new AbortController()
  const waiting = listen(answers.once(question(() => saying('b'), { signal: abort.signal }).question))
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  await first.return?.()
})

test('an answer is kept for its time', async () => {
  const { asked, question: one } = question(() => saying('a'))
  await listen(open(5_000, 60_000).once(one))
  await listen(open(5_000, 60_000).once(one))
  expect(asked.times).toBe(1)
  await database.transaction(session =>
    session.run(`update completion.answers set created_at = created_at - interval '61 seconds'`),
  )
  await listen(open(5_000, 60_000).once(one))
  expect(asked.times).toBe(2)
})

let vendor: OpenAiServer
let system: TestSystem
beforeAll(async () => {
  vendor = await openOpenAiServer()
  system = await embedded({ services: ['completion'], settings: { OPENAI_BASE_URL: vendor.url } })
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
})
beforeEach(() => vendor.replyWith(inParts(streamOf(['One', ' answer']), 1000)))

async function call(key: string, prompt = 'hi', inRequest = '') {
  const request = { model: 'openai/tiny-1', messages: [{ role: 'user', content: prompt }], idempotencyKey: inRequest }
  const options = key === '' ? {} : { metadata: { 'idempotency-key': key } }
  const parts: unknown[] = []
  const client = system.as('ada').client(CompletionServiceDefinition)
  for await (const { part } of client.complete(request, options)) parts.push(part?.value)
  return parts
}

test('the key comes with the metadata or the request, and the vendor is paid once', async () => {
  const usage = { inputTokens: 7, outputTokens: 2, cachedTokens: 0, reasoningTokens: 0 }
  const finish = { reason: 'stop', model: 'openai/tiny-1', usage, budget: '' }
  const first = await call('k1')
  expect([first.slice(0, -1).join(''), first.at(-1)]).toEqual(['One answer', finish])
  expect(await call('k1')).toEqual(['One answer', finish])
  expect(await call('', 'hi', 'k1')).toEqual(['One answer', finish])
  expect(vendor.asked.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['k1'])
  await call('')
  await call('')
  expect(vendor.asked).toHaveLength(3)
})

test('a broken answer is not kept', async () => {
  vendor.replyWith(brokenAfter(['One']), inParts(streamOf(['Two']), 1000))
  await expect(call('k2')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect((await call('k2'))[0]).toBe('Two')
})

test.each([
  ['k'.repeat(201), '', 'is 201 characters long; at most 200'],
  ['k\n', '', 'expected printable ASCII characters'],
  ['a', 'b', '"b" is not "a", which the metadata says'],
])('the key %j (%j) is refused', async (key, inRequest, message) => {
  await expect(call(key, 'hi', inRequest)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'idempotencyKey', message }],
  })
  expect(vendor.asked).toEqual([])
})
