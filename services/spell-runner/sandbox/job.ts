import type { Json } from '#graph/json.ts'

/** What a sandbox process is sent. */
export interface Job {
  readonly id: number
  readonly code: string
  readonly args: readonly Json[]
}

/** What it answers: the JSON text of the result, or why not. */
export interface Answer {
  readonly id: number
  readonly result?: string
  readonly error?: { readonly code: string; readonly message: string }
  /** The process must not be used again. */
  readonly broken?: boolean
}
