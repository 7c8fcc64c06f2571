import { createHash } from 'node:crypto'

/** The hash that a large value is kept under: of its JSON text. */
export function hashOfBlob(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Form of such a hash. */
export const BLOB_HASH = /^[A-Za-z0-9_-]{43}$/
