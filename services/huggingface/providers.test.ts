// Every inference provider that the vendor's SDK knows, through the router.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { PROVIDERS } from '@huggingface/inference'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { answers, chatOf, json, openHubServer, SSE } from './hub-server.suite.ts'
import type { HubServer, Reply } from './hub-server.suite.ts'
import { run } from './kit.suite.ts'
import type { Run } from './kit.suite.ts'
import { TASKS } from './tasks.ts'

let hub: HubServer
let system: TestSystem
beforeAll(async () => {
  hub = await openHubServer()
  const { url } = hub
  const settings = { HF_TOKEN: 'hf_x', HF_BASE_URL: url, HF_HUB_URL: url, OUTBOUND_ALLOW: new URL(url).host }
  system = await embedded({ services: ['huggingface'], settings })
})
afterAll(async () => {
  await system?.stop()
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and the rest', 'latin1')
const WAV = Buffer.from('RIFF$\0\0\0WAVEfmt and the rest', 'latin1')
const INPUTS: Readonly<Record<string, Omit<Run, 'task'>>> = {
  'chat-completion': { inputs: { messages: [{ role: 'user', content: 'hi' }] } },
  'question-answering': { inputs: { question: 'who?', context: 'Ada' } },
  'sentence-similarity': { inputs: { source_sentence: 'a', sentences: ['b'] } },
  'zero-shot-classification': { inputs: 'a', parameters: { candidate_labels: ['b'] } },
}
const inputsOf = (name: string): Omit<Run, 'task'> => {
  const takes = TASKS.get(name)?.takes
  if (takes === 'image') return { data: PNG, mediaType: 'image/png' }
  return takes === 'audio' ? { data: WAV, mediaType: 'audio/wav' } : (INPUTS[name] ?? { inputs: 'a' })
}

const EACH = [...TASKS.values()].flatMap(({ name, pipeline = name }) =>
  Object.entries(PROVIDERS).flatMap(([provider, tasks]) =>
    pipeline in tasks && provider !== 'openai' ? [[provider, name, pipeline] as const] : [],
  ),
)

test.each(EACH)(
  '%s is asked for %s under its own name for the model, with the key',
  async (provider, task, pipeline) => {
    const model = `test/${provider}-${task}`
    const providerId = `their/${task}`
    hub.serve(model, [{ provider, providerId, status: 'live', task: pipeline }])
    hub.replyWith(json({ error: 'arrived' }, 422))
    await expect(run(system, { task, model, provider, ...inputsOf(task) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `"${model}" refuses the request: arrived`,
    })
    const [asked] = hub.asked
    expect(asked).toMatchObject({
      authorization: 'Bearer hf_x',
      contentType: expect.stringMatching(/^[a-z]+\/[a-z-]+/),
    })
    expect(asked?.path.startsWith(`/${provider}/`)).toBe(true)
    expect(asked?.bytes.length).toBeGreaterThan(0)
    expect(`${asked?.path} ${asked?.bytes.toString()}`).toContain(providerId)
  },
)

const audio = { data: WAV, mediaType: 'audio/wav' }
const openAiVectors = { model: 'x', object: 'list', data: [{ embedding: [1, 2], index: 0, object: 'embedding' }] }
test.each<[string, string, Omit<Run, 'task'>, Reply, object]>([
  ['together', 'automatic-speech-recognition', audio, json({ text: 'hello' }), { text: 'hello' }],
  ['deepinfra', 'automatic-speech-recognition', audio, json({ text: 'hello' }), { text: 'hello' }],
  ['fal-ai', 'automatic-speech-recognition', audio, json({ text: 'hello' }), { text: 'hello' }],
  ['together', 'text-to-speech', { inputs: 'a' }, answers(WAV, 'audio/wav'), { data: WAV }],
  ['together', 'text-to-image', { inputs: 'a' }, json({ data: [{ b64_json: PNG.toString('base64') }] }), { data: PNG }],
  ['nscale', 'text-to-image', { inputs: 'a' }, json({ data: [{ b64_json: PNG.toString('base64') }] }), { data: PNG }],
  ['scaleway', 'feature-extraction', { inputs: 'a' }, json(openAiVectors), { result: [1, 2] }],
  ['deepinfra', 'feature-extraction', { inputs: 'a' }, json(openAiVectors), { result: [1, 2] }],
  ['groq', 'chat-completion', inputsOf('chat-completion'), answers(chatOf(['Hi']), SSE), { text: 'Hi' }],
  ['cohere', 'chat-completion', inputsOf('chat-completion'), answers(chatOf(['Hi']), SSE), { text: 'Hi' }],
])('%s’s answer for %s is read as its own', async (provider, task, ask, reply, gives) => {
  const model = `read/${provider}-${task}`
  const pipeline = TASKS.get(task)?.pipeline ?? task
  hub.serve(model, [{ provider, providerId: 'theirs', status: 'live', task: pipeline }])
  hub.replyWith(reply)
  expect(await run(system, { task, model, provider, ...ask })).toMatchObject({ ...gives, finish: { model } })
})

const addressed = (path: string, of: (url: string) => unknown): Reply => {
  return (response, asked) => json(of(`${hub.url}${path}`))(response, asked)
}
test.each<[string, string, string, (url: string) => unknown]>([
  ['fal-ai', 'text-to-image', '/p.png', () => ({ request_id: '1', response_url: 'https://queue.fal.run/queue/1' })],
  ['replicate', 'text-to-image', '/p.png', url => ({ output: [url] })],
  ['together', 'text-to-image', '/p.png', url => ({ data: [{ url }] })],
  ['fal-ai', 'text-to-speech', '/s.wav', url => ({ audio: { url, content_type: 'audio/wav' } })],
  ['replicate', 'text-to-speech', '/s.wav', url => ({ output: url })],
])('what %s keeps elsewhere for %s is fetched from there', async (provider, task, path, of) => {
  hub.give('/p.png', answers(PNG, 'image/png'))
  hub.give('/s.wav', answers(WAV, 'audio/wav'))
  // A queue is asked how far it is.
  hub.give('/queue/1/status?_subdomain=queue', json({ status: 'COMPLETED' }))
  hub.give(
    '/queue/1?_subdomain=queue',
    addressed('/p.png', url => ({ images: [{ url }] })),
  )
  const model = `kept/${provider}-${task}`
  hub.serve(model, [{ provider, providerId: 'theirs', status: 'live', task }])
  hub.replyWith(addressed(path, of))
  expect((await run(system, { task, model, inputs: 'a' })).data).toEqual(path === '/p.png' ? PNG : WAV)
  expect(hub.looked.at(-1)?.path).toBe(path)
})
