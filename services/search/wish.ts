/** What can be searched, in the order that decides where all else is equal. */
export const SOURCES = ['documents', 'events', 'entities', 'web'] as const
export type SourceName = (typeof SOURCES)[number]

export const MODES = ['keyword', 'vector', 'hybrid'] as const
export type Mode = (typeof MODES)[number]

export const RERANKS = ['none', 'embedding', 'completion'] as const
export type Rerank = (typeof RERANKS)[number]

export const WEB_PROVIDERS = ['searxng', 'brave', 'tavily'] as const
export type WebProviderName = (typeof WEB_PROVIDERS)[number]

export const OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'in'] as const
export type Operator = (typeof OPERATORS)[number]

export type Scalar = string | number | boolean

/** A condition on one field. `values`: exactly one, but of `in`. */
export interface Condition {
  readonly field: string
  readonly operator: Operator
  readonly values: readonly Scalar[]
}

/** A search, checked. */
export interface Wish {
  /** 1 to 8,000 characters, without what databases refuse. */
  readonly query: string
  /** At least one, each once. */
  readonly sources: readonly SourceName[]
  readonly mode: Mode
  readonly collections: readonly string[]
  readonly types: readonly string[]
  /** Milliseconds since 1970; 0: no bound. */
  readonly from: number
  readonly to: number
  /** Each of a field that at least one of the sources has; it restricts those that have it. */
  readonly conditions: readonly Condition[]
  readonly limit: number
  /** Of `hybrid`; 0 with `keyword`, 1 with `vector`. */
  readonly alpha: number
  readonly rerank: Rerank
  readonly rerankModel: string
  readonly perDocument: number
  /** Absent: the first that is set up. */
  readonly webProvider?: WebProviderName
}
