import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { listen, recordingOf, say, speechOf } from './kit.suite.ts'
import { readWav } from './riff.ts'

let system: TestSystem
let speech: ReturnType<typeof speechOf>
beforeAll(async () => {
  system = await embedded({ services: ['speech'], settings: { SPEECH_LIMIT_BYTES: '200000' } })
  speech = speechOf(system.as('ada'))
})
afterAll(async () => system.stop())

const TEXT = 'Hello, you. Is Ärger 42 海 fun?'

describe('the built-in voice', () => {
  test('speaks as a stream: a beginning, pieces word by word, a finish', async () => {
    const { audio, pieces, order, ...more } = await say(speech, { text: TEXT })
    expect(order).toEqual(['begin', 'audio', 'finish'])
    expect(pieces).toHaveLength(1 + TEXT.split(' ').length)
    const facts = readWav(audio)
    expect(more).toEqual({
      mediaType: 'audio/wav',
      voice: 'local/demo',
      durationMs: Math.round((facts?.dataBytes ?? 0) / 32),
      cost: 0,
    })
    expect(more.durationMs).toBeGreaterThan(2_000)
    expect(more.durationMs).toBeLessThan(6_000)
    expect(facts?.dataBytes).toBe(audio.length - (pieces[0]?.length ?? 0))
  })

  test('says the same the same way every time, and other voices otherwise', async () => {
    const [one, again, low] = [
      await say(speech, { text: TEXT }),
      await say(speech, { text: TEXT }),
      await say(speech, { text: TEXT, voice: 'local/low' }),
    ]
    expect(Buffer.compare(one.audio, again.audio)).toBe(0)
    expect(Buffer.compare(one.audio, low.audio)).not.toBe(0)
    expect(low.voice).toBe('local/low')
  })

  test('is as fast as it is told to be', async () => {
    const [slow, fast] = [await say(speech, { text: TEXT, speed: 0.5 }), await say(speech, { text: TEXT, speed: 2 })]
    expect(slow.durationMs / fast.durationMs).toBeGreaterThan(3.5)
    expect(slow.durationMs / fast.durationMs).toBeLessThan(4.5)
  })

  test('can be heard: neither silence nor clipped', async () => {
    const { audio, pieces } = await say(speech, { text: TEXT })
    const samples = new Int16Array(audio.slice(pieces[0]?.length ?? 0).buffer)
    const loudest = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
    const power = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length)
    expect(loudest).toBeGreaterThan(8_000)
    expect(loudest).toBeLessThan(29_001)
    expect(power).toBeGreaterThan(1_000)
  })
})

describe('the built-in recogniser', () => {
  test('understands the built-in voice, word by word, with times', async () => {
    const { audio, durationMs } = await say(speech, { text: TEXT })
    const heard = await listen(speech, audio, { timestamps: true, language: 'en' }, { pieceBytes: 999 })
    expect(heard).toMatchObject({ text: TEXT, language: 'en', model: 'local/demo', durationMs, cost: 0 })
    expect(heard.partials).toEqual([
      'Hello,',
      'Hello, you.',
      'Hello, you. Is',
      'Hello, you. Is Ärger',
      'Hello, you. Is Ärger 42',
      'Hello, you. Is Ärger 42 海',
      TEXT,
    ])
    expect(heard.segments.map(({ text }) => text)).toEqual(['Hello, you.', 'Is Ärger 42 海 fun?'])
    expect(heard.words.map(({ text }) => text)).toEqual(TEXT.split(' '))
    expect([heard.words[0]?.startMs, heard.words.at(-1)?.endMs]).toEqual([0, durationMs])
  })

  test('says of all other audio that it is a demo', async () => {
    const { audio } = await say(speech, { text: TEXT })
    const foreign = Uint8Array.from(audio)
    foreign.set(Buffer.from('other'), Buffer.from(audio).indexOf('Spellmesh demo voice'))
    expect((await listen(speech, foreign)).text).toMatch(/^\[demo: \d\.\d s of sound; connect a real recogniser\]$/)
    const webm = Buffer.concat([Buffer.from('1a45dfa3', 'hex'), Buffer.alloc(3_000)])
    expect((await listen(speech, webm, { mediaType: 'audio/webm;codecs=opus' })).text).toBe(
      '[demo: 3 KB of sound; connect a real recogniser]',
    )
  })
})

test('the voices are told, each with what it can, and the defaults', async () => {
  const { voices, recognisers, defaultVoice, defaultRecogniser } = await speech.listVoices({})
  expect([defaultVoice, defaultRecogniser]).toEqual(['local/demo', 'local/demo'])
  expect(voices.filter(({ provider }) => provider === 'local').map(({ id, formats }) => [id, formats])).toEqual([
    ['local/demo', ['wav']],
    ['local/low', ['wav']],
    ['local/high', ['wav']],
  ])
  expect(recognisers.find(({ id }) => id === 'local/demo')).toEqual({
    id: 'local/demo',
    provider: 'local',
    about: expect.stringContaining('demo'),
    partial: true,
    timestamps: true,
  })
})

describe('what is refused', () => {
  test('bad requests, with every problem', async () => {
    const request = { text: ' ', voice: 'a\nb', format: 'flac', speed: 5, language: 'de_DE' }
    await expect(say(speech, request)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [
        { path: 'text', message: 'expected something to say' },
        { path: 'format', message: '"flac" is none of mp3, wav, opus' },
        { path: 'speed', message: '5 is not from 0.25 to 4' },
        { path: 'voice', message: 'expected provider/name of at most 200 characters' },
        { path: 'language', message: '"de_DE" is not a language as BCP 47 writes it, e.g. de or pt-BR' },
      ],
    })
    await expect(say(speech, { text: 'é'.repeat(4_097) })).rejects.toMatchObject({
      problems: [{ path: 'text', message: 'has 4097 characters; at most 4096' }],
    })
    await expect(say(speech, { text: 'x', speed: Number.NaN })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(
      listen(speech, new Uint8Array(), {
        model: 'x'.repeat(201),
        mediaType: 'text/plain',
        language: '?',
        prompt: 'x'.repeat(4_097),
      }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [
        { path: 'options.model' },
        { path: 'options.language' },
        { path: 'options.mediaType', message: '"text/plain" is not of audio: expected e.g. audio/webm, or nothing' },
        { path: 'options.prompt', message: 'has 4097 characters; at most 4096' },
      ],
    })
  })

  test('a format that the voice does not have', async () => {
    await expect(say(speech, { text: 'x', format: 'mp3' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'format: "local/demo" does not speak mp3: it has wav',
    })
  })

  test('voices and recognisers that nobody has; the nearest are told', async () => {
    await expect(say(speech, { text: 'x', voice: 'local/hihg' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^nobody has the voice "local\/hihg"; there are "local\/high", /),
    })
    await expect(listen(speech, Buffer.from('OggS--------'), { model: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^nobody has the recogniser "nobody"; there are /),
    })
    await expect(say(speech, { text: 'x', voice: 'local/' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect((await say(speech, { text: 'x', voice: 'high' })).voice).toBe('local/high')
  })

  test.each([
    ['nothing', '', 'got nothing'],
    ['a text', 'hello world, this is no audio', 'got bytes that begin with "hello wo"'],
    ['AAC without a container', '\xff\xf1\x50\x80abcdefghijk', 'got bytes that begin with "··P·abcd"'],
    ['a picture', '\x89PNG\r\n\x1a\n----------------', 'got bytes that begin with "·PNG····"'],
  ])('%s is not audio', async (_, bytes, said) => {
    await expect(listen(speech, Buffer.from(bytes, 'latin1'), {}, { pieceBytes: 5 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `audio: expected audio as wav, mp3, ogg, webm, flac, m4a, ${said}`,
    })
  })

  test('what is too long, without taking the rest', async () => {
    let taken = 0
    const endless = async function* () {
      for await (const request of recordingOf(new Uint8Array([...Buffer.from('OggS'), ...new Uint8Array(50_000)])))
        yield request
      for (;;) {
        taken++
        yield { part: { $case: 'audio' as const, value: new Uint8Array(50_000) } }
      }
    }
    const read = async () => {
      for await (const _ of speech.transcribe(endless())) throw new Error('it answered')
    }
    await expect(read()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'audio: is longer than 200000 bytes, the most that is listened to',
    })
    expect(taken).toBeLessThan(20)
  })

  test('requests out of order', async () => {
    const audio = { part: { $case: 'audio' as const, value: new Uint8Array(3) } }
    const options = { part: { $case: 'options' as const, value: {} } }
    const ask = async (...requests: readonly (typeof audio | typeof options | object)[]) => {
      const stream = async function* () {
        yield* requests
      }
      for await (const _ of speech.transcribe(stream())) throw new Error('it answered')
    }
    await expect(ask(audio)).rejects.toMatchObject({ message: 'part: expected options first, got audio' })
    await expect(ask()).rejects.toMatchObject({ message: 'part: expected options first, got nothing' })
    await expect(ask(options, options)).rejects.toMatchObject({
      message: 'part: expected audio after the options, got options',
    })
    await expect(ask({})).rejects.toMatchObject({ message: 'part: expected options first, got nothing' })
  })
})

test('who leaves in the middle is not spoken to any longer', async () => {
  const parts = speech.synthesize({ text: 'word '.repeat(800) })[Symbol.asyncIterator]()
  expect((await parts.next()).value).toMatchObject({ part: { $case: 'begin' } })
  await parts.return?.()
  expect(await parts.next()).toEqual({ done: true, value: undefined })
  const abort = new AbortController()
  const read = async () => {
    for await (const { part } of speech.synthesize({ text: 'word '.repeat(800) }, { signal: abort.signal }))
      if (part?.$case === 'audio') abort.abort()
  }
  await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
})
