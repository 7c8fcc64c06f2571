import type { Outbound } from '#mesh/outbound.ts'
import type { WebProviderName } from './wish.ts'

/** What a web provider is asked. */
export interface WebQuestion {
  /** 1 to 8,000 characters; a provider cuts what is too long for it. */
  readonly query: string
  /** 1 to 100; what a provider gives at once may be fewer. */
  readonly limit: number
  /** Milliseconds since 1970; 0: no bound. Only a hint: what has no date, or another one, is looked at by who asks. */
  readonly from: number
  readonly to: number
}

/** A page that it found. */
export interface WebPage {
  /** http or https. */
  readonly url: string
  /** Without markup. */
  readonly title: string
  readonly text: string
  /** Milliseconds since 1970; 0: nobody knows. */
  readonly at: number
}

/** For whom it is asked. */
export interface WebCall {
  readonly signal: AbortSignal
  /** The user's key, else the instance's; empty: it needs none. Never in logs or errors. */
  readonly key: string
}

/** Who searches the web. All reject with coded errors, in the provider's own words. */
export interface WebProvider {
  /** In the provider's order. */
  search(question: WebQuestion, call: WebCall): Promise<readonly WebPage[]>
}

export interface WebEnvironment {
  readonly settings: WebSettings
  /** Reaches what the operator has named, and what is public. */
  readonly outbound: Outbound
}

export interface WebSettings {
  readonly SEARXNG_URL: string
  readonly BRAVE_URL: string
  readonly BRAVE_API_KEY: string
  readonly TAVILY_URL: string
  readonly TAVILY_API_KEY: string
}

/** A provider, whole. A file under `providers/` default-exports one. */
export interface WebProviderDefinition {
  readonly name: WebProviderName
  /** What a person should know: how to set it up. */
  readonly about: string
  /** The setting, and the user's secret, that has its key. Absent: it needs none. */
  readonly secret?: 'BRAVE_API_KEY' | 'TAVILY_API_KEY'
  /** Undefined: it is not set up here. */
  open(environment: WebEnvironment): WebProvider | undefined
}
