import type { Changes } from './changes.ts'
import { toId } from './key.ts'
import type { Key } from './key.ts'
import type { Flight, Held, Memory } from './memory.ts'
import type { Room } from './room.ts'
import type { EntryStore } from './store.ts'

/** What is kept; from memory, where it is there. */
export interface Values {
  get(key: Key): Promise<Held | undefined>
  /** The value must not be changed afterwards. */
  set(key: Key, value: Uint8Array, ttlMs: number): Promise<void>
  /** With an empty key all of the namespace; answers how many there were. */
  remove(key: Key): Promise<number>
}

export interface ValuesOptions {
  readonly store: EntryStore
  readonly memory: Memory
  readonly room: Room
  readonly changes: Changes
}

export function createValues({ store, memory, room, changes }: ValuesOptions): Values {
  /** Many who ask for the same at once ask the database once. */
  const reads = new Map<string, { readonly flight: Flight; readonly found: Promise<Held | undefined> }>()

  async function read(key: Key, id: string, flight: Flight): Promise<Held | undefined> {
    try {
      const stored = await store.read(key)
      if (!stored) return undefined
      const held = { value: stored.value, expiresAt: stored.expires_at }
      if (flight.isLatest()) memory.hold(id, held, stored.left_ms)
      return held
    } finally {
      flight.land()
      if (reads.get(id)?.flight === flight) reads.delete(id)
    }
  }

  function readOnce(key: Key, id: string): Promise<Held | undefined> {
    const known = reads.get(id)
    // One that began before the last change may bring what was there before it.
    if (known?.flight.isLatest()) return known.found
    const flight = memory.reading(id)
    const found = read(key, id, flight)
    reads.set(id, { flight, found })
    return found
  }

  return {
    async get(key) {
      const id = toId(key)
      const held = memory.get(id) ?? (await readOnce(key, id))
      if (held) room.used(key)
      return held
    },
    async set(key, value, ttlMs) {
      const id = toId(key)
      const flight = memory.writing(id)
      try {
        const { expires_at: expiresAt, left_ms: leftMs, grownBy } = await store.write(key, value, ttlMs)
        if (flight.isLatest()) memory.hold(id, { value, expiresAt }, leftMs)
        else memory.forget(key)
        changes.tell({ kind: 'set', ...key, grownBy })
        room.grown(key.owner, grownBy)
      } catch (error) {
        memory.forget(key)
        throw error
      } finally {
        flight.land()
      }
      await room.ensure(key.owner)
    },
    async remove(key) {
      memory.forget(key)
      const removed = await store.remove(key)
      // What was read while it went must not be held either.
      memory.forget(key)
      changes.tell({ kind: 'removed', ...key, grownBy: 0 })
      if (removed > 0) room.recount(key.owner)
      return removed
    },
  }
}
