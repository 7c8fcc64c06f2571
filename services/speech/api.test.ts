import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import {
  brokenAfter,
  inParts,
  json,
  mpegFrames,
  openApiServer,
  refused,
  silentAfter,
  transcriptEvents,
} from './api-server.suite.ts'
import type { ApiServer } from './api-server.suite.ts'
import { listen, say, speechOf } from './kit.suite.ts'
import openai from './providers/openai.ts'
import { costOfHearing, costOfSpeech } from './providers/openai-figures.ts'

const EVENTS = 'text/event-stream'
const OGG = Buffer.from('OggS and more that nobody decodes here')

const SETTINGS = {
  SPEECH_API_KEY: '',
  SPEECH_MODEL: 'kokoro',
  OPENAI_BASE_URL: '',
  OPENAI_API_KEY: '',
  HF_TOKEN: '',
  SPEECH_TIMEOUT_MS: 5_000,
  ESPEAK_PROGRAM: '',
  WHISPER_PROGRAM: '',
  WHISPER_MODEL: '',
  FFMPEG_PROGRAM: '',
}
const nobody = (): never => {
  throw new Error('nobody asks this')
}

/** The provider by itself. */
function providerAt(url: string, timeoutMs: number) {
  const settings = { ...SETTINGS, SPEECH_BASE_URL: url, SPEECH_TIMEOUT_MS: timeoutMs }
  const provider = openai.open({ settings, huggingface: { run: nobody, listModels: nobody } })
  const call = { caller: { user: 'ada', service: 'edge' }, signal: new AbortController().signal, metadata: new Map() }
  const asker = { call, secret: async () => undefined, keeps: async () => false }
  const how = { language: '', idempotencyKey: '' }
  return {
    speak: () => provider.speak({ ...how, voice: 'x', text: 'x', speed: 1 }, asker),
    hear: () =>
      provider.hear(
        { ...how, model: 'w', audio: Uint8Array.from(OGG), kind: 'ogg', durationMs: 0, timestamps: false, prompt: '' },
        asker,
      ),
  }
}
async function toEnd(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of parts);
}

let vendor: ApiServer
let system: TestSystem
let speech: ReturnType<typeof speechOf>
beforeAll(async () => {
  vendor = await openApiServer()
  vendor.lists['/v1/audio/voices'] = { voices: ['af_sky', { id: 'bm_george' }, 7, null] }
  vendor.lists['/v1/models'] = { data: [{ id: 'kokoro' }, { id: 'faster-whisper-tiny' }, null] }
  system = await embedded({
    services: ['speech'],
    settings: {
      SPEECH_BASE_URL: vendor.url,
      SPEECH_API_KEY: 'sk-secret',
      SPEECH_MODEL: 'kokoro',
      OPENAI_API_KEY: 'sk-not-for-this-server',
    },
  })
  speech = speechOf(system.as('ada'))
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
})

const tell = (more: object = {}) => say(speech, { text: 'Hello there', voice: 'openai/af_sky', ...more })

describe('speech', () => {
  test.each([1, 7, 100_000])('that comes in parts of %i bytes arrives whole, with its length', async size => {
    vendor.replyWith(inParts(mpegFrames(5), size))
    expect(await tell()).toMatchObject({
      audio: new Uint8Array(mpegFrames(5)),
      order: ['begin', 'audio', 'finish'],
      mediaType: 'audio/mpeg',
      voice: 'openai/af_sky',
      durationMs: 120,
      cost: undefined,
    })
  })

  test('is asked for as it was wanted, with the key, once', async () => {
    vendor.replyWith(inParts(mpegFrames(2), 1000))
    await say(
      speech,
      { text: 'Hi', voice: 'openai/nobody-listed-this', format: 'opus', speed: 1.5 },
      { metadata: { 'idempotency-key': 'r1:a1' } },
    )
    expect(vendor.asked).toEqual([
      {
        path: '/v1/audio/speech',
        authorization: 'Bearer sk-secret',
        idempotencyKey: 'r1:a1',
        body: { model: 'kokoro', input: 'Hi', voice: 'nobody-listed-this', response_format: 'opus', speed: 1.5 },
      },
    ])
  })

  test('is what it is, not what was asked for', async () => {
    vendor.replyWith(inParts(OGG, 5))
    expect((await tell({ format: 'mp3' })).mediaType).toBe('audio/ogg')
  })

  test('pieces are never larger than 256 KB', async () => {
    vendor.replyWith(inParts(mpegFrames(5_000), 10_000_000))
    const { pieces, audio } = await tell()
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024)
    expect(audio.length).toBe(5_000 * 192)
  })

  test('goes on at once: the first piece is given before the last is made', async () => {
    const last = Promise.withResolvers<void>()
    vendor.replyWith(async response => {
      response.setHeader('content-type', 'audio/mpeg').write(mpegFrames(3))
      await last.promise
      response.end(mpegFrames(3))
    })
    let pieces = 0
    for await (const { part } of speech.synthesize({ text: 'Hi', voice: 'openai/af_sky' }))
      if (part?.$case === 'audio' && ++pieces === 1) last.resolve()
    expect(pieces).toBeGreaterThan(1)
  })
})

describe('what goes wrong', () => {
  test('a refusal for load waits as it is told, and tries again', async () => {
    vendor.replyWith(refused(429, 'slow down'), refused(503, 'not now'), inParts(mpegFrames(2), 1000))
    expect((await tell()).durationMs).toBe(48)
    expect(vendor.asked).toHaveLength(3)
  })

  test.each([
    [400, 'INVALID_ARGUMENT', 'the provider of speech refuses the request: no'],
    [401, 'FAILED_PRECONDITION', 'the provider of speech refuses the key in SPEECH_API_KEY: no'],
    [403, 'PERMISSION_DENIED', 'the provider of speech does not allow this: no'],
    [404, 'NOT_FOUND', 'the provider of speech does not know "kokoro" or the voice "af_sky": no'],
    [429, 'RESOURCE_EXHAUSTED', 'the provider of speech is at its limit: no'],
    [500, 'UNAVAILABLE', 'the provider of speech failed (500): no'],
  ])('a vendor’s status %i is %s, in the vendor’s words, for both', async (status, code, message) => {
    vendor.replyWith(refused(status, 'no'))
    await expect(tell()).rejects.toMatchObject({ code, message })
    await expect(listen(speech, OGG, { model: 'openai/faster-whisper-tiny' })).rejects.toMatchObject({ code })
  })

  test('the key is not among the words', async () => {
    vendor.replyWith(refused(401, 'Incorrect API key provided: sk-secret.'))
    await expect(tell()).rejects.toMatchObject({ message: expect.not.stringContaining('sk-secret') })
  })

  test('a vendor that falls silent is given up: before the answer, and in its middle', async () => {
    const { speak, hear } = providerAt(vendor.url, 300)
    const silent = { code: 'DEADLINE_EXCEEDED', message: 'the provider of speech was silent for 300 ms' }
    vendor.replyWith(silentAfter(mpegFrames(3)))
    await expect(toEnd(speak())).rejects.toMatchObject(silent)
    await vendor.closed()
    vendor.replyWith(() => {})
    await expect(toEnd(speak())).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await vendor.closed()
    vendor.replyWith(silentAfter(transcriptEvents(['Once', ' upon'], null), EVENTS))
    await expect(toEnd(hear())).rejects.toMatchObject(silent)
    await vendor.closed()
  })

  test('what breaks off is an error, not an end', async () => {
    vendor.replyWith(brokenAfter(mpegFrames(3)))
    await expect(tell()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    vendor.replyWith(inParts(mpegFrames(1).subarray(0, 5), 5))
    await expect(tell()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the provider of speech broke off after 5 bytes',
    })
    vendor.replyWith(brokenAfter(transcriptEvents(['Once'], null), EVENTS))
    await expect(listen(speech, OGG, { model: 'openai/w' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    vendor.replyWith(inParts(transcriptEvents(['Once'], null), 9, EVENTS))
    await expect(listen(speech, OGG, { model: 'openai/w' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the provider of speech broke off after 4 characters',
    })
  })

  test('an answer that cannot be understood says so', async () => {
    vendor.replyWith(json({ not: 'audio' }))
    await expect(tell()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the provider of speech answered with what is no audio: {"not":"audio"}',
    })
    vendor.replyWith(json({ nothing: true }))
    await expect(listen(speech, OGG, { model: 'openai/w' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the provider of speech cannot be understood: {"nothing":true}',
    })
    vendor.replyWith(inParts(Buffer.from('data: {"type": "trans\n\n'), 100, EVENTS))
    await expect(listen(speech, OGG, { model: 'openai/w' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('nobody there is said so', async () => {
    const gone = await openApiServer()
    await gone[Symbol.asyncDispose]()
    await expect(toEnd(providerAt(gone.url, 30_000).speak())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^the provider of speech cannot be reached: .*ECONNREFUSED/),
    })
  })

  test('a caller who cancels closes the request to the vendor', async () => {
    vendor.replyWith(silentAfter(mpegFrames(3)))
    const abort = new AbortController()
    const read = async () => {
      const request = { text: 'Hi', voice: 'openai/af_sky' }
      for await (const { part } of speech.synthesize(request, { signal: abort.signal }))
        if (part?.$case === 'audio') abort.abort()
    }
    await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
    await vendor.closed()
  })

  test('a reader who leaves closes the request to the vendor', async () => {
    vendor.replyWith(silentAfter(mpegFrames(3)))
    let pieces = 0
    for await (const { part } of speech.synthesize({ text: 'Hi', voice: 'openai/af_sky' }))
      if (part?.$case === 'audio' && ++pieces === 1) break
    await vendor.closed()
    expect(pieces).toBe(1)
  })
})

describe('listening', () => {
  test.each([1, 7, 100_000])('a transcript that comes in parts of %i bytes grows, and arrives whole', async size => {
    vendor.replyWith(inParts(transcriptEvents(['Ärger', ' am', ' 海.'], { languages: [{ code: 'de' }] }), size, EVENTS))
    expect(await listen(speech, OGG, { model: 'openai/faster-whisper-tiny' })).toEqual({
      text: 'Ärger am 海.',
      language: 'de',
      durationMs: 0,
      segments: [],
      words: [],
      model: 'openai/faster-whisper-tiny',
      cost: undefined,
      partials: ['Ärger', 'Ärger am', 'Ärger am 海.'],
    })
  })

  test('the recording goes to the vendor as it came, with what was said of it', async () => {
    vendor.replyWith(inParts(transcriptEvents(['ok']), 1000, EVENTS))
    const options = { model: 'openai/w', language: 'pt-BR', prompt: 'Spellmesh', mediaType: 'audio/webm' }
    await listen(speech, OGG, options, { metadata: { 'idempotency-key': 'r1:a2' }, pieceBytes: 3 })
    expect(vendor.asked).toEqual([
      {
        path: '/v1/audio/transcriptions',
        authorization: 'Bearer sk-secret',
        idempotencyKey: 'r1:a2',
        body: { model: 'w', language: 'pt', prompt: 'Spellmesh', response_format: 'json', stream: 'true' },
        file: { name: 'audio.ogg', type: 'audio/ogg', bytes: OGG },
      },
    ])
  })

  test('a server that does not stream is understood too', async () => {
    vendor.replyWith(json({ text: 'all at once' }))
    expect(await listen(speech, OGG, { model: 'openai/w' })).toMatchObject({ text: 'all at once', partials: [] })
  })

  test('times are told where they are asked for', async () => {
    vendor.replyWith(
      json({
        task: 'transcribe',
        language: 'german',
        duration: 2.5,
        text: 'Guten Tag.',
        segments: [{ id: 0, start: 0, end: 2.25, text: ' Guten Tag.' }],
        words: [
          { word: 'Guten', start: 0, end: 1 },
          { word: 'Tag', start: 1.1, end: 2.25 },
        ],
      }),
    )
    expect(await listen(speech, OGG, { model: 'openai/w', timestamps: true })).toMatchObject({
      text: 'Guten Tag.',
      language: 'de',
      durationMs: 2_500,
      segments: [{ startMs: 0, endMs: 2_250, text: 'Guten Tag.' }],
      words: [
        { startMs: 0, endMs: 1_000, text: 'Guten' },
        { startMs: 1_100, endMs: 2_250, text: 'Tag' },
      ],
    })
    expect(vendor.asked[0]?.body).toEqual({
      model: 'w',
      response_format: 'verbose_json',
      'timestamp_granularities[]': ['word', 'segment'],
    })
  })
})

test('a server’s own voices and recognisers are listed beside the built-in ones', async () => {
  const { voices, recognisers } = await speech.listVoices({})
  const own = ({ provider }: { provider: string }) => provider === 'openai'
  expect(voices.filter(own).map(({ id }) => id)).toEqual(['openai/af_sky', 'openai/bm_george'])
  expect(recognisers.filter(own).map(({ id }) => id)).toEqual(['openai/faster-whisper-tiny'])
})

describe('without a key of the instance', () => {
  let keyless: TestSystem
  beforeAll(async () => {
    keyless = await embedded({ services: ['speech'] })
  })
  afterAll(async () => keyless.stop())

  test('what to set and what to add is said', async () => {
    const own = speechOf(keyless.as('bob'))
    const missing = {
      code: 'FAILED_PRECONDITION',
      message: '"openai" needs a key: set OPENAI_API_KEY, or add a secret of that name under Account > Secrets',
    }
    await expect(say(own, { text: 'x', voice: 'openai/alloy' })).rejects.toMatchObject(missing)
    await expect(listen(own, OGG, { model: 'openai/whisper-1' })).rejects.toMatchObject(missing)
    await expect(say(own, { text: 'x', voice: 'openai/aloy' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('OpenAI’s voices are listed for those who keep a key, and for nobody else', async () => {
    const namesOf = async (user: string) =>
      new Set((await speechOf(keyless.as(user)).listVoices({})).voices.map(({ provider }) => provider))
    expect(await namesOf('bob')).not.toContain('openai')
    const carol = await registered(keyless, 'carol')
    await carol.putSecret({ name: 'OPENAI_API_KEY', value: 'sk-carol' })
    expect(await namesOf(carol.id)).toContain('openai')
  })
})

test('the user’s key goes before the instance’s, in runs only', async () => {
  await using own = await embedded({
    services: ['speech'],
    settings: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-instance' },
  })
  const dave = await registered(own, 'dave')
  await dave.putSecret({ name: 'OPENAI_API_KEY', value: 'sk-dave' })
  const capability = await own.host.identities.sign(
    { user: dave.id, service: 'spell-runner' },
    { audience: 'secrets', lifeMs: 60_000, claims: { run: 'r_1' } },
  )
  vendor.replyWith(inParts(mpegFrames(2), 1000))
  const request = { text: 'x', voice: 'openai/af_sky' }
  await say(speechOf(own.as(dave.id)), request, { metadata: { capability } })
  await say(speechOf(own.as(dave.id)), request)
  expect(vendor.asked.map(({ authorization }) => authorization)).toEqual(['Bearer sk-dave', 'Bearer sk-instance'])
})

async function registered(on: TestSystem, name: string) {
  const { account } = await on
    .client(UserServiceDefinition)
    .register({ email: `${name}@example.org`, password: 'correct horse', name })
  const id = account?.id ?? ''
  return { id, putSecret: on.as(id).client(UserServiceDefinition).putSecret }
}

test('what OpenAI costs is known: by characters, by its length, by tokens', () => {
  expect(costOfSpeech('tts-1', 4_096, 0)).toBeCloseTo(0.06144, 8)
  expect(costOfSpeech('gpt-4o-mini-tts-2025-12-15', 100, 30_000)).toBeCloseTo(0.0075, 8)
  expect(costOfSpeech('gpt-4o-mini-tts', 100, 0)).toBeUndefined()
  expect(costOfSpeech('someone-elses', 100, 1_000)).toBeUndefined()
  expect(costOfHearing('whisper-1', { seconds: 90 }, 0)).toBeCloseTo(0.009, 8)
  expect(costOfHearing('gpt-4o-transcribe', { input_tokens: 1_000, output_tokens: 100 }, 60_000)).toBeCloseTo(0.0035, 8)
  expect(costOfHearing('gpt-transcribe', undefined, 60_000)).toBeCloseTo(0.006, 8)
  expect(costOfHearing('gpt-transcribe', undefined, 0)).toBeUndefined()
})
