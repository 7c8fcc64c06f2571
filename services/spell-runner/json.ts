import type { JsonObject } from '#graph/json.ts'
import type { Problem } from '#graph/document.ts'
import { invalid } from '#mesh/errors.ts'

/** Reads JSON bytes of a request; empty bytes are undefined. Throws INVALID_ARGUMENT naming the field. */
export function readJson(bytes: Uint8Array, field: string): unknown {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch (error) {
    const why: Problem = {
      path: field,
      message: `is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    }
    throw invalid([why])
  }
}

/** JSON bytes of a value, or of a text that is JSON already. */
export function toJson(value: JsonObject | readonly unknown[] | string): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}
