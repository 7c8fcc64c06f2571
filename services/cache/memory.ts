import { LRUCache } from 'lru-cache'
import type { Key } from './key.ts'
import { toId } from './key.ts'

/** A value in this process. It is nobody's to change. */
export interface Held {
  readonly value: Uint8Array
  /** Milliseconds since 1970, by the database's clock. */
  readonly expiresAt: number
}

/** A read or a write that is under way. */
export interface Flight {
  /** Whether nothing else happened to the key meanwhile: what it brings is what the database has. */
  isLatest(): boolean
  land(): void
}

/** Values in front of the database. */
export interface Memory {
  get(id: string): Held | undefined
  /** Holds it for so long; the least recently used make room. */
  hold(id: string, held: Held, forMs: number): void
  /** Forgets one value, with an empty key all of its namespace: what is being read now is not held either. */
  forget(key: Key): void
  /** The same for everything. */
  forgetAll(): void
  reading(id: string): Flight
  writing(id: string): Flight
  bytes(): number
}

/** What one value takes beside itself and its id. */
const HELD_BYTES = 200

export function createMemory({ limitBytes, longestMs }: { limitBytes: number; longestMs: number }): Memory {
  const kept =
    limitBytes > 0
      ? new LRUCache<string, Held>({
          maxSize: limitBytes,
          sizeCalculation: ({ value }, id) => value.byteLength + id.length * 2 + HELD_BYTES,
        })
      : undefined
  /** How often something happened to the keys that are being read or written. */
  const changes = new Map<string, { flights: number; count: number }>()

  function fly(id: string, changing: 0 | 1): Flight {
    const change = changes.get(id) ?? { flights: 0, count: 0 }
    changes.set(id, change)
    change.flights += 1
    change.count += changing
    const begun = change.count
    return {
      isLatest: () => change.count === begun,
      land() {
        change.count += changing
        change.flights -= 1
        if (change.flights === 0) changes.delete(id)
      },
    }
  }

  const forgetWhere = (isMeant: (id: string) => boolean) => {
    for (const id of kept?.keys() ?? []) if (isMeant(id)) kept?.delete(id)
    for (const [id, change] of changes) if (isMeant(id)) change.count += 1
  }

  return {
    get: id => kept?.get(id),
    hold(id, held, forMs) {
      const ttl = Math.floor(Math.min(forMs, longestMs))
      if (ttl > 0) kept?.set(id, held, { ttl })
    },
    forget(key) {
      const id = toId(key)
      if (key.key === '') return forgetWhere(one => one.startsWith(id))
      kept?.delete(id)
      const change = changes.get(id)
      if (change) change.count += 1
    },
    forgetAll: () => forgetWhere(() => true),
    reading: id => fly(id, 0),
    writing: id => fly(id, 1),
    bytes: () => kept?.calculatedSize ?? 0,
  }
}
