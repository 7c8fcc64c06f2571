import type { ParseFailureCode, Reading, ReadingRequest } from './parser.ts'

/** How many batches of pieces a thread may be ahead of who reads them. */
export const AHEAD = 2

/** What a reading thread is told. `more`: one batch was taken. */
export type ToThread = { readonly kind: 'read'; readonly request: ReadingRequest } | { readonly kind: 'more' }

/** What a reading thread tells. */
export type ToReader =
  | { readonly kind: 'reading'; readonly reading: Reading }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: ParseFailureCode; readonly message: string }
