// What comes over the outside wire when it goes wrong.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import {
  answers,
  brokenAfter,
  chatOf,
  delta,
  event,
  inParts,
  json,
  openHubServer,
  silentAfter,
  SSE,
} from './hub-server.suite.ts'
import type { HubServer, Reply } from './hub-server.suite.ts'
import { partsOf, run } from './kit.suite.ts'

const TOKEN = 'hf_of_the_instance'
let hub: HubServer
let system: TestSystem
/** Gives up at once. */
let hasty: TestSystem
beforeAll(async () => {
  hub = await openHubServer()
  const settings = { HF_TOKEN: TOKEN, HF_BASE_URL: hub.url, HF_HUB_URL: hub.url }
  system = await embedded({ services: ['huggingface'], settings })
  hasty = await embedded({
    services: ['huggingface'],
    settings: { ...settings, HF_TIMEOUT_MS: '1000', HF_LOAD_TIMEOUT_MS: '200' },
  })
  for (const [model, task] of [
    [CLASSIFY.model, CLASSIFY.task],
    [PAINT.model, PAINT.task],
  ] as const)
    hub.serve(model, [{ provider: 'hf-inference', providerId: model, status: 'live', task }])
})
afterAll(async () => {
  await Promise.all([system?.stop(), hasty?.stop()])
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

const CHAT = { task: 'chat-completion', model: 'org/chat', inputs: { messages: [{ role: 'user', content: 'hi' }] } }
const CLASSIFY = { task: 'text-classification', model: 'org/moods', inputs: 'fine' }
const PAINT = { task: 'text-to-image', model: 'org/painter', inputs: 'a cat' }
const LABELS = [{ label: 'good', score: 1 }]
const loading = (seconds: number): Reply =>
  json({ error: 'Model org/moods is currently loading', estimated_time: seconds }, 503)
const refused = (status: number, error: unknown, headers: Record<string, string> = {}): Reply =>
  json({ error }, status, headers)

test('a model that is being loaded is waited for, and how far it is is told', async () => {
  hub.replyWith(loading(0.1), loading(0.05), loading(0), json([LABELS]))
  const { result, progress = [] } = await run(system, CLASSIFY)
  expect(result).toEqual(LABELS)
  expect(progress.map(({ text }) => text)).toEqual(Array.from({ length: 3 }, () => 'loading org/moods'))
  const fractions = progress.map(({ fraction = NaN }) => fraction)
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  expect(fractions.every(fraction => fraction >= 0 && fraction < 1)).toBe(true)
})

test('a model that does not load in time is given up, with the limit', async () => {
  hub.replyWith(loading(0.05))
  await expect(run(hasty, CLASSIFY)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: '"org/moods" did not load within 200 ms',
  })
})

test.each([
  ['in seconds', () => '0'],
  ['as a date', () => new Date(Date.now()).toUTCString()],
])('a limit that says when to come back (%s) is honoured', async (_, retryAfter) => {
  hub.replyWith(refused(429, 'slow down', { 'retry-after': retryAfter() }), json([LABELS]))
  const { result, progress } = await run(system, CLASSIFY)
  expect(result).toEqual(LABELS)
  expect(progress).toEqual([{ text: 'waiting for org/moods' }])
  expect(hub.asked).toHaveLength(2)
})

test('who asks to wait too long is told to the caller at once', async () => {
  hub.replyWith(refused(429, 'slow down', { 'retry-after': '3600' }))
  await expect(run(system, CLASSIFY)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: '"org/moods" is at its limit: slow down; it asks to wait 3600 s',
  })
  expect(hub.asked).toHaveLength(1)
})

test('a server that fails is asked again', async () => {
  hub.replyWith(refused(500, 'oops'), response => void response.destroy(), json([LABELS]))
  expect((await run(system, CLASSIFY)).result).toEqual(LABELS)
  expect(hub.asked).toHaveLength(3)
})

test('a server that goes on failing is told in its own words, after all attempts', async () => {
  hub.replyWith(answers('<html><title>502 Bad Gateway</title></html>', 'text/html', 502))
  await expect(run(system, CLASSIFY)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: '"org/moods" failed (502): an HTML page, "502 Bad Gateway"',
  })
  expect(hub.asked).toHaveLength(4)
})

test.each([
  [400, 'bad top_k', 'INVALID_ARGUMENT', '"org/moods" refuses the request: bad top_k'],
  [422, [{ msg: 'too long', loc: [] }], 'INVALID_ARGUMENT', '"org/moods" refuses the request: too long'],
  [401, `${TOKEN} is bad`, 'FAILED_PRECONDITION', 'Hugging Face refuses the key HF_TOKEN: [key] is bad'],
  [402, 'pay', 'RESOURCE_EXHAUSTED', 'the credit of the key HF_TOKEN is used up: pay'],
  [403, { message: 'gated' }, 'PERMISSION_DENIED', 'the key HF_TOKEN may not use "org/moods": gated'],
  [404, 'gone', 'NOT_FOUND', 'there is no model "org/moods": gone'],
])('a refusal (%s) is not repeated, and never shows the key', async (status, error, code, message) => {
  hub.replyWith(refused(status, error))
  await expect(run(system, CLASSIFY)).rejects.toMatchObject({ code, message })
  expect(hub.asked).toHaveLength(1)
})

test.each([
  ['half of it', '[[{"label": "go', 'application/json', 'answers application/json that is not JSON: [[{"label": "go'],
  ['a page', '<title>Welcome</title>', 'text/html', 'answers text/html that is not JSON: an HTML page, "Welcome"'],
  ['nothing', '', 'application/json', 'answers application/json that is not JSON: '],
  ['deep', '['.repeat(100_000), 'application/json', 'answers application/json that is not JSON: '],
])('an answer that is %s is told as that', async (_, body, contentType, message) => {
  hub.replyWith(answers(body, contentType))
  await expect(run(system, CLASSIFY)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`"org/moods" ${message}`),
  })
})

test.each([
  ['a page', answers('<html><title>Hi</title> and much more of this</html>', 'text/html')],
  ['a page that is called an image', answers('<html> and much more of this page</html>', 'image/png')],
  ['a sound', answers(Buffer.from('RIFF$\0\0\0WAVEfmt and more'), 'audio/wav')],
  ['nothing', answers('', 'image/png')],
])('what is %s is no picture', async (_, reply) => {
  hub.replyWith(reply)
  await expect(run(system, PAINT)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/"org\/painter"/),
  })
})

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(1_500_000, 7)])

test('a large picture comes in pieces, whatever its server calls it', async () => {
  hub.replyWith(inParts(PNG, 'application/octet-stream', 700_001))
  const { data, finish } = await run(system, PAINT)
  expect(data?.equals(PNG)).toBe(true)
  expect(finish).toEqual({ model: 'org/painter', mediaType: 'image/png' })
  hub.replyWith(inParts(PNG.subarray(0, 30), 'image/jpeg', 1))
  expect((await run(system, PAINT)).finish).toEqual({ model: 'org/painter', mediaType: 'image/png' })
})

test('a picture that breaks off is no picture', async () => {
  hub.replyWith(brokenAfter(PNG.subarray(0, 1000), 'image/png'))
  await expect(run(system, PAINT)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('the answer of the model broke off'),
  })
})

test('a picture’s address is not followed into this network', async () => {
  hub.replyWith(json({ output: [`${hub.url}/secret.png`] }))
  await expect(run(system, PAINT)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(hub.asked).toHaveLength(1)
})

test('a picture without an end is given up', async () => {
  hub.replyWith(async response => {
    response.setHeader('content-type', 'image/png')
    const endless = Readable.from(Array.from({ length: 100 }, () => PNG))
    // Its reader leaves before its end.
    await pipeline(endless, response).catch(() => undefined)
  })
  let size = 0
  const read = async () => {
    for await (const { part } of partsOf(system, PAINT)) if (part?.$case === 'data') size += part.value.length
  }
  await expect(read()).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: 'the answer of the model is larger than 67108864 bytes',
  })
  expect(size).toBeGreaterThan(60_000_000)
  await hub.closed()
})

const half = Buffer.from(chatOf(['été']))
test.each([
  ['in a frame', brokenAfter(delta({ content: 'One' }) + 'data: {"choi', SSE)],
  ['in a letter', brokenAfter(half.subarray(0, half.indexOf('é') + 1), SSE)],
  ['between frames', answers(delta({ content: 'One' }), SSE)],
])('a stream that is cut %s breaks off', async (_, reply) => {
  hub.replyWith(reply)
  await expect(run(system, CHAT)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/broke off/),
  })
})

test.each([
  [
    'tells an error',
    event({ error: { message: `overloaded by ${TOKEN}` } }),
    'failed in the middle: overloaded by [key]',
  ],
  ['is no JSON', event('{"choices": oops'), 'streams what is not JSON: {"choices": oops'],
])('a stream that %s is told as that', async (_, more, message) => {
  hub.replyWith(answers(delta({ content: 'One' }) + more, SSE))
  await expect(run(system, CHAT)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: `"org/chat" ${message}` })
})

test.each([
  ['before it answers', () => {}],
  ['in the middle', silentAfter(delta({ content: 'One' }), SSE)],
])('a server that is silent %s is given up', async (_, reply) => {
  hub.replyWith(reply)
  await expect(run(hasty, CHAT)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: 'the server of the model was silent for 1000 ms',
  })
  await hub.closed()
})

test.each([
  ['while it is answered', silentAfter(delta({ content: 'One' }), SSE), true],
  ['while its model is loaded', loading(1000), false],
  ['while its server is at its limit', refused(429, 'slow down', { 'retry-after': '50' }), false],
])('a run that is cancelled %s ends at once', async (_, reply, isOpen) => {
  hub.replyWith(reply)
  const abort = new AbortController()
  const read = async () => {
    for await (const { part } of partsOf(system, CHAT, { signal: abort.signal })) if (part) abort.abort()
  }
  await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
  if (isOpen) await hub.closed()
  expect(hub.asked).toHaveLength(1)
})

test('a reader who leaves closes the request', async () => {
  hub.replyWith(silentAfter(delta({ content: 'One' }), SSE))
  for await (const { part } of partsOf(system, CHAT)) {
    expect(part).toEqual({ $case: 'text', value: 'One' })
    break
  }
  await hub.closed()
})

test('a long stream is passed on whole', async () => {
  const words = Array.from({ length: 20_000 }, (_, index) => ` word${index}`)
  hub.replyWith(inParts(chatOf(words), SSE, 65_521))
  const { text, pieces } = await run(system, CHAT)
  expect(text).toBe(words.join(''))
  // What came together goes on together.
  expect(pieces).toBeGreaterThan(10)
  expect(pieces).toBeLessThan(2_000)
})
