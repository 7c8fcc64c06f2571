import type { SecretsOfCall } from '#mesh/secrets.ts'
import type { Task } from './task.ts'

/** What is asked of a model. Checked by the task's own shape. */
export interface Ask {
  readonly task: Task
  /** Empty: the endpoint's own. */
  readonly model: string
  /** An inference provider; empty: any. */
  readonly provider: string
  /** The user's; empty: none. */
  readonly endpoint: string
  readonly inputs: unknown
  readonly parameters: Readonly<Record<string, unknown>>
  readonly media: Media | undefined
}
export interface Media {
  readonly bytes: Uint8Array
  /** e.g. `audio/wav`. */
  readonly mediaType: string
}

/** Progress, then pieces of one kind, then exactly one finish. */
export type AskPart =
  | { readonly progress: string; readonly fraction?: number }
  | { readonly text: string }
  | { readonly reasoning: string }
  | { readonly result: unknown }
  | { readonly data: Uint8Array }
  | AskFinish
export interface AskFinish {
  readonly finish: true
  readonly model: string
  readonly mediaType?: string
  readonly inputTokens?: number
  readonly outputTokens?: number
  /** Of generated text. */
  readonly reason?: 'stop' | 'length' | 'filtered' | 'tools'
}

/** Who answers: one file each under `providers/`. */
export interface Provider {
  /** Throws coded errors, in the other side's own words. Closes its request when the signal aborts or the reader leaves. */
  run(ask: Ask, secrets: SecretsOfCall, signal: AbortSignal): AsyncIterable<AskPart>
}

export interface HuggingfaceSettings {
  readonly HF_TOKEN: string
  readonly HF_BASE_URL: string
  readonly HF_HUB_URL: string
  readonly HF_ENDPOINT_URL: string
  readonly HF_TIMEOUT_MS: number
  readonly HF_LOAD_TIMEOUT_MS: number
  readonly OUTBOUND_ALLOW: string
}
