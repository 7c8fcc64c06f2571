// The node asks the real service: its built-in model, and a server that speaks the vendor's formats.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import type { JsonObject, Values } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { answers, chatOf, inParts, json, openHubServer, SSE } from '#services/huggingface/hub-server.suite.ts'
import type { HubServer } from '#services/huggingface/hub-server.suite.ts'
import { around, problemsOf, registry, runNode } from '../kit.suite.ts'
import { HUGGINGFACE_TASKS } from '../language/huggingface-tasks.ts'
import { fromDataUrl, toDataUrl } from '../language/media.ts'
import type { Huggingface } from '../services.ts'

let hub: HubServer
let system: TestSystem
let huggingface: Huggingface
beforeAll(async () => {
  hub = await openHubServer()
  system = await embedded({ services: ['huggingface'], settings: { HF_ENDPOINT_URL: `${hub.url}/e` } })
  huggingface = system.as('user-1').client(HuggingfaceServiceDefinition)
})
afterAll(async () => {
  await system?.stop()
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

const runTask = async (task: string, inputs: Values, config: JsonObject = {}) =>
  runNode('huggingface/task', { config: { task, ...config }, inputs, services: { huggingface } })

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and the rest of it', 'latin1')
const WAV = Buffer.from('RIFF$\0\0\0WAVEfmt and the rest of it', 'latin1')
const image = toDataUrl('image/png', [PNG])
const audio = toDataUrl('audio/wav', [WAV])
const LOW_FIRST = [
  { label: 'bad', score: 0.1 },
  { label: 'good', score: 0.9 },
]
const LABELLED = { label: 'good', score: 0.9, labels: LOW_FIRST.toReversed() }
const BOX = { label: 'cat', score: 0.9, box: { xmin: 1, ymin: 2, xmax: 3, ymax: 4 } }
const ENTITY = { entity_group: 'PER', word: 'Ada', score: 0.9, start: 0, end: 3 }
const SPAN = { answer: 'Ada', score: 0.8, start: 4, end: 7 }
const WORD = { sequence: 'it is big', token_str: 'big', score: 0.5 }
const chunk = { text: 'hi', timestamp: [0, 1] }

/** Task, what comes over its wires, what the server says, what goes out on its wires. */
const CASES: readonly (readonly [keyof typeof HUGGINGFACE_TASKS, Values, unknown, JsonObject])[] = [
  ['summarization', { text: 'long' }, [{ summary_text: 'short' }], { text: 'short' }],
  ['translation', { text: 'hello' }, [{ translation_text: 'bonjour' }], { text: 'bonjour' }],
  ['text-classification', { text: 'fine' }, [LOW_FIRST], LABELLED],
  ['zero-shot-classification', { text: 'fine', candidates: ['good', 'bad'] }, LOW_FIRST, LABELLED],
  ['token-classification', { text: 'Ada' }, [ENTITY], { entities: [ENTITY] }],
  ['question-answering', { question: 'who?', context: 'It, Ada' }, SPAN, SPAN],
  ['fill-mask', { text: 'it is <mask>' }, [WORD], { text: 'it is big', word: 'big', words: [WORD] }],
  ['feature-extraction', { text: 'a' }, [1, 2], { embedding: [1, 2], embeddings: [[1, 2]] }],
  ['feature-extraction', { text: ['a', 'b'] }, [[1], [2]], { embedding: [1], embeddings: [[1], [2]] }],
  ['sentence-similarity', { text: 'a', sentences: ['b'] }, [0.5], { scores: [0.5] }],
  ['image-classification', { image }, LOW_FIRST, LABELLED],
  ['object-detection', { image }, [BOX], { objects: [BOX] }],
  ['image-to-text', { image }, [{ generated_text: 'a dot' }], { text: 'a dot' }],
  ['audio-classification', { audio }, LOW_FIRST, LABELLED],
  ['automatic-speech-recognition', { audio }, { text: 'hi', chunks: [chunk] }, { text: 'hi', chunks: [chunk] }],
  ['text-to-image', { text: 'a cat' }, answers(PNG, 'image/png'), { image }],
  ['text-to-speech', { text: 'hi' }, answers(WAV, 'audio/wav'), { audio }],
]

test.each(CASES)('%s: sockets in, sockets out', async (task, inputs, says, gives) => {
  hub.replyWith(typeof says === 'function' ? (says as ReturnType<typeof json>) : json(says))
  const { outputs, entries, error } = await runTask(task, inputs, { model: 'org/it' })
  expect(error).toBeUndefined()
  expect(outputs).toEqual({ ...gives, model: 'org/it' })
  expect(hub.asked).toHaveLength(1)
  const plan = compile(around('huggingface/task', { config: { task, model: 'org/it' }, inputs }), registry)
  expect(await replay(plan, entries)).toEqual({ entries: entries.length })
})

test('a chat streams, with what was said before and what it may be told', async () => {
  hub.replyWith(inParts(chatOf(['Good', ' day']), SSE, 40))
  const inputs = { prompt: 'hi', system: 'be kind', messages: [{ role: 'user', content: 'hey' }] }
  const { outputs, chunks, entries } = await runTask('chat-completion', inputs, { parameters: { max_tokens: 3 } })
  expect(outputs).toEqual({ text: 'Good day', reasoning: '', model: 'meta-llama/Llama-3.1-8B-Instruct' })
  expect(chunks.map(({ text }) => text).join('')).toBe('Good day')
  expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
    usage: { inputTokens: 7, outputTokens: 2, model: 'meta-llama/Llama-3.1-8B-Instruct' },
  })
  expect(hub.asked[0]?.body).toMatchObject({
    max_tokens: 3,
    messages: [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'hey' },
      { role: 'user', content: 'hi' },
    ],
  })
})

test('tells that it waits while its model is loaded', async () => {
  hub.replyWith(json({ error: 'loading', estimated_time: 0.05 }, 503), json([{ summary_text: 'short' }]))
  const { outputs, entries, chunks } = await runTask('summarization', { text: 'long' }, { model: 'org/it' })
  expect(outputs).toMatchObject({ text: 'short' })
  expect(JSON.stringify([entries, chunks])).toContain('loading org/it')
})

test('the built-in model answers without any server, and says that it is a demo', async () => {
  const config = { model: 'local/demo' }
  expect((await runTask('text-generation', { text: 'Once upon a time' }, config)).outputs).toEqual({
    text: 'upon a time … and so on. (demo)',
    model: 'local/demo',
  })
  const { outputs } = await runTask('text-to-image', { text: 'a <cat>' }, config)
  const svg = Buffer.from(fromDataUrl(outputs['image'], 'image', 'image').bytes).toString()
  expect(svg).toMatch(/a &#60;cat&#62;.*demo<\/text><\/svg>$/)
  expect(hub.asked).toEqual([])
})

test.each([
  ['image-to-text', { image: 'http://example.org/a.png' }, {}, 'BAD_INPUT', /"image": expected an image as a data URL/],
  ['image-to-text', { image: audio }, {}, 'BAD_INPUT', /got audio\/wav/],
  ['text-generation', { text: '' }, {}, 'INVALID_ARGUMENT', /inputs: /],
  ['summarization', { text: 'a' }, { parameters: { max_length: 'x' } }, 'INVALID_ARGUMENT', /parameters\.max_length: /],
  ['summarization', { text: 'a' }, { endpoint: 'http://10.0.0.1/' }, 'PERMISSION_DENIED', /OUTBOUND_ALLOW/],
] as const)('%s of %j with %j fails as %s', async (task, inputs, config, code, message) => {
  const { status, error } = await runTask(task, inputs, config)
  expect({ status, code: error?.code }).toEqual({ status: 'failed', code })
  expect(error?.message).toMatch(message)
  expect(hub.asked).toEqual([])
})

test('its config is checked where it is drawn', () => {
  const config = { task: 'juggling', model: 'a b', endpoint: 'ftp://x', provider: 'together' }
  expect(problemsOf('huggingface/task', config).map(({ path }) => path)).toContain('config.task')
  expect(problemsOf('huggingface/task', { ...config, task: 'summarization' })).toEqual([
    { path: 'config.endpoint', message: '"ftp://x" is not a URL with http or https' },
    { path: 'config.provider', message: 'expected a provider or an endpoint, not both' },
    { path: 'config.model', message: '"a b" is not a model’s name: expected "owner/name"' },
  ])
})

describe('the node and the service', () => {
  test('know the same tasks', async () => {
    const { tasks } = await system.as('user-1').client(HuggingfaceServiceDefinition).listTasks({})
    const shown = Object.entries(HUGGINGFACE_TASKS).map(([name, { inputs, outputs }]) => ({
      name,
      takes: 'image' in inputs ? 'image' : 'audio' in inputs ? 'audio' : '',
      gives: 'image' in outputs ? 'image' : 'audio' in outputs ? 'audio' : isText(name, outputs) ? 'text' : 'json',
    }))
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
    expect(shown.toSorted(byName)).toEqual(
      tasks.map(({ name, takes, gives }) => ({ name, takes, gives })).toSorted(byName),
    )
  })
})
/** Those that fill a mask give the words beside the text. */
const isText = (name: string, outputs: object) => 'text' in outputs && name !== 'fill-mask'
