// What OpenAI has, and what it costs: as its own pages and its package say in November 2026. Models that speak end on 2027-01-06, `whisper-1` and `gpt-4o-*-transcribe` on 2027-02-26.

export const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'cedar',
  'coral',
  'echo',
  'fable',
  'marin',
  'nova',
  'onyx',
  'sage',
  'shimmer',
  'verse',
] as const

export interface RecogniserFigures {
  readonly about: string
  readonly partial: boolean
  readonly timestamps: boolean
  /** US dollars for a minute. */
  readonly minute: number
  /** US dollars for a million tokens, where it says how many there were. */
  readonly tokens?: { readonly input: number; readonly output: number }
}
export const RECOGNISERS: Readonly<Record<string, RecogniserFigures>> = {
  'gpt-transcribe': { about: 'Follows what is said, without times', partial: true, timestamps: false, minute: 0.006 },
  'gpt-4o-transcribe': {
    about: 'Follows what is said, without times',
    partial: true,
    timestamps: false,
    minute: 0.006,
    tokens: { input: 2.5, output: 10 },
  },
  'gpt-4o-mini-transcribe': {
    about: 'Follows what is said, without times; cheaper',
    partial: true,
    timestamps: false,
    minute: 0.003,
    tokens: { input: 1.25, output: 5 },
  },
  'whisper-1': { about: 'With times of sentences and words', partial: false, timestamps: true, minute: 0.006 },
}

const CHARACTERS: Readonly<Record<string, number>> = { 'tts-1': 15, 'tts-1-hd': 30 }
/** OpenAI's own estimate. */
const MINUTE: Readonly<Record<string, number>> = { 'gpt-4o-mini-tts': 0.015 }

/** US dollars for what was said. */
export function costOfSpeech(model: string, characters: number, durationMs: number): number | undefined {
  const family = model.replace(/-\d{4}-\d{2}-\d{2}$/, '')
  const [million, minute] = [CHARACTERS[family], MINUTE[family]]
  if (million !== undefined) return (million * characters) / 1_000_000
  return minute !== undefined && durationMs > 0 ? (minute * durationMs) / 60_000 : undefined
}

export interface HeardUsage {
  readonly input_tokens?: number
  readonly output_tokens?: number
  readonly seconds?: number
}
/** US dollars for what was heard: by its tokens or seconds where they are told, else by its length. */
export function costOfHearing(model: string, usage: HeardUsage | undefined, durationMs: number): number | undefined {
  const figures = RECOGNISERS[model.replace(/-\d{4}-\d{2}-\d{2}$/, '')]
  if (!figures) return undefined
  const { input_tokens: input = 0, output_tokens: output = 0, seconds = durationMs / 1000 } = usage ?? {}
  if (figures.tokens && input + output > 0)
    return (figures.tokens.input * input + figures.tokens.output * output) / 1_000_000
  return seconds > 0 ? (figures.minute * seconds) / 60 : undefined
}
