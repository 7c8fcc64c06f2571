import { createHash } from 'node:crypto'
import { abortable } from './abortable.ts'
import { exhausted } from './errors.ts'

/** Bytes on their way into a store. */
export interface Intake {
  /** In pieces of at most 1 MB; none is empty. Rejects beyond the limit, with what the source throws, and when the signal aborts. */
  readonly pieces: AsyncIterable<Uint8Array>
  /** What has come so far. */
  taken(): { readonly sizeBytes: number; readonly hash: string }
}

export const PIECE_BYTES = 1024 * 1024

/** Counts and hashes what is kept under a name. Throws where the name is none: that is the caller's bug. */
export function takeIn(
  bytes: AsyncIterable<Uint8Array>,
  { limitBytes = Number.MAX_SAFE_INTEGER, signal }: { limitBytes?: number; signal?: AbortSignal } = {},
): Intake {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const source = signal ? abortable(bytes, signal) : bytes
  async function* pieces() {
    for await (const whole of source) {
      sizeBytes += whole.byteLength
      if (sizeBytes > limitBytes) throw exhausted(`larger than ${limitBytes} bytes`)
      for (const piece of cut(whole)) {
        hash.update(piece)
        yield piece
      }
    }
  }
  return { pieces: pieces(), taken: () => ({ sizeBytes, hash: hash.copy().digest('base64url') }) }
}

/** The same bytes in pieces of at most 1 MB. */
export function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) yield bytes.subarray(from, from + PIECE_BYTES)
}

/** The name's parts. Throws where it is none. */
export function readName(name: string): readonly string[] {
  const parts = name.split('/')
  if (parts.length > 4 || !parts.every(part => /^[A-Za-z0-9_-]{1,64}$/.test(part)))
    throw new Error(`not the name of a blob: "${name}"`)
  return parts
}
