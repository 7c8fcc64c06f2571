import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { inParts, json, openApiServer, refused } from './api-server.suite.ts'
import type { ApiServer } from './api-server.suite.ts'
import { listen, say, speechOf } from './kit.suite.ts'
import { writeWavHeader } from './riff.ts'

/** Half a second. */
const WAV = Buffer.concat([writeWavHeader({ sampleRate: 8_000, samples: 4_000 }), Buffer.alloc(8_000)])

let hub: ApiServer
let system: TestSystem
let speech: ReturnType<typeof speechOf>
beforeAll(async () => {
  hub = await openApiServer()
  hub.lists['/api/models'] = [
    { id: 'org/voice', pipeline_tag: 'text-to-speech', likes: 3, downloads: 4 },
    { id: 'org/ear', pipeline_tag: 'automatic-speech-recognition', likes: 3, downloads: 4 },
  ]
  const url = hub.url.replace('/v1', '')
  system = await embedded({
    services: ['speech'],
    settings: { HF_TOKEN: 'hf_instance', HF_ENDPOINT_URL: `${url}/endpoint`, HF_HUB_URL: url },
  })
  speech = speechOf(system.as('ada'))
})
afterAll(async () => {
  await system?.stop()
  await hub?.[Symbol.asyncDispose]()
})

test('speaks with a model of the hub, as what the model gives', async () => {
  hub.replyWith(inParts(WAV, 1_000, 'audio/wav'))
  expect(await say(speech, { text: 'hello', voice: 'huggingface/org/voice' })).toMatchObject({
    audio: new Uint8Array(WAV),
    mediaType: 'audio/wav',
    voice: 'huggingface/org/voice',
    durationMs: 500,
    cost: undefined,
  })
  expect(hub.asked).toMatchObject([{ authorization: 'Bearer hf_instance', body: { inputs: 'hello' } }])
})

test('speaks as its model does: nothing of that can be chosen', async () => {
  hub.replyWith(inParts(WAV, 1_000, 'audio/wav'))
  const request = { text: 'hello', voice: 'huggingface/other/voice', speed: 2, format: 'wav' }
  await expect(say(speech, request)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [
      { path: 'speed', message: 'cannot be chosen for "huggingface/other/voice": expected 1' },
      { path: 'format', message: 'cannot be chosen for "huggingface/other/voice": expected none' },
    ],
  })
  expect(hub.asked).toEqual([])
})

test('listens with a model of the hub, with times where they are asked for', async () => {
  hub.replyWith(
    json({
      text: ' Hello there.',
      chunks: [
        { text: ' Hello', timestamp: [0, 0.3] },
        { text: ' there.', timestamp: [0.3, null] },
      ],
    }),
  )
  expect(await listen(speech, WAV, { model: 'huggingface/org/ear', timestamps: true })).toMatchObject({
    text: 'Hello there.',
    model: 'huggingface/org/ear',
    durationMs: 500,
    segments: [
      { startMs: 0, endMs: 300, text: 'Hello' },
      { startMs: 300, endMs: 300, text: 'there.' },
    ],
  })
})

test('what fails there is said in its own words', async () => {
  hub.replyWith(refused(400, 'the model does not like this', { 'x-test': '1' }))
  await expect(say(speech, { text: 'hello', voice: 'huggingface/org/voice' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('the model does not like this'),
  })
})

test('more than that service takes is refused before it is sent', async () => {
  hub.replyWith(json({ text: 'never' }))
  const long = Buffer.concat([WAV, Buffer.alloc(3 * 1024 * 1024)])
  await expect(listen(speech, long, { model: 'huggingface/org/ear' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: `audio: has ${long.length} bytes; "huggingface/org/ear" listens to at most 3145728`,
  })
  expect(hub.asked).toEqual([])
})

test('the hub’s voices and recognisers are listed', async () => {
  const { voices, recognisers } = await speech.listVoices({})
  expect(voices.map(({ id }) => id)).toContain('huggingface/org/voice')
  expect(recognisers.map(({ id }) => id)).toContain('huggingface/org/ear')
})

test('the user’s key is used in runs: the proof is passed on', async () => {
  const { account } = await system
    .client(UserServiceDefinition)
    .register({ email: 'ada@example.org', password: 'correct horse', name: 'Ada' })
  const user = account?.id ?? ''
  await system.as(user).client(UserServiceDefinition).putSecret({ name: 'HF_TOKEN', value: 'hf_ada' })
  const capability = await system.host.identities.sign(
    { user, service: 'spell-runner' },
    { audience: 'secrets', lifeMs: 60_000, claims: { run: 'r_1' } },
  )
  hub.replyWith(inParts(WAV, 10_000, 'audio/wav'))
  const request = { text: 'hello', voice: 'huggingface/org/voice' }
  await say(speechOf(system.as(user)), request, { metadata: { capability } })
  expect(hub.asked.map(({ authorization }) => authorization)).toEqual(['Bearer hf_ada'])
})
