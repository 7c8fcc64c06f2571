// The built-in voice and recogniser: no network, no key, no weights. They are for trying things out, and say so.
import { setImmediate as turn } from 'node:timers/promises'
import { cancelled } from '#mesh/errors.ts'
import { createSpeech, SAMPLE_RATE, samplesOf } from '../formants.ts'
import type { Speaker } from '../formants.ts'
import { toSounds } from '../letters.ts'
import type { HeardPart, HearRequest, ProviderDefinition, SpeakRequest, SpokenPart, Timed } from '../provider.ts'
import { readWav, writeWavHeader } from '../riff.ts'
import { MEDIA_TYPES } from '../sniff.ts'
import type { AudioKind } from '../sniff.ts'

const SOFTWARE = 'Spellmesh demo voice'
const VOICES: Readonly<Record<string, Speaker & { readonly title: string }>> = {
  demo: { title: 'Demo', pitch: 150, throat: 1.08 },
  low: { title: 'Demo, low', pitch: 105, throat: 1 },
  high: { title: 'Demo, high', pitch: 215, throat: 1.18 },
}

export default {
  name: 'local',
  open: () => ({
    accepts: () => false,
    isReady: async () => true,
    voices: async () =>
      Object.entries(VOICES).map(([name, { title }]) => ({
        name,
        title,
        about: 'Built in, offline: babbles in the rhythm of the text. A demo; connect a real voice to be understood.',
        languages: [],
        formats: ['wav'] as const,
      })),
    recognisers: async () => [
      {
        name: 'demo',
        about: 'Built in, offline: understands the built-in voice, and nobody else. A demo; connect a real recogniser.',
        partial: true,
        timestamps: true,
        takes: Object.keys(MEDIA_TYPES) as AudioKind[],
      },
    ],
    speak: (request, { call }) => speak(request, call.signal),
    hear: (request, { call }) => hear(request, call.signal),
  }),
} satisfies ProviderDefinition

async function* speak({ voice, text, speed }: SpeakRequest, signal: AbortSignal): AsyncGenerator<SpokenPart> {
  const words = toSounds(text)
  const samples = words.flatMap(({ sounds }) => sounds).reduce((sum, sound) => sum + samplesOf(sound, speed), 0)
  yield { mediaType: 'audio/wav' }
  yield { audio: writeWavHeader({ sampleRate: SAMPLE_RATE, samples, notes: { ISFT: SOFTWARE, ICMT: text } }) }
  const make = createSpeech(VOICES[voice] ?? { pitch: 150, throat: 1 }, speed)
  for (const word of words) {
    if (signal.aborted) throw cancelled()
    yield { audio: new Uint8Array(make(word).buffer) }
    await turn()
  }
  yield { cost: () => 0 }
}

async function* hear(
  { audio, kind, durationMs, language, timestamps }: HearRequest,
  signal: AbortSignal,
): AsyncGenerator<HeardPart> {
  const text = told(audio, kind) ?? describe(audio, durationMs)
  let partial = ''
  for (const word of text.match(/\s*\S+/g) ?? []) {
    if (signal.aborted) throw cancelled()
    partial += word
    yield { partial: partial.trim() }
    await turn()
  }
  const words = spread(text.match(/\S+/g) ?? [], durationMs)
  const segments = spread(text.match(/[^.!?]+[.!?]*\s*/g) ?? [], durationMs)
  yield { text, language, durationMs, cost: 0, ...(timestamps ? { words, segments } : {}) }
}

/** What the built-in voice was told to say: it writes that into its files. */
function told(audio: Uint8Array, kind: AudioKind): string | undefined {
  const notes = kind === 'wav' ? readWav(audio)?.notes : undefined
  return notes?.get('ISFT') === SOFTWARE ? notes.get('ICMT') : undefined
}

function describe(audio: Uint8Array, durationMs: number): string {
  const size = durationMs > 0 ? `${(durationMs / 1000).toFixed(1)} s` : `${Math.ceil(audio.length / 1024)} KB`
  return `[demo: ${size} of sound; connect a real recogniser]`
}

/** Pieces of a text over a time, by their length. */
function spread(pieces: readonly string[], durationMs: number): readonly Timed[] {
  const total = pieces.reduce((sum, { length }) => sum + length, 0)
  const at = (characters: number) => Math.round((durationMs * characters) / Math.max(1, total))
  let before = 0
  return pieces.map(piece => {
    const startMs = at(before)
    before += piece.length
    return { startMs, endMs: at(before), text: piece.trim() }
  })
}
