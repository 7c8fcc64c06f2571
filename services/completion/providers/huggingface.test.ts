// Models of Hugging Face through both services, against a server that speaks the vendor's formats.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { CompleteRequest, DeepPartial } from '#gen/spellmesh/completion/v1/completion.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import {
  answers,
  chatOf,
  delta,
  event,
  inParts,
  json,
  openHubServer,
  SSE,
} from '#services/huggingface/hub-server.suite.ts'
import type { HubServer, Reply } from '#services/huggingface/hub-server.suite.ts'
import { callWith, openEnvironment, testProvider } from '../provider.suite.ts'
import huggingface from './huggingface.ts'

const WORDS = ['Wind', ' ', 'rose', ', ', 'Ärger', ', ', '海', ' …'] as const
let hub: HubServer
let system: TestSystem
beforeAll(async () => {
  hub = await openHubServer()
  hub.route({
    object: 'list',
    data: [
      {
        id: 'org/chat',
        architecture: { input_modalities: ['text'] },
        providers: [
          { provider: 'together', status: 'live', context_length: 8192, pricing: { input: 1, output: 2 } },
          { provider: 'novita', status: 'live', context_length: 9000, pricing: { input: 3, output: 1 } },
        ],
      },
    ],
  })
  hub.list([{ id: 'org/other', likes: 1 }])
  system = await embedded({
    services: ['completion'],
    settings: { HF_TOKEN: 'hf_x', HF_BASE_URL: hub.url, HF_HUB_URL: hub.url, LOCAL_MODEL_DELAY_MS: '0' },
  })
})
afterAll(async () => {
  await system?.stop()
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

/** Two tokens are sent where two are allowed, all words otherwise; the rest of a stream comes slowly. */
const obliging: Reply = async (response, asked) => {
  const most = (asked.body as { max_tokens?: number }).max_tokens
  const text = chatOf(WORDS.slice(0, most), most === undefined ? 'stop' : 'length')
  await inParts(text, SSE, 64)(response, asked)
}

testProvider(
  'the provider of Hugging Face',
  async () => {
    hub.replyWith(obliging)
    const client = system.client(HuggingfaceServiceDefinition)
    return huggingface.open({ ...openEnvironment({}), services: { huggingface: client } })
  },
  () => hub.closed(),
)

const client = () => system.as('ada').client(CompletionServiceDefinition)
async function complete(request: DeepPartial<CompleteRequest>) {
  const parts: [unknown, unknown][] = []
  for await (const { part } of client().complete({
    model: 'huggingface/org/chat',
    messages: [{ role: 'user', content: 'hi' }],
    ...request,
  }))
    parts.push([part?.$case, part?.value])
  return parts
}

test('a chat streams through both services, with what it may be told and what it cost', async () => {
  hub.replyWith(inParts(chatOf(['Good', ' day']), SSE, 20))
  const parts = await complete({ temperature: 0.5, maxTokens: 9, stop: ['x'] })
  const finish = parts.pop()
  expect(parts.map(([kind]) => kind)).toEqual(parts.map(() => 'text'))
  expect(parts.map(([, value]) => value).join('')).toBe('Good day')
  expect(finish).toMatchObject([
    'finish',
    { reason: 'stop', model: 'huggingface/org/chat', usage: { inputTokens: 7, outputTokens: 2 } },
  ])
  expect(hub.asked[0]).toMatchObject({
    path: '/v1/chat/completions',
    authorization: 'Bearer hf_x',
    body: { model: 'org/chat', temperature: 0.5, max_tokens: 9, stop: ['x'] },
  })
})

test('loading is told, thoughts come apart and tools are called', async () => {
  hub.replyWith(
    json({ error: 'loading', estimated_time: 0 }, 503),
    answers(
      delta({ reasoning_content: 'Hm' }) +
        delta({ tool_calls: [{ index: 0, function: { name: 'look', arguments: '{"at":1}' } }] }, 'tool_calls') +
        event('[DONE]'),
      SSE,
    ),
  )
  const parts = await complete({
    tools: [{ name: 'look', description: 'Looks.', parameters: Buffer.from('{"type":"object"}') }],
  })
  expect(parts).toMatchObject([
    ['notice', expect.stringMatching(/^loading org\/chat: \d+ %$/)],
    ['reasoning', 'Hm'],
    ['toolCall', { id: 'call_0', name: 'look' }],
    ['finish', { reason: 'tools', usage: { inputTokens: 1, outputTokens: 3 } }],
  ])
})

test('what is served is listed, with context, prices and kinds', async () => {
  const { models, providers } = await client().listModels({})
  const own = models.filter(({ provider }) => provider === 'huggingface')
  expect(own).toMatchObject([
    {
      id: 'huggingface/org/chat',
      kind: 'chat',
      about: 'served by together, novita; the price is the dearest',
      contextTokens: 8192,
      inputPrice: 3,
      outputPrice: 2,
    },
    { id: 'huggingface/org/other', kind: 'embedding' },
    { id: 'huggingface/org/other', kind: 'image' },
  ])
  expect(providers.find(({ name }) => name === 'huggingface')).toMatchObject({ ready: true, secret: 'HF_TOKEN' })
})

test('embeds, and says so where a model cannot', async () => {
  hub.serve('org/other', [
    { provider: 'hf-inference', providerId: 'org/v', status: 'live', task: 'feature-extraction' },
  ])
  hub.replyWith(
    json([
      [3, 4],
      [0, 2],
    ]),
  )
  const asked = { model: 'huggingface/org/other', texts: ['a', 'b'] }
  expect(await client().embed(asked)).toMatchObject({ dimensions: 2, model: 'huggingface/org/other' })
  expect(hub.asked[0]?.body).toEqual({ inputs: ['a', 'b'] })
  hub.replyWith(json([[[1], [2]], [[3]]]))
  await expect(client().embed({ ...asked, texts: ['c', 'd'] })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('expected a model of sentence vectors'),
  })
})

test('paints what is asked, of the size that is asked', async () => {
  const png = Buffer.from('\x89PNG\r\n\x1a\n and the rest', 'latin1')
  hub.serve('org/painter', [{ provider: 'hf-inference', providerId: 'org/p', status: 'live', task: 'text-to-image' }])
  hub.replyWith(answers(png, 'image/png'))
  const painter = huggingface.open({
    ...openEnvironment({}),
    services: { huggingface: system.client(HuggingfaceServiceDefinition) },
  })
  const asked = { model: 'org/painter', prompt: 'a cat', size: '64x32', seed: 7 }
  const given = []
  for await (const part of painter.image(asked, callWith(new AbortController().signal))) given.push(part)
  expect(given).toEqual([{ mediaType: 'image/png', bytes: png, usage: { inputTokens: 0, outputTokens: 0 } }])
  expect(hub.asked[0]?.body).toEqual({ inputs: 'a cat', parameters: { width: 64, height: 32, seed: 7 } })
})

test('a provider that fails is told in its own words, after one service’s retries and not two', async () => {
  hub.replyWith(json({ error: 'out of memory' }, 500))
  await expect(complete({})).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('"org/chat" failed (500): out of memory'),
  })
  expect(hub.asked).toHaveLength(4)
})
