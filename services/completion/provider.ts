/** What a provider is asked. Checked: at least one message, known roles, numbers in range. */
export interface ProviderRequest {
  /** The model's name without the provider's. */
  readonly model: string
  readonly messages: readonly { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }[]
  readonly temperature?: number
  readonly maxTokens?: number
  readonly stop: readonly string[]
  readonly seed?: number
  readonly idempotencyKey: string
}

/** Pieces of text in order, then exactly one finish. */
export type ProviderPart =
  | { readonly text: string }
  | { readonly reason: 'stop' | 'length' | 'filtered'; readonly inputTokens: number; readonly outputTokens: number }

export interface ProviderModel {
  readonly name: string
  /** What a person should know. */
  readonly about: string
}

/** Who answers. A file each under `providers/`, which default-exports a {@link ProviderDefinition}. */
export interface Provider {
  /** The models it offers. Rejects with a coded error where it cannot be asked. */
  models(signal: AbortSignal): Promise<readonly ProviderModel[]>
  /** Throws coded errors, in the provider's own words. Closes its request when the signal aborts or the caller leaves. */
  complete(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderPart>
}

/** How a provider is made from the instance's settings; undefined: it is not set up here. */
export interface ProviderDefinition {
  readonly name: string
  open(settings: CompletionSettings): Provider | undefined
}

export interface CompletionSettings {
  readonly OPENAI_BASE_URL: string
  readonly OPENAI_API_KEY: string
  readonly LOCAL_MODEL_DELAY_MS: number
  readonly COMPLETION_TIMEOUT_MS: number
}
