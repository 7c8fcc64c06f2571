import type { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import type { Log } from '#mesh/log.ts'
import type { Client, ClientCallOptions } from '#mesh/service.ts'
import type { JsonObject } from './json.ts'
import type { CompletionSettings, SecretName } from './settings.ts'

export type Role = 'system' | 'user' | 'assistant' | 'tool'

export interface ProviderMessage {
  readonly role: Role
  readonly content: string
  /** Of `user`: data URLs, or https URLs. */
  readonly images?: readonly string[]
  /** Of `assistant`: what it asked for. */
  readonly toolCalls?: readonly ToolCall[]
  /** Of `tool`: which call this answers. */
  readonly toolCallId?: string
}

export interface ProviderTool {
  readonly name: string
  readonly description: string
  /** JSON Schema of an object. */
  readonly parameters: JsonObject
}

export interface ToolCall {
  /** Unique within its answer. */
  readonly id: string
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

/** What a provider is asked. Checked: at least one message, known roles, numbers in range, tools with different names. */
export interface ProviderRequest {
  /** The model's name without the provider's. */
  readonly model: string
  readonly messages: readonly ProviderMessage[]
  readonly temperature?: number
  readonly maxTokens?: number
  readonly stop: readonly string[]
  readonly seed?: number
  readonly topP?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  readonly logitBias?: Readonly<Record<string, number>>
  readonly reasoningEffort?: 'low' | 'medium' | 'high'
  readonly tools?: readonly ProviderTool[]
  /** Absent: `auto`. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string }
  readonly parallelToolCalls?: boolean
  /** What the answer must fit. The provider passes it on where the vendor can, else asks in words; the answer is checked by others. */
  readonly responseSchema?: JsonObject
  /** What the model is known to be able to; absent: nobody knows. */
  readonly abilities?: readonly Ability[]
  readonly idempotencyKey: string
}

/** Tokens of a call. What a vendor does not tell is estimated; 0 where it is not known. */
export interface ProviderUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Of the input: what the provider had cached. */
  readonly cachedTokens?: number
  /** Of the output: what was thought and not said. */
  readonly reasoningTokens?: number
}

export interface ProviderFinish {
  readonly reason: 'stop' | 'length' | 'filtered' | 'tools'
  readonly usage: ProviderUsage
}

/** Pieces in order, whole tool calls among them, then exactly one finish. */
export type ProviderPart =
  | { readonly text: string }
  | { readonly reasoning: string }
  | { readonly toolCall: ToolCall }
  | ProviderNotice
  | ProviderFinish

/** What a person should know while waiting, e.g. that a model loads. */
export interface ProviderNotice {
  readonly notice: string
}

export type ModelKind = 'chat' | 'embedding' | 'image'
export type Ability = 'tools' | 'images' | 'schema' | 'reasoning'

export interface ProviderModel {
  readonly name: string
  /** What a person should know. */
  readonly about: string
  /** Absent: `chat`. */
  readonly kind?: ModelKind
  /** Tokens. */
  readonly contextTokens?: number
  /** Tokens. */
  readonly outputTokens?: number
  /** US dollars for a million tokens. */
  readonly inputPrice?: number
  readonly outputPrice?: number
  readonly abilities?: readonly Ability[]
}

export interface ProviderEmbedRequest {
  /** The model's name without the provider's. */
  readonly model: string
  /** At least one. */
  readonly texts: readonly string[]
  /** Absent: the model's own. */
  readonly dimensions?: number
}
export interface ProviderEmbedding {
  /** In the order of the texts; of any length. */
  readonly vectors: readonly (readonly number[] | Float32Array)[]
  readonly usage: ProviderUsage
}

export interface ProviderImageRequest {
  /** The model's name without the provider's. */
  readonly model: string
  readonly prompt: string
  /** `1024x1024`; absent: the model's own. */
  readonly size?: string
  readonly seed?: number
}
export interface ProviderImage {
  /** e.g. `image/png`. */
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly usage: ProviderUsage
}

/** For whom a provider is asked. */
export interface ProviderCall {
  readonly signal: AbortSignal
  /** The user's key, else the instance's; empty: there is none, and none is needed. Never in logs or errors. */
  readonly key: string
  /** For calls of other services on behalf of the same user, with what opens the user's secrets to them, and with the signal. */
  readonly options: ClientCallOptions
}

/** Who answers. All methods throw coded errors, in the provider's own words, and close their request when the signal aborts or the caller leaves. */
export interface Provider {
  /** Whether it can be asked only with a key. */
  readonly needsKey: boolean
  /** Whether it serves the models that the catalogue knows of it; false: it is another server under its name. Absent: yes. */
  readonly isUsual?: boolean
  /** Whether it embeds texts faster than they are looked up: then they are not kept. */
  readonly isInstant?: boolean
  /** Whether it waits and tries again by itself: nobody else does it then. */
  readonly retriesItself?: boolean
  /** Why it cannot be asked at the moment, whatever the key; undefined: it can. */
  unready?(): Promise<string | undefined>
  /** The models it offers. Rejects with a coded error where it cannot be asked. */
  models(call: ProviderCall): Promise<readonly ProviderModel[]>
  /** An error's `details.retryAfterMs` tells when the vendor wants to be asked again. */
  complete(request: ProviderRequest, call: ProviderCall): AsyncIterable<ProviderPart>
  /** Absent: it has no embeddings. */
  embed?(request: ProviderEmbedRequest, call: ProviderCall): Promise<ProviderEmbedding>
  /** Absent: it makes no images. Notices, then exactly one image. */
  image?(request: ProviderImageRequest, call: ProviderCall): AsyncIterable<ProviderNotice | ProviderImage>
}

/** What a provider is made from. */
export interface ProviderEnvironment {
  readonly settings: CompletionSettings
  readonly services: { readonly huggingface: Client<typeof HuggingfaceServiceDefinition> }
  readonly log: Log
  /** Registers what must be done before the process ends. */
  onStop(stop: () => Promise<void> | void): void
}

/** A provider, whole. A file under `providers/` default-exports one, or a list of them. */
export interface ProviderDefinition {
  readonly name: string
  /** As people write it. */
  readonly title: string
  /** What a person should know: where to get a key, how to set it up. */
  readonly about: string
  /** The setting, and the user's secret, that has its key. Absent: it has none. */
  readonly secret?: SecretName
  /** Undefined: it is not set up here; `about` says how. */
  open(environment: ProviderEnvironment): Provider | undefined
}
