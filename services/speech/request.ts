import type { SynthesizeRequest, TranscribeOptions, TranscribeRequest } from '#gen/spellmesh/speech/v1/speech.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { FORMATS } from './provider.ts'
import type { AudioFormat } from './provider.ts'
import { notAudio, sniffAudio, SNIFFED_BYTES } from './sniff.ts'
import type { AudioKind } from './sniff.ts'

const MOST_CHARACTERS = 4_096
const MOST_PROMPT = 4_096
const MOST_NAME = 200
const MOST_PIECE = 1024 * 1024
const MOST_KEY = 200

/** What to say, and how. Throws INVALID_ARGUMENT with every bad field. */
export function readSynthesis({ text, voice, format, speed = 1, language }: SynthesizeRequest): {
  text: string
  format: AudioFormat | undefined
  speed: number
  language: string
} {
  const problems: Problem[] = []
  const length = text.length > MOST_CHARACTERS ? Array.from(text).length : text.length
  if (text.trim() === '') problems.push({ path: 'text', message: 'expected something to say' })
  if (length > MOST_CHARACTERS)
    problems.push({ path: 'text', message: `has ${length} characters; at most ${MOST_CHARACTERS}` })
  const known = FORMATS.find(one => one === format)
  if (format !== '' && !known)
    problems.push({ path: 'format', message: `"${format.slice(0, 40)}" is none of ${FORMATS.join(', ')}` })
  if (!(speed >= 0.25 && speed <= 4)) problems.push({ path: 'speed', message: `${speed} is not from 0.25 to 4` })
  problems.push(...nameProblems('voice', voice), ...languageProblems('language', language))
  if (problems.length > 0) throw invalid(problems)
  return { text, format: known, speed, language }
}

/** The idempotency key of a call: of printable ASCII; empty: there is none. */
export function readKey(given: string | undefined): string {
  const key = given ?? ''
  if (key.length > MOST_KEY || /[^\x20-\x7e]/.test(key))
    throw invalid([{ path: 'idempotency-key', message: `expected at most ${MOST_KEY} printable ASCII characters` }])
  return key
}

export interface Recording {
  readonly options: TranscribeOptions
  readonly audio: Uint8Array<ArrayBuffer>
  readonly kind: AudioKind
}

/** Gathers what is to be heard. Throws INVALID_ARGUMENT as soon as it is known to be no audio, too long, or out of order. */
export async function readRecording(
  requests: AsyncIterable<TranscribeRequest>,
  limitBytes: number,
): Promise<Recording> {
  let options: TranscribeOptions | undefined
  const pieces: Uint8Array[] = []
  let [size, checked] = [0, false]
  for await (const { part } of requests) {
    if (!options) {
      if (part?.$case !== 'options')
        throw invalid([{ path: 'part', message: `expected options first, got ${part?.$case ?? 'nothing'}` }])
      options = checkOptions(part.value)
    } else if (part?.$case !== 'audio')
      throw invalid([{ path: 'part', message: `expected audio after the options, got ${part?.$case ?? 'nothing'}` }])
    else {
      if (part.value.length > MOST_PIECE)
        throw invalid([{ path: 'audio', message: `a piece of ${part.value.length} bytes; at most ${MOST_PIECE}` }])
      size += part.value.length
      if (size > limitBytes)
        throw invalid([{ path: 'audio', message: `is longer than ${limitBytes} bytes, the most that is listened to` }])
      pieces.push(part.value)
      if (!checked && size >= SNIFFED_BYTES) {
        kindOf(pieces)
        checked = true
      }
    }
  }
  if (!options) throw invalid([{ path: 'part', message: 'expected options first, got nothing' }])
  return { options, audio: Uint8Array.from(Buffer.concat(pieces)), kind: kindOf(pieces) }
}

function kindOf(pieces: readonly Uint8Array[]): AudioKind {
  const begin = Buffer.concat(pieces.slice(0, SNIFFED_BYTES)).subarray(0, 64)
  const kind = sniffAudio(begin)
  if (!kind) throw invalid([{ path: 'audio', message: notAudio(begin) }])
  return kind
}

function checkOptions(options: TranscribeOptions): TranscribeOptions {
  const problems = [
    ...nameProblems('options.model', options.model),
    ...languageProblems('options.language', options.language),
  ]
  if (!/^(((audio|video)\/[\w.+-]+|application\/ogg)(\s*;.*)?)?$/s.test(options.mediaType.slice(0, 200)))
    problems.push({
      path: 'options.mediaType',
      message: `"${options.mediaType.slice(0, 40)}" is not of audio: expected e.g. audio/webm, or nothing`,
    })
  if (options.prompt.length > MOST_PROMPT)
    problems.push({
      path: 'options.prompt',
      message: `has ${options.prompt.length} characters; at most ${MOST_PROMPT}`,
    })
  if (problems.length > 0) throw invalid(problems)
  return options
}

function nameProblems(path: string, name: string): readonly Problem[] {
  return name.length > MOST_NAME || /\p{Cc}/u.test(name)
    ? [{ path, message: `expected provider/name of at most ${MOST_NAME} characters` }]
    : []
}
function languageProblems(path: string, language: string): readonly Problem[] {
  return language === '' || (language.length <= 35 && /^[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*$/.test(language))
    ? []
    : [{ path, message: `"${language.slice(0, 40)}" is not a language as BCP 47 writes it, e.g. de or pt-BR` }]
}
