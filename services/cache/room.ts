import { LRUCache } from 'lru-cache'
import type { Key } from './key.ts'
import { toId } from './key.ts'
import type { EntryStore } from './store.ts'

/** Keeps every owner within what one may keep; the least recently used go first. */
export interface Room {
  /** A value was used. It is noted later. */
  used(key: Key): void
  /** An owner keeps so much more; by this process, or by another. */
  grown(owner: string, bytes: number): void
  /** Resolves when the owner keeps no more than one may. */
  ensure(owner: string): Promise<void>
  /** What is counted here is wrong, of one owner or of all: the database is asked again. */
  recount(owner?: string): void
  /** Writes down what was used. */
  flush(): Promise<void>
}

export interface RoomOptions {
  readonly store: Pick<EntryStore, 'bytesOf' | 'makeRoom' | 'touch'>
  readonly limitBytes: number
  onGone(keys: readonly Key[]): void
}

/** With a sixteenth free after each time, that happens once for many writes. */
const FREE_PART = 16
const MOST_USES = 2_000
/** What somebody else holds on to is not waited for. */
const MOST_TIMES = 3
const MOST_OWNERS = 10_000

export function createRoom({ store, limitBytes, onGone }: RoomOptions): Room {
  /** What each owner keeps, as far as it is known here. */
  const kept = new LRUCache<string, { bytes: number }>({ max: MOST_OWNERS })
  const working = new Map<string, Promise<void>>()
  let uses = new Map<string, { key: Key; at: number }>()
  const target = limitBytes - Math.floor(limitBytes / FREE_PART)

  async function flush(): Promise<void> {
    if (uses.size === 0) return
    const noted = uses
    uses = new Map()
    const now = performance.now()
    await store.touch([...noted.values()].map(({ key, at }) => ({ ...key, ago_ms: now - at })))
  }

  async function makeRoom(owner: string): Promise<void> {
    const count = { bytes: 0 }
    kept.set(owner, count)
    count.bytes += await store.bytesOf(owner)
    if (count.bytes <= limitBytes) return
    await flush()
    const gone = await store.makeRoom(owner, count.bytes - target)
    for (const { bytes } of gone) count.bytes -= bytes
    onGone(gone)
  }

  return {
    used(key) {
      // From whom nothing will be taken soon, nothing needs to be known.
      const isFar = (kept.get(key.owner)?.bytes ?? Infinity) < limitBytes / 2
      if (!isFar && uses.size < MOST_USES) uses.set(toId(key), { key, at: performance.now() })
    },
    grown(owner, bytes) {
      const count = kept.get(owner)
      if (count) count.bytes += bytes
    },
    async ensure(owner) {
      for (let times = 0; times < MOST_TIMES && (kept.get(owner)?.bytes ?? Infinity) > limitBytes; times++) {
        const work = working.get(owner) ?? makeRoom(owner).finally(() => working.delete(owner))
        working.set(owner, work)
        await work
      }
    },
    recount: owner => (owner === undefined ? kept.clear() : void kept.delete(owner)),
    flush,
  }
}
