import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { brokenAfter, inParts, openOpenAiServer, refused, silentAfter, streamOf } from './openai-server.suite.ts'
import type { OpenAiServer, Reply } from './openai-server.suite.ts'
import { openEnvironment, testProvider } from './provider.suite.ts'
import local from './providers/local.ts'
import presets from './providers/openai.ts'

const WORDS = ['Wind', ' ', 'rose', ', ', 'Ärger', ', ', '海', ' …'] as const

let vendor: OpenAiServer
let system: TestSystem
beforeAll(async () => {
  vendor = await openOpenAiServer()
  system = await embedded({
    services: ['completion'],
    settings: {
      OPENAI_BASE_URL: vendor.url,
      OPENAI_API_KEY: 'sk-secret',
      COMPLETION_TIMEOUT_MS: '2000',
      LOCAL_MODEL_DELAY_MS: '0',
    },
  })
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
})

testProvider(
  'the built-in provider',
  async () => local.open(openEnvironment({ LOCAL_MODEL_DELAY_MS: '1' })),
  async () => {},
)

/** Two tokens are sent where two are allowed, all words otherwise; the rest of a stream comes slowly. */
const obliging: Reply = async (response, { body }) => {
  const most = body['max_tokens'] as number | undefined
  await inParts(streamOf(WORDS.slice(0, most), most === undefined ? 'stop' : 'length'), 64)(response, {
    path: '',
    authorization: '',
    idempotencyKey: '',
    body,
  })
}

testProvider(
  'the OpenAI-compatible provider',
  async () => {
    vendor.replyWith(obliging)
    const openai = presets.find(({ name }) => name === 'openai')
    const provider = openai?.open(openEnvironment({ OPENAI_BASE_URL: vendor.url }))
    if (!provider) throw new Error('it is set up, and yet does not open')
    return provider
  },
  () => vendor.closed(),
)

async function ask(model: string, more: object = {}) {
  const client = system.as('ada').client(CompletionServiceDefinition)
  let text = ''
  const request = { model, messages: [{ role: 'user', content: 'Name a boat' }], ...more }
  for await (const { part } of client.complete(request)) {
    if (part?.$case === 'text') text += part.value
    else if (part?.$case === 'finish') return { text, ...part.value }
  }
  throw new Error('there was no finish')
}

test.each([1, 7, 100_000])('a stream cut into parts of %i bytes arrives whole', async bytes => {
  vendor.replyWith(inParts(streamOf(WORDS), bytes))
  expect(await ask('openai/tiny-1')).toEqual({
    text: 'Wind rose, Ärger, 海 …',
    reason: 'stop',
    model: 'openai/tiny-1',
    budget: '',
    usage: { inputTokens: 7, outputTokens: 8, cachedTokens: 0, reasoningTokens: 0 },
  })
})

test('what is asked for goes to the vendor, with the key, once', async () => {
  vendor.replyWith(inParts(streamOf(['ok']), 1000))
  await ask('tiny-1', { temperature: 0.5, maxTokens: 9, stop: ['END'], seed: 42, idempotencyKey: 'r1/a1' })
  expect(vendor.asked).toEqual([
    {
      path: '/v1/chat/completions',
      authorization: 'Bearer sk-secret',
      idempotencyKey: 'r1/a1',
      body: {
        model: 'tiny-1',
        messages: [{ role: 'user', content: 'Name a boat' }],
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0.5,
        max_tokens: 9,
        stop: ['END'],
        seed: 42,
      },
    },
  ])
})

test('a refusal for load waits as it is told, and tries again', async () => {
  vendor.replyWith(
    refused(429, 'slow down', { 'retry-after-ms': '5' }),
    refused(503, 'not now', { 'retry-after-ms': '5' }),
    inParts(streamOf(['at last']), 1000),
  )
  expect(await ask('openai/tiny-1')).toMatchObject({ text: 'at last', reason: 'stop' })
  expect(vendor.asked).toHaveLength(3)
})

test.each([
  [400, 'INVALID_ARGUMENT', "the model's provider refuses the request: no"],
  [401, 'FAILED_PRECONDITION', "the model's provider refuses the key in OPENAI_API_KEY: no"],
  [403, 'PERMISSION_DENIED', "the model's provider does not allow this: no"],
  [404, 'NOT_FOUND', 'the model\'s provider does not know "tiny-1": no; there are "openai/tiny-1", "local/demo"'],
  [429, 'RESOURCE_EXHAUSTED', "the model's provider is at its limit: no"],
  [500, 'UNAVAILABLE', "the model's provider failed (500): no"],
])('a vendor’s status %i is %s, in the vendor’s words', async (status, code, message) => {
  vendor.replyWith(refused(status, 'no', { 'retry-after-ms': '1' }))
  await expect(ask('openai/tiny-1')).rejects.toMatchObject({ code, message })
})

test('a vendor that falls silent in the middle is given up', async () => {
  vendor.replyWith(silentAfter(['Once', ' upon']))
  await expect(ask('openai/tiny-1')).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: "the model's provider was silent for 2000 ms",
  })
  await vendor.closed()
})

test('an answer that breaks off is an error, not an end', async () => {
  vendor.replyWith(brokenAfter(['Once', ' upon']))
  await expect(ask('openai/tiny-1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  vendor.replyWith(inParts('data: {"choices":[{"index":0,"delta":{"content":"half"}}]}\n\n', 1000))
  await expect(ask('openai/tiny-1')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the answer of the model broke off before its end',
  })
  vendor.replyWith(inParts('data: {"choices": [{"ind\n\n', 1000))
  await expect(ask('openai/tiny-1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('a caller who cancels closes the request to the vendor', async () => {
  vendor.replyWith(silentAfter(['Once', ' upon']))
  const client = system.as('ada').client(CompletionServiceDefinition)
  const abort = new AbortController()
  const read = async () => {
    const request = { model: 'openai/tiny-1', messages: [{ role: 'user', content: 'hi' }] }
    for await (const { part } of client.complete(request, { signal: abort.signal })) if (part) abort.abort()
  }
  await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
  await vendor.closed()
})

test('bad requests are refused with every problem, and reach nobody', async () => {
  vendor.replyWith(inParts(streamOf(['never']), 1000))
  const request = {
    messages: [{ role: 'wizard', content: 'hi' }],
    temperature: 3,
    maxTokens: 0,
    stop: ['a', 'b', 'c', 'd', ''],
  }
  await expect(ask('openai/tiny-1', request)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [
      { path: 'messages[0].role', message: '"wizard" is none of system, user, assistant, tool' },
      { path: 'temperature', message: '3 is not from 0 to 2' },
      { path: 'maxTokens', message: 'expected at least 1' },
      { path: 'stop', message: '5 texts; at most 4' },
      { path: 'stop[4]', message: 'must not be empty' },
    ],
  })
  expect(vendor.asked).toEqual([])
})

test('models are named provider/model, or bare where one provider lists them; the rest is told what there is', async () => {
  vendor.replyWith(inParts(streamOf(['ok']), 1000))
  const { models, defaultModel } = await system
    .as('ada')
    .client(CompletionServiceDefinition)
    .listModels({ kind: 'chat' })
  expect(defaultModel).toBe('local/demo')
  expect(models.map(({ id }) => id).toSorted()).toEqual(['local/demo', 'openai/tiny-1'])
  expect((await ask('tiny-1')).model).toBe('openai/tiny-1')
  expect((await ask('demo')).model).toBe('local/demo')
  expect((await ask('')).model).toBe('local/demo')
  await expect(ask('tiny-2')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'nobody lists the model "tiny-2"; there are "openai/tiny-1", "local/demo"',
  })
})
