// whisper.cpp's program, where it is installed and has a model: a recogniser of this machine.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { invalid, isCoded } from '#mesh/errors.ts'
import type { Asker, HeardPart, HearRequest, ProviderDefinition, Timed } from '../provider.ts'
import type { AudioKind } from '../sniff.ts'
import { findProgram, finishProgram, runProgram } from './program.ts'

/** It may take this much longer than what it listens to, and at least the settings' time. */
const PATIENCE = 10
/** What it reads itself; what browsers record, FFmpeg turns into that. */
const READS: readonly AudioKind[] = ['wav', 'mp3', 'ogg', 'flac']
const CONVERTS: readonly AudioKind[] = ['webm', 'm4a']

export default {
  name: 'whisper',
  async open({ settings }) {
    const { WHISPER_MODEL: model, SPEECH_TIMEOUT_MS: timeoutMs } = settings
    const path = model === '' ? undefined : await findProgram(settings.WHISPER_PROGRAM)
    if (!path) return undefined
    const ffmpeg = await findProgram(settings.FFMPEG_PROGRAM)
    const name = basename(model).replace(/^ggml-|\.bin$/g, '') || 'model'
    return {
      isReady: async () => true,
      accepts: () => false,
      voices: async () => [],
      recognisers: async () => [
        {
          name,
          about: 'whisper.cpp on this machine, offline',
          partial: true,
          timestamps: true,
          takes: ffmpeg ? [...READS, ...CONVERTS] : READS,
        },
      ],
      // It lists no voices, and so nobody gets here.
      speak: () => {
        throw invalid('"whisper" listens and does not speak')
      },
      hear: (request, asker) => hear({ path, model, ffmpeg, timeoutMs }, request, asker),
    }
  },
} satisfies ProviderDefinition

interface Program {
  readonly path: string
  readonly model: string
  readonly ffmpeg: string | undefined
  readonly timeoutMs: number
}

async function* hear(program: Program, request: HearRequest, { call }: Asker): AsyncGenerator<HeardPart> {
  const { audio, kind, durationMs, language, prompt, timestamps } = request
  const folder = await mkdtemp(join(tmpdir(), 'spellmesh-speech-'))
  try {
    const given = join(folder, `audio.${kind}`)
    await writeFile(given, audio)
    const file = READS.includes(kind) ? given : await convert(program, given, kind, call.signal)
    const spoken = language.split('-')[0]?.toLowerCase() || 'auto'
    const words = prompt === '' ? [] : ['--prompt', prompt]
    const args = ['-m', program.model, '-f', file, '-l', spoken, ...words]
    const timeoutMs = Math.max(program.timeoutMs, durationMs * PATIENCE)
    const lines = linesOf(runProgram(program.path, { args, signal: call.signal, timeoutMs }))
    const segments: Timed[] = []
    for (;;) {
      const step = await lines.next()
      if (step.done) {
        const [, found] = /auto-detected language: (\w+)/.exec(step.value) ?? []
        const heard = language || found
        const text = textOf(segments)
        return yield { text, cost: 0, ...(heard ? { language: heard } : {}), ...(timestamps ? { segments } : {}) }
      }
      const segment = readSegment(step.value)
      if (!segment) continue
      segments.push(segment)
      yield { partial: textOf(segments) }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The demuxer is named: a file that pretends to be another kind, e.g. a list of other files, is not read as that. */
async function convert({ ffmpeg = '', timeoutMs }: Program, given: string, kind: AudioKind, signal: AbortSignal) {
  const file = `${given}.wav`
  const from = ['-f', kind === 'webm' ? 'matroska' : 'mov', '-protocol_whitelist', 'file', '-i', given]
  const args = ['-nostdin', '-v', 'error', ...from, '-vn', '-ac', '1', '-ar', '16000', '-f', 'wav', file]
  try {
    await finishProgram(ffmpeg, { args, signal, timeoutMs })
  } catch (error) {
    if (!isCoded(error, 'UNAVAILABLE')) throw error
    throw invalid([{ path: 'audio', message: `expected ${kind} that can be decoded: ${error.message}` }])
  }
  return file
}

const textOf = (segments: readonly Timed[]) =>
  segments
    .map(({ text }) => text)
    .join(' ')
    .trim()

/** `[00:00:00.000 --> 00:00:02.500]   And so my fellow Americans` */
function readSegment(line: string): Timed | undefined {
  const found = /^\[(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})\]\s*(.*)$/.exec(line.trim())
  if (!found) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = found.slice(1, 9).map(Number)
  return {
    startMs: ((a * 60 + b) * 60 + c) * 1000 + d,
    endMs: ((e * 60 + f) * 60 + g) * 1000 + h,
    text: (found[9] ?? '').trim(),
  }
}

/** Lines of text, however its bytes are cut. */
async function* linesOf(bytes: AsyncGenerator<Buffer, string>): AsyncGenerator<string, string> {
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const step = await bytes.next()
      const lines = (rest + (step.done ? decoder.decode() : decoder.decode(step.value, { stream: true }))).split('\n')
      rest = step.done ? '' : (lines.pop() ?? '')
      yield* lines
      if (step.done) return step.value
    }
  } finally {
    await bytes.return('')
  }
}
