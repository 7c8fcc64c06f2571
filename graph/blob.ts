import type { Entry } from './journal.ts'
import type { Json, JsonObject } from './json.ts'
import { isObject } from './json.ts'

/** Stands in an entry for a value that is too large to stand there. */
export interface BlobRef {
  /** The hash that the value is kept under. */
  readonly $blob: string
  /** Characters of its JSON. */
  readonly size: number
  readonly type: 'string' | 'array' | 'object'
  /** Of a text: its beginning. */
  readonly head?: string
}

/** A value larger than this, in characters of its JSON, is kept beside the entry (rule 12). */
export const INLINE_CHARACTERS = 32 * 1024
const HEAD_CHARACTERS = 200
/** Where entries hold values by name; and where they hold one. */
const NAMED = ['outputs', 'inputs', 'values', 'state'] as const

export function isBlobRef(value: unknown): value is BlobRef & JsonObject {
  return isObject(value) && typeof value['$blob'] === 'string' && typeof value['size'] === 'number'
}

/** The entry with references in place of large values; `put` keeps a value's JSON and answers its hash. An entry without large values is answered as it is. */
export function externalize<T extends Entry>(entry: T, put: (text: string) => string): T {
  return rewrite(entry, value => (mayBeLarge(value) ? toRef(value, put) : value))
}

/** The same for values by name, e.g. a run's outputs: the references are those of the entry that told of them. */
export function externalizeValues(values: JsonObject, put: (text: string) => string): JsonObject {
  return rewriteValues(values, value => (mayBeLarge(value) ? toRef(value, put) : value)) ?? values
}

/** The entry with values in place of references. Those that `get` does not know stay. */
export function hydrate<T extends Entry>(entry: T, get: (hash: string) => Json | undefined): T {
  return rewrite(entry, value => (isBlobRef(value) ? (get(value.$blob) ?? value) : value))
}

/** The hashes that an entry refers to. */
export function blobsOf(entry: Entry): readonly string[] {
  const found: string[] = []
  rewrite(entry, value => {
    if (isBlobRef(value)) found.push(value.$blob)
    return value
  })
  return found
}

function rewrite<T extends Entry>(entry: T, change: (value: Json) => Json): T {
  let made: Record<string, unknown> | undefined
  const fields = entry as unknown as Record<string, unknown>
  for (const name of NAMED) {
    const values = fields[name]
    const copy = isObject(values) ? rewriteValues(values, change) : undefined
    if (copy) (made ??= { ...fields })[name] = copy
  }
  const { value } = fields
  if (value !== undefined) {
    const changed = change(value as Json)
    if (changed !== value) (made ??= { ...fields })['value'] = changed
  }
  return (made ?? entry) as T
}

/** Undefined: nothing has changed. */
function rewriteValues(values: JsonObject, change: (value: Json) => Json): JsonObject | undefined {
  let copy: Record<string, Json> | undefined
  for (const key in values) {
    const value = values[key] as Json
    const changed = change(value)
    if (changed !== value) (copy ??= { ...values })[key] = changed
  }
  return copy
}

/** Texts and structures only: a number is never large. Looks no further than it must. */
function mayBeLarge(value: Json): value is string | JsonObject | readonly Json[] {
  if (typeof value === 'string') return value.length > INLINE_CHARACTERS / 6
  return typeof value === 'object' && value !== null
}

function toRef(value: string | JsonObject | readonly Json[], put: (text: string) => string): Json {
  const text = JSON.stringify(value)
  if (text.length <= INLINE_CHARACTERS) return value
  return {
    $blob: put(text),
    size: text.length,
    type: typeof value === 'string' ? 'string' : Array.isArray(value) ? 'array' : 'object',
    ...(typeof value === 'string' ? { head: value.slice(0, HEAD_CHARACTERS).toWellFormed() } : {}),
  }
}
