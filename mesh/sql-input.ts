import { invalid } from './errors.ts'
import type { CodedError } from './errors.ts'

/** What no check before the database has to know: which texts and numbers its types cannot hold. By SQLSTATE. */
const UNFIT: Readonly<Record<string, string>> = {
  '22003': 'a number is larger than any that is kept here',
  '22021': 'a text holds a NUL character, which cannot be kept',
  '22P05': 'a text holds a NUL character, which cannot be kept',
}

/** The caller's error, where Postgres refused a value for what it is; undefined: it is none of the caller's. */
export function toUnfitInput(error: unknown): CodedError | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  const message = UNFIT[String(error.code)]
  return message === undefined ? undefined : invalid(message)
}
