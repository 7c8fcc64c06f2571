import type { Entry } from './journal.ts'
import { isTerminal } from './journal.ts'
import { finish, toHex } from './hash.ts'

/** Digest of a journal, grown text by text. 64 bits: it shows a loss or a mix-up, not an attack. */
export interface Digest {
  /** Adds the JSON text of the next entry. */
  add(text: string): void
  /** 16 hex digits of everything added so far. */
  hex(): string
  /** To go on from later: {@link createDigest} takes it. */
  state(): string
}

/** Starts a digest, or goes on with one from its `state()`. */
export function createDigest(state?: string): Digest {
  let high = state ? parseInt(state.slice(0, 8), 16) | 0 : 0x6a09e667
  let low = state ? parseInt(state.slice(8, 16), 16) | 0 : 0xbb67ae85 | 0
  return {
    add(text) {
      let a = high ^ text.length
      let b = low
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i)
        a = Math.imul(a ^ unit, 0x9e3779b1)
        b = Math.imul(b ^ unit, 0x5f356495) ^ (a >>> 15)
      }
      high = finish(a ^ (b >>> 16)) | 0
      low = finish(b ^ Math.imul(a, 0x85ebca6b)) | 0
    },
    hex: () => toHex(high >>> 0, low >>> 0),
    state: () => toHex(high >>> 0, low >>> 0),
  }
}

/** The JSON text of an entry as the digest sees it: a terminal entry goes in without its `digest`. */
export function digestText(entry: Entry): string {
  if (!isTerminal(entry) || entry.digest === undefined) return JSON.stringify(entry)
  const { digest: _, ...rest } = entry
  return JSON.stringify(rest)
}

/** The digest of entries 1 to n, as a run's terminal entry carries it. */
export function digestOfEntries(entries: readonly Entry[]): string {
  const digest = createDigest()
  for (const entry of entries) digest.add(digestText(entry))
  return digest.hex()
}
