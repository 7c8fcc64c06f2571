import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { listen, recordingOf, say, speechOf } from './kit.suite.ts'
import { findProgram, finishProgram, runProgram } from './providers/program.ts'
import { writeWavHeader } from './riff.ts'

const WAV = Buffer.concat([writeWavHeader({ sampleRate: 16_000, samples: 16_000 }), Buffer.alloc(32_000)])
const isInstalled = (await findProgram('espeak-ng')) !== undefined
const ffmpeg = await findProgram('ffmpeg')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellmesh-programs-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

/** A program that does what the shell is told: it writes what whisper.cpp does, where that is not installed. */
async function program(script: string): Promise<string> {
  const path = join(folder, 'whisper')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

const whereInstalled = isInstalled ? describe : describe.skip
whereInstalled('eSpeak NG, where it is installed', () => {
  let system: TestSystem
  beforeAll(async () => {
    system = await embedded({ services: ['speech'] })
  })
  afterAll(async () => system.stop())

  test('without a model whisper.cpp is not offered', async () => {
    const { recognisers } = await speechOf(system.as('ada')).listVoices({})
    expect(recognisers.map(({ provider }) => provider)).not.toContain('whisper')
  })

  test('lists a voice for each language', async () => {
    const { voices } = await speechOf(system.as('ada')).listVoices({})
    const own = voices.filter(({ provider }) => provider === 'espeak')
    expect(own.length).toBeGreaterThan(50)
    expect(own.find(({ id }) => id === 'espeak/de')).toMatchObject({ languages: ['de'], formats: ['wav'] })
    expect(new Set(own.map(({ id }) => id)).size).toBe(own.length)
  })

  test('speaks, as fast as it is told to', async () => {
    const speech = speechOf(system.as('ada'))
    const text = 'Guten Tag. Schön, dass Sie da sind; es geht los.'
    const usual = await say(speech, { text, voice: 'espeak/de', language: 'de-DE' })
    expect(usual).toMatchObject({ mediaType: 'audio/wav', voice: 'espeak/de', cost: 0 })
    expect(usual.durationMs).toBeGreaterThan(1_500)
    expect(usual.durationMs).toBeLessThan(8_000)
    const fast = await say(speech, { text, voice: 'espeak/de', speed: 2 })
    expect(fast.durationMs).toBeLessThan(usual.durationMs * 0.7)
  })

  test('a text is never an option or a command', async () => {
    const speech = speechOf(system.as('ada'))
    const text = '--help -w /tmp/x $(touch /tmp/x) `id` "; exit\n-v nobody'
    expect((await say(speech, { text, voice: 'espeak/en-us' })).durationMs).toBeGreaterThan(1_000)
    await expect(say(speech, { text: 'x', voice: 'espeak/--help' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('has wav only, and no other language than its voice’s', async () => {
    const speech = speechOf(system.as('ada'))
    await expect(say(speech, { text: 'x', voice: 'espeak/de', format: 'opus' })).rejects.toMatchObject({
      message: 'format: "espeak/de" does not speak opus: it has wav',
    })
    await expect(say(speech, { text: 'x', voice: 'espeak/de', language: 'fr' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'language' }],
    })
  })
})

describe('whisper.cpp', () => {
  const TALK = String.raw`printf 'whisper_full_with_state: auto-detected language: de (p = 0.98)\n' >&2
printf '\n[00:00:00.000 --> 00:00:01.500]   Sch\303'
printf '\266n hier.\n[00:00:01.500 --> 01:00:02.250]   Ja?\n\n'`

  let system: TestSystem
  let path: string
  beforeAll(async () => {
    path = await program('exit 1')
    system = await embedded({
      services: ['speech'],
      settings: { ESPEAK_PROGRAM: 'not-there', WHISPER_PROGRAM: path, WHISPER_MODEL: '/models/ggml-tiny.bin' },
    })
  })
  afterAll(async () => system.stop())

  test('a program that is not installed is not offered', async () => {
    const { voices } = await speechOf(system.as('ada')).listVoices({})
    expect(voices.map(({ provider }) => provider)).not.toContain('espeak')
  })

  test('gives what it hears as it hears it, with times and the language that it found', async () => {
    await program(`printf '%s\\n' "$@" > ${folder}/args\n${TALK}`)
    const speech = speechOf(system.as('ada'))
    expect((await speech.listVoices({})).recognisers.map(({ id }) => id)).toContain('whisper/tiny')
    expect(await listen(speech, WAV, { model: 'whisper/tiny', timestamps: true, prompt: 'a "b" $(c)' })).toEqual({
      text: 'Schön hier. Ja?',
      language: 'de',
      durationMs: 1_000,
      segments: [
        { startMs: 0, endMs: 1_500, text: 'Schön hier.' },
        { startMs: 1_500, endMs: 3_602_250, text: 'Ja?' },
      ],
      words: [],
      model: 'whisper/tiny',
      cost: 0,
      partials: ['Schön hier.', 'Schön hier. Ja?'],
    })
    const args = (await readFile(join(folder, 'args'), 'utf8')).split('\n')
    expect(args.filter((_, index) => index !== 3)).toEqual([
      '-m',
      '/models/ggml-tiny.bin',
      '-f',
      '-l',
      'auto',
      '--prompt',
      'a "b" $(c)',
      '',
    ])
    expect(args[3]).toMatch(/audio\.wav$/)
  })

  test('its words are told where it fails, and nothing is left behind', async () => {
    const before = leftovers()
    await program(`echo 'error: failed to initialize whisper context' >&2; exit 3`)
    await expect(listen(speechOf(system.as('ada')), WAV, { model: 'whisper/tiny' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `"${path}" ended with 3: error: failed to initialize whisper context`,
    })
    expect(leftovers()).toEqual(before)
  })

  test('what it cannot read is refused', async () => {
    const aac = Buffer.concat([Buffer.from('fff15080', 'hex'), Buffer.alloc(100)])
    await expect(listen(speechOf(system.as('ada')), aac, { model: 'whisper/tiny' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^audio: expected audio as wav/),
    })
  })

  test('it is ended when the caller leaves', async () => {
    await program(`echo $$ > ${folder}/pid\n${TALK}\nexec sleep 1000`)
    const abort = new AbortController()
    const hearing = async () => {
      const requests = recordingOf(WAV, { model: 'whisper/tiny' })
      for await (const { part } of speechOf(system.as('ada')).transcribe(requests, { signal: abort.signal }))
        if (part?.$case === 'partial') abort.abort()
    }
    await expect(hearing()).rejects.toMatchObject({ code: 'CANCELLED' })
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
    while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 10))
    expect(pid).toBeGreaterThan(0)
  })

  test('it is ended when it takes too long', async () => {
    await program(`echo $$ > ${folder}/pid2\nexec sleep 1000`)
    const running = runProgram(path, { args: [], signal: new AbortController().signal, timeoutMs: 300 })
    await expect(running.next()).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: `"${path}" was not ready after 300 ms`,
    })
  })
})

describe('what browsers record, for whisper.cpp', () => {
  const webm = Buffer.concat([Buffer.from('1a45dfa3', 'hex'), Buffer.alloc(100)])
  let system: TestSystem
  beforeAll(async () => {
    const settings = { WHISPER_MODEL: 'm/ggml-tiny.bin', FFMPEG_PROGRAM: ffmpeg ?? 'not-there', ESPEAK_PROGRAM: '' }
    // It says of what kind the file is that it was given.
    const path = await program(`printf '[00:00:00.000 --> 00:00:01.000] '; head -c 12 "$4" | tail -c 4`)
    system = await embedded({ services: ['speech'], settings: { ...settings, WHISPER_PROGRAM: path } })
  })
  afterAll(async () => system.stop())

  const [whereThere, whereNot] = ffmpeg ? [describe, describe.skip] : [describe.skip, describe]
  whereThere('FFmpeg is installed', () => {
    test.each([
      ['webm', 'matroska', 'libopus'],
      ['m4a', 'mp4', 'aac'],
    ])('%s becomes wav', async (_, container, codec) => {
      const file = join(folder, container)
      const args = [
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'sine=d=1',
        '-c:a',
        codec,
        '-strict',
        '-2',
        '-f',
        container,
        file,
      ]
      const made = { args, signal: new AbortController().signal, timeoutMs: 60_000 }
      await finishProgram(ffmpeg ?? '', made)
      const heard = await listen(speechOf(system.as('ada')), await readFile(file), { model: 'whisper/tiny' })
      expect(heard.text).toBe('WAVE')
    })

    test('what cannot be decoded is refused', async () => {
      await expect(listen(speechOf(system.as('ada')), webm, { model: 'whisper/tiny' })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^audio: expected webm that can be decoded: /),
      })
    })
  })
  whereNot('FFmpeg is not installed', () => {
    test('webm is refused, with what is taken', async () => {
      await expect(listen(speechOf(system.as('ada')), webm, { model: 'whisper/tiny' })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: 'audio: "whisper/tiny" takes wav, mp3, ogg, flac, not webm',
      })
    })
  })
})

const leftovers = () => readdirSync(tmpdir()).filter(name => name.startsWith('spellmesh-speech-'))
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
