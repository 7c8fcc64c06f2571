// What the hub and the router know of models.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { json, openHubServer } from './hub-server.suite.ts'
import type { HubServer } from './hub-server.suite.ts'
import { run } from './kit.suite.ts'

const TOKEN = 'hf_of_the_instance'
let hub: HubServer
let system: TestSystem
beforeAll(async () => {
  hub = await openHubServer()
  hub.route(ROUTED)
  system = await embedded({
    services: ['huggingface'],
    settings: { HF_TOKEN: TOKEN, HF_BASE_URL: hub.url, HF_HUB_URL: hub.url },
  })
})
afterAll(async () => {
  await system?.stop()
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

const HELLO = { messages: [{ role: 'user', content: 'hi' }] }
const served = (provider: string, more: object) => ({ provider, status: 'live', ...more })
const ROUTED = {
  object: 'list',
  data: [
    {
      id: 'org/chat-8B',
      architecture: { input_modalities: ['text', 'image'] },
      providers: [
        served('together', { context_length: 131072, pricing: { input: 0.2, output: 0.3 }, supports_tools: true }),
        served('novita', { context_length: 16384, pricing: { input: 0.02, output: 0.5 } }),
        { provider: 'gone', status: 'error', pricing: { input: 99, output: 99 }, supports_structured_output: true },
      ],
    },
    { id: 'org/bare', providers: [served('cerebras', {})] },
    { id: 7 },
  ],
}

test('who serves a model is asked once a minute, with the key', async () => {
  hub.serve('org/kept', [{ provider: 'hf-inference', providerId: 'org/kept', status: 'live', task: 'summarization' }])
  hub.replyWith(json([{ summary_text: 'short' }]))
  const ask = { task: 'summarization', model: 'org/kept', inputs: 'long' }
  await Promise.all([run(system, ask), run(system, ask)])
  expect(hub.looked.map(({ path, authorization }) => [path, authorization])).toEqual([
    ['/api/models/org/kept?expand[]=inferenceProviderMapping', `Bearer ${TOKEN}`],
  ])
})

test.each([
  [{ model: 'org/none' }, 'NOT_FOUND', /^there is no model "org\/none" on the hub, or the key may not see it$/],
  [
    { model: 'org/other' },
    'NOT_FOUND',
    /^nobody serves "org\/other" for summarization; it is served for text-to-image by fal-ai: name another model, or an endpoint of your own$/,
  ],
  [{ model: 'org/other', provider: 'nobody' }, 'INVALID_ARGUMENT', /provider: "nobody" is nobody who serves summ.*hf-/],
])('a model that cannot be asked is told with who could: %j', async (more, code, message) => {
  hub.serve('org/other', [{ provider: 'fal-ai', providerId: 'f', status: 'live', task: 'text-to-image' }])
  await expect(run(system, { task: 'summarization', inputs: 'long', ...more })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect(hub.asked).toEqual([])
})

test('a model that is not there is told with the names most like it', async () => {
  hub.list(['org/bart-large-cnn', 'org/bert-base', 'x/whale'].map(id => ({ id })))
  await expect(run(system, { task: 'summarization', model: 'org/bart-larg-cnn', inputs: 'a' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/may not see it; there are "org\/bart-large-cnn", "org\/bert-base"$/),
  })
  expect(hub.looked.at(-1)?.path).toContain('search=bart')
  hub.replyWith(json({ error: { message: "The requested model 'x' does not exist", code: 'model_not_found' } }, 400))
  await expect(run(system, { task: 'chat-completion', model: 'org/chat-8-b', inputs: HELLO })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/there are "org\/chat-8B"$/),
  })
})

test('the hub lists models of a task, most liked first', async () => {
  hub.list([
    { id: 'org/a', pipeline_tag: 'summarization', likes: 3, downloads: 5e9, private: false },
    { modelId: 'b' },
    7,
  ])
  const client = system.as('ada').client(HuggingfaceServiceDefinition)
  const asked = { task: 'summarization', search: 'a b' }
  const bare = { contextTokens: 0, abilities: [], providers: [] }
  expect((await client.listModels(asked)).models).toEqual([
    { ...bare, id: 'org/a', task: 'summarization', likes: 3, downloads: 5e9 },
    { ...bare, id: 'b', task: '', likes: 0, downloads: 0 },
  ])
  await client.listModels(asked)
  expect(hub.looked.map(({ path }) => path)).toEqual([
    '/api/models?sort=likes&direction=-1&limit=50&pipeline_tag=summarization&search=a+b',
  ])
  await expect(client.listModels({ task: 'juggling' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'task', message: expect.stringContaining('"juggling" is none of audio-classification') }],
  })
})

test('the chats that are served are listed with what they cost and can do, at their dearest and shortest', async () => {
  const client = system.as('ada').client(HuggingfaceServiceDefinition)
  const { models } = await client.listModels({ task: 'chat-completion', served: true })
  const unknown = { task: 'chat-completion', likes: 0, downloads: 0 }
  expect(models).toEqual([
    {
      ...unknown,
      id: 'org/chat-8B',
      contextTokens: 16384,
      inputPrice: 0.2,
      outputPrice: 0.5,
      abilities: ['tools', 'images'],
      providers: ['together', 'novita'],
    },
    { ...unknown, id: 'org/bare', contextTokens: 0, abilities: [], providers: ['cerebras'] },
  ])
  const found = await client.listModels({ task: 'chat-completion', served: true, search: 'CHAT org' })
  expect(found.models.map(({ id }) => id)).toEqual(['org/chat-8B'])
  await client.listModels({ task: 'text-to-image', served: true })
  expect(hub.looked.at(-1)?.path).toBe(
    '/api/models?sort=likes&direction=-1&limit=500&pipeline_tag=text-to-image&inference_provider=all',
  )
})
