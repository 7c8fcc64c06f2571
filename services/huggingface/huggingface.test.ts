// Every task through the service's contract, against a server that speaks the vendor's formats.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { answers, chatOf, delta, event, inParts, json, openHubServer, SSE } from './hub-server.suite.ts'
import type { HubServer, Reply } from './hub-server.suite.ts'
import { run } from './kit.suite.ts'
import type { Heard, Run } from './kit.suite.ts'

const TOKEN = 'hf_of_the_instance'
let hub: HubServer
let system: TestSystem
beforeAll(async () => {
  hub = await openHubServer()
  system = await embedded({
    services: ['huggingface'],
    settings: { HF_TOKEN: TOKEN, HF_BASE_URL: hub.url, HF_HUB_URL: `${hub.url}/` },
  })
})
afterAll(async () => {
  await system?.stop()
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const WAV = Buffer.from('RIFF$\0\0\0WAVEfmt data of a sound', 'latin1')
const LABELS = [
  { label: 'good', score: 0.9 },
  { label: 'bad', score: 0.1 },
]
const ENTITY = { entity_group: 'PER', word: 'Ada', score: 0.99, start: 0, end: 3 }
const FILLED = { sequence: 'Paris is big', token: 12, token_str: 'big', score: 0.5 }
const SPAN = { answer: 'Ada', score: 0.8, start: 4, end: 7 }
const BOX = { label: 'cat', score: 0.9, box: { xmin: 1, ymin: 2, xmax: 3, ymax: 4 } }
const SEEN = { label: 'cat', score: 0.7 }

interface Case {
  readonly ask: Run & { task: string }
  readonly reply: Reply
  /** What goes over the wire. */
  readonly sent: unknown
  readonly gives: Heard
}
const CASES: readonly Case[] = [
  {
    ask: { task: 'summarization', inputs: 'long', parameters: { max_length: 5 } },
    reply: json([{ summary_text: 'short' }]),
    sent: { inputs: 'long', parameters: { max_length: 5 } },
    gives: { text: 'short' },
  },
  {
    ask: { task: 'translation', inputs: 'hello', parameters: { src_lang: 'en_XX', tgt_lang: 'fr_XX' } },
    reply: json([{ translation_text: 'bonjour' }]),
    sent: { inputs: 'hello', parameters: { src_lang: 'en_XX', tgt_lang: 'fr_XX' } },
    gives: { text: 'bonjour' },
  },
  {
    ask: { task: 'text-classification', inputs: 'fine', parameters: { top_k: 2 } },
    reply: json([LABELS]),
    sent: { inputs: 'fine', parameters: { top_k: 2 } },
    gives: { result: LABELS },
  },
  {
    ask: { task: 'zero-shot-classification', inputs: 'fine', parameters: { candidate_labels: ['good', 'bad'] } },
    reply: json({ sequence: 'fine', labels: ['good', 'bad'], scores: [0.9, 0.1] }),
    sent: { inputs: 'fine', parameters: { candidate_labels: ['good', 'bad'] } },
    gives: { result: LABELS },
  },
  {
    ask: { task: 'token-classification', inputs: 'Ada wrote' },
    reply: json([ENTITY]),
    sent: { inputs: 'Ada wrote' },
    gives: { result: [ENTITY] },
  },
  {
    ask: { task: 'question-answering', inputs: { question: 'who?', context: 'It, Ada' } },
    reply: json([SPAN]),
    sent: { inputs: { question: 'who?', context: 'It, Ada' } },
    gives: { result: SPAN },
  },
  {
    ask: { task: 'fill-mask', inputs: 'Paris is <mask>' },
    reply: json([FILLED]),
    sent: { inputs: 'Paris is <mask>' },
    gives: { result: [FILLED] },
  },
  {
    ask: { task: 'feature-extraction', inputs: ['a', 'b'], parameters: { normalize: true } },
    reply: json([
      [1, 0.5],
      [0, 2],
    ]),
    sent: { inputs: ['a', 'b'], parameters: { normalize: true } },
    gives: {
      result: [
        [1, 0.5],
        [0, 2],
      ],
    },
  },
  {
    ask: { task: 'sentence-similarity', inputs: { source_sentence: 'a', sentences: ['b', 'c'] } },
    reply: json([0.25, 1]),
    sent: { inputs: { source_sentence: 'a', sentences: ['b', 'c'] } },
    gives: { result: [0.25, 1] },
  },
  {
    ask: { task: 'text-to-image', inputs: 'a cat', parameters: { width: 64 } },
    reply: answers(PNG, 'image/png'),
    sent: { inputs: 'a cat', parameters: { width: 64 } },
    gives: { data: PNG },
  },
  {
    ask: { task: 'image-classification', data: PNG, mediaType: 'image/png' },
    reply: json([SEEN]),
    sent: PNG,
    gives: { result: [SEEN] },
  },
  {
    ask: { task: 'object-detection', data: PNG, mediaType: 'image/png', parameters: { threshold: 0.5 } },
    reply: json([BOX]),
    sent: { inputs: PNG.toString('base64'), parameters: { threshold: 0.5 } },
    gives: { result: [BOX] },
  },
  {
    ask: { task: 'image-to-text', data: PNG, mediaType: 'image/png' },
    reply: json([{ generated_text: 'a dot' }]),
    sent: PNG,
    gives: { text: 'a dot' },
  },
  {
    ask: { task: 'audio-classification', data: WAV, mediaType: 'audio/wav' },
    reply: json([SEEN]),
    sent: WAV,
    gives: { result: [SEEN] },
  },
  {
    ask: {
      task: 'automatic-speech-recognition',
      data: WAV,
      mediaType: 'audio/wav',
      parameters: { return_timestamps: true },
    },
    reply: json({ text: 'hello', chunks: [{ text: 'hello', timestamp: [0, 1] }] }),
    sent: { inputs: WAV.toString('base64'), parameters: { return_timestamps: true } },
    gives: { text: 'hello', result: { chunks: [{ text: 'hello', timestamp: [0, 1] }] } },
  },
  {
    ask: { task: 'text-to-speech', inputs: 'hello' },
    reply: answers(WAV, 'audio/x-wav'),
    sent: { inputs: 'hello' },
    gives: { data: WAV },
  },
]
const PIPELINES = new Set(['feature-extraction', 'sentence-similarity'])
const MEDIA: Readonly<Record<string, string>> = { 'text-to-image': 'image/png', 'text-to-speech': 'audio/wav' }

describe.each(CASES)('$ask.task', ({ ask, reply, sent, gives }) => {
  test('goes to who serves the model, and gives what it must', async () => {
    const model = `test/${ask.task}`
    hub.serve(model, [{ provider: 'hf-inference', providerId: model, status: 'live', task: ask.task }])
    hub.replyWith(reply)
    const { pieces: _, ...heard } = await run(system, { ...ask, model })
    const mediaType = MEDIA[ask.task]
    expect(heard).toEqual({ ...gives, finish: { model, ...(mediaType && { mediaType }) } })
    const [asked] = hub.asked
    expect(asked).toMatchObject({
      path: `/hf-inference/models/${model}${PIPELINES.has(ask.task) ? `/pipeline/${ask.task}` : ''}`,
      authorization: `Bearer ${TOKEN}`,
      contentType: Buffer.isBuffer(sent) ? ask.mediaType : 'application/json',
    })
    expect(Buffer.isBuffer(sent) ? asked?.bytes : asked?.body).toEqual(sent)
  })

  test('an answer of another shape is not passed on', async () => {
    const model = `test/${ask.task}`
    hub.replyWith(json({ surprise: 1 }))
    await expect(run(system, { ...ask, model })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`^"${model}" answers in a shape that (is not ${ask.task}|holds no)`)),
    })
  })
})

test('every task is among them but the two that stream', async () => {
  const { tasks } = await system.as('ada').client(HuggingfaceServiceDefinition).listTasks({})
  const tested = [...CASES.map(({ ask }) => ask.task), 'chat-completion', 'text-generation']
  expect(tasks.map(({ name }) => name).toSorted()).toEqual(tested.toSorted())
  const speech = tasks.find(({ name }) => name === 'automatic-speech-recognition')
  expect(speech).toMatchObject({ takes: 'audio', gives: 'text', usualModel: 'openai/whisper-large-v3' })
  expect(JSON.parse(Buffer.from(speech?.inputs ?? []).toString())).toEqual({ type: 'null' })
})

const HELLO = { messages: [{ role: 'user', content: 'hi' }] }

test('a chat goes to the router, and streams whole words however its bytes are cut', async () => {
  hub.replyWith(inParts(chatOf(['Bonjour', ' 👋', ' été']), SSE, 3))
  const heard = await run(system, {
    task: 'chat-completion',
    model: 'org/chat',
    inputs: HELLO,
    parameters: { max_tokens: 9 },
  })
  expect(heard).toEqual({
    text: 'Bonjour 👋 été',
    pieces: expect.any(Number),
    finish: { model: 'org/chat', inputTokens: 7, outputTokens: 3, reason: 'stop' },
  })
  expect(hub.asked[0]).toMatchObject({ path: '/v1/chat/completions', authorization: `Bearer ${TOKEN}` })
  expect(hub.asked[0]?.body).toEqual({
    ...HELLO,
    model: 'org/chat',
    max_tokens: 9,
    stream: true,
    stream_options: { include_usage: true },
  })
  expect(hub.looked).toEqual([])
})

test('thoughts come apart, and calls of tools whole, in whatever order their pieces come', async () => {
  hub.replyWith(
    inParts(
      delta({ reasoning_content: 'Hm' }) +
        delta({ reasoning: '…' }) +
        delta({ tool_calls: [{ index: 1, function: { arguments: '{"b":' } }] }) +
        delta({ tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '{}' } }] }) +
        delta({ tool_calls: [{ index: 1, id: 'y', function: { name: 'g', arguments: '2}' } }] }, 'tool_calls') +
        event('[DONE]'),
      SSE,
      50,
    ),
  )
  expect(await run(system, { task: 'conversational', model: 'org/chat', inputs: HELLO })).toEqual({
    reasoning: 'Hm…',
    result: {
      toolCalls: [
        { id: 'x', name: 'f', arguments: '{}' },
        { id: 'y', name: 'g', arguments: '{"b":2}' },
      ],
    },
    finish: { model: 'org/chat', reason: 'tools' },
  })
})

test('a chat with a server that does not stream is one piece', async () => {
  hub.replyWith(
    json({
      choices: [{ message: { content: 'All at once' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 1, completion_tokens: 3 },
    }),
  )
  expect(await run(system, { task: 'chat-completion', model: 'org/chat', inputs: HELLO })).toEqual({
    text: 'All at once',
    pieces: 1,
    finish: { model: 'org/chat', inputTokens: 1, outputTokens: 3, reason: 'length' },
  })
})

test('a text goes on at another provider, under that one’s name for the model', async () => {
  hub.serve('org/writer', {
    novita: { providerId: 'nov/writer', status: 'staging', task: 'text-generation' },
    together: { providerId: 'tog/writer', status: 'live', task: 'text-generation' },
  })
  hub.replyWith(
    answers(
      event({ choices: [{ text: 'upon' }] }) + event({ choices: [{ text: ' a time', finish_reason: 'length' }] }),
      SSE,
    ),
  )
  const ask = { task: 'text-generation', model: 'org/writer', inputs: 'Once', parameters: { max_new_tokens: 2 } }
  expect(await run(system, ask)).toEqual({
    text: 'upon a time',
    pieces: expect.any(Number),
    finish: { model: 'org/writer', reason: 'length' },
  })
  expect(hub.asked[0]).toMatchObject({
    path: '/together/v1/completions',
    body: { model: 'tog/writer', prompt: 'Once', stream: true },
  })
  await run(system, { ...ask, provider: 'novita' })
  expect(hub.asked[1]).toMatchObject({ path: expect.stringContaining('/novita/'), body: { model: 'nov/writer' } })
})

test('vectors and pictures of other providers are read as theirs', async () => {
  hub.serve('org/vectors', [{ provider: 'together', providerId: 'tog/v', status: 'live', task: 'feature-extraction' }])
  hub.replyWith(json({ model: 'tog/v', object: 'list', data: [{ embedding: [1, 2], index: 0, object: 'embedding' }] }))
  expect((await run(system, { task: 'feature-extraction', model: 'org/vectors', inputs: 'a' })).result).toEqual([1, 2])
  hub.serve('org/painter', [{ provider: 'nscale', providerId: 'ns/p', status: 'live', task: 'text-to-image' }])
  hub.replyWith(json({ data: [{ b64_json: PNG.toString('base64') }] }))
  expect(await run(system, { task: 'text-to-image', model: 'org/painter', inputs: 'a cat' })).toEqual({
    data: PNG,
    finish: { model: 'org/painter', mediaType: 'image/png' },
  })
  expect(hub.asked[0]).toMatchObject({
    path: '/nscale/v1/images/generations',
    body: { model: 'ns/p', prompt: 'a cat' },
  })
})

test('a text is gone on with by a model that only chats, in a chat', async () => {
  hub.serve('org/talker', [{ provider: 'together', providerId: 'tog/t', status: 'live', task: 'conversational' }])
  hub.replyWith(answers(chatOf(['upon', ' a time']), SSE))
  const ask = {
    task: 'text-generation',
    model: 'org/talker',
    inputs: 'Once',
    parameters: { max_new_tokens: 2, top_k: 5 },
  }
  expect((await run(system, ask)).text).toBe('upon a time')
  await run(system, { ...ask, provider: 'together' })
  const body = { messages: [{ role: 'user', content: 'Once' }], max_tokens: 2 }
  expect(hub.asked).toMatchObject([
    { path: '/v1/chat/completions', body: { ...body, model: 'org/talker' } },
    { path: '/together/v1/chat/completions', body: { ...body, model: 'tog/t' } },
  ])
  expect(hub.asked[0]?.body).not.toHaveProperty('top_k')
})
