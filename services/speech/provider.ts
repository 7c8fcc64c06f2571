import type { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import type { Call, Client } from '#mesh/service.ts'
import type { AudioKind } from './sniff.ts'

/** What speech may come as. */
export const FORMATS = ['mp3', 'wav', 'opus'] as const
export type AudioFormat = (typeof FORMATS)[number]

/** Who asks, and what keys that user has. */
export interface Asker {
  readonly call: Pick<Call, 'caller' | 'signal' | 'metadata'>
  /** The user's secret of this name; undefined: there is none. */
  secret(name: string): Promise<string | undefined>
  /** Whether the user keeps a secret of this name. */
  keeps(name: string): Promise<boolean>
}

export interface ProviderVoice {
  readonly name: string
  readonly title: string
  /** What a person should know. */
  readonly about: string
  /** BCP 47; none: any. */
  readonly languages: readonly string[]
  /** None: what the voice gives cannot be chosen. */
  readonly formats: readonly AudioFormat[]
}
export interface ProviderRecogniser {
  readonly name: string
  readonly about: string
  readonly partial: boolean
  readonly timestamps: boolean
  /** The kinds that it takes. */
  readonly takes: readonly AudioKind[]
}

/** Checked: 1 to 4,096 characters, a format that the voice has, a speed in range. */
export interface SpeakRequest {
  /** The voice's name without the provider's. */
  readonly voice: string
  readonly text: string
  /** Absent: the voice gives what it gives. */
  readonly format?: AudioFormat
  readonly speed: number
  readonly language: string
  /** Empty: none. */
  readonly idempotencyKey: string
}
/** What kind of audio, its bytes in order, and at the end the cost in US dollars where it is known. */
export type SpokenPart =
  | { readonly mediaType: string }
  | { readonly audio: Uint8Array }
  | { readonly cost: (durationMs: number) => number | undefined }

/** Checked: audio of a kind that the recogniser takes, not too long. */
export interface HearRequest {
  /** The recogniser's name without the provider's. */
  readonly model: string
  readonly audio: Uint8Array<ArrayBuffer>
  readonly kind: AudioKind
  /** As far as its bytes tell; 0: unknown. */
  readonly durationMs: number
  readonly language: string
  readonly timestamps: boolean
  readonly prompt: string
  readonly idempotencyKey: string
}
export interface Heard {
  readonly text: string
  readonly language?: string
  readonly durationMs?: number
  readonly segments?: readonly Timed[]
  readonly words?: readonly Timed[]
  readonly cost?: number
}
export interface Timed {
  readonly startMs: number
  readonly endMs: number
  readonly text: string
}
/** The text so far, any number of times, then exactly one transcript. */
export type HeardPart = { readonly partial: string } | Heard

/**
 * Who speaks and listens. A file each under `providers/`, which default-exports a {@link ProviderDefinition}. All throw coded errors, in the provider's own
 * words, and close their request, or end their program, when the asker's signal aborts or the reader leaves.
 */
export interface Provider {
  /** Whether it can be asked: it is set up here, or the asker has a key for it. */
  isReady(asker: Asker): Promise<boolean>
  /** Whether it also answers for a name that it does not list. */
  accepts(name: string): boolean
  voices(asker: Asker): Promise<readonly ProviderVoice[]>
  recognisers(asker: Asker): Promise<readonly ProviderRecogniser[]>
  speak(request: SpeakRequest, asker: Asker): AsyncIterable<SpokenPart>
  hear(request: HearRequest, asker: Asker): AsyncIterable<HeardPart>
}

/** How a provider is made from the instance's settings; undefined: it does not exist here. */
export interface ProviderDefinition {
  readonly name: string
  open(environment: ProviderEnvironment): Promise<Provider | undefined> | Provider | undefined
}

export interface ProviderEnvironment {
  readonly settings: SpeechSettings
  readonly huggingface: Pick<Client<typeof HuggingfaceServiceDefinition>, 'run' | 'listModels'>
}

export interface SpeechSettings {
  readonly SPEECH_BASE_URL: string
  readonly SPEECH_API_KEY: string
  readonly SPEECH_MODEL: string
  readonly OPENAI_BASE_URL: string
  readonly OPENAI_API_KEY: string
  readonly HF_TOKEN: string
  readonly SPEECH_TIMEOUT_MS: number
  readonly ESPEAK_PROGRAM: string
  readonly WHISPER_PROGRAM: string
  readonly WHISPER_MODEL: string
  readonly FFMPEG_PROGRAM: string
}
