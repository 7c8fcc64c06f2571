import type { SynthesizeRequest, SynthesizeResponse } from '#gen/spellmesh/speech/v1/speech.ts'
import { invalid, unavailable } from '#mesh/errors.ts'
import { durationOf } from './duration.ts'
import type { Asker, AudioFormat } from './provider.ts'
import { readKey, readSynthesis } from './request.ts'
import { sniffAudio } from './sniff.ts'
import type { Found, Voices } from './voices.ts'
import type { ProviderVoice } from './provider.ts'

const PIECE_BYTES = 256 * 1024
/** Nobody speaks 4,096 characters for longer. */
const MOST_BYTES = 64 * 1024 * 1024

export interface Spoken {
  readonly provider: string
  readonly characters: number
}

/** Speaks: the beginning, pieces, the finish. */
export async function* speak(
  request: SynthesizeRequest,
  asker: Asker,
  { voices, defaultVoice, onSpoken }: { voices: Voices; defaultVoice: string; onSpoken(spoken: Spoken): void },
): AsyncGenerator<SynthesizeResponse> {
  const checked = readSynthesis(request)
  const idempotencyKey = readKey(asker.call.metadata.get('idempotency-key'))
  const voice = await voices.voice(request.voice || defaultVoice, asker)
  const format = chooseFormat(voice, checked.format)
  const parts = voice.provider.speak(
    {
      voice: voice.name,
      text: checked.text,
      speed: checked.speed,
      language: checked.language,
      idempotencyKey,
      ...(format ? { format } : {}),
    },
    asker,
  )
  const pieces: Uint8Array[] = []
  let [size, begun] = [0, false]
  let cost: (durationMs: number) => number | undefined = () => undefined
  for await (const part of parts) {
    if ('mediaType' in part) {
      begun = true
      yield { part: { $case: 'begin', value: { mediaType: part.mediaType, voice: voice.id } } }
    } else if ('cost' in part) cost = part.cost
    else {
      if (!begun) throw new Error(`${voice.id} gives audio before it says of what kind`)
      size += part.audio.length
      if (size > MOST_BYTES)
        throw unavailable(`"${voice.id}" speaks without an end: given up after ${MOST_BYTES} bytes`)
      pieces.push(part.audio)
      for (let at = 0; at < part.audio.length; at += PIECE_BYTES)
        yield { part: { $case: 'audio', value: part.audio.subarray(at, at + PIECE_BYTES) } }
    }
  }
  if (size === 0) throw unavailable(`"${voice.id}" said nothing`)
  const durationMs = lengthOf(pieces)
  onSpoken({ provider: voice.id.slice(0, voice.id.indexOf('/')), characters: checked.text.length })
  const known = cost(durationMs)
  yield { part: { $case: 'finish', value: { durationMs, ...(known === undefined ? {} : { cost: known }) } } }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  const whole = Buffer.concat(pieces)
  const kind = sniffAudio(whole)
  return kind ? durationOf(whole, kind) : 0
}

/** What was asked for, if the voice has it; else mp3 where it has that, else what it has. */
function chooseFormat({ id, listed }: Found<ProviderVoice>, asked: AudioFormat | undefined): AudioFormat | undefined {
  if (!listed) return asked
  const { formats } = listed
  if (asked && !formats.includes(asked))
    throw invalid([
      {
        path: 'format',
        message:
          formats.length > 0
            ? `"${id}" does not speak ${asked}: it has ${formats.join(', ')}`
            : `"${id}" gives what its model gives: a format cannot be chosen`,
      },
    ])
  return asked ?? (formats.includes('mp3') ? 'mp3' : formats[0])
}
