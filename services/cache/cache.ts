import type { Environment } from '#mesh/service.ts'
import { createChanges } from './changes.ts'
import { createMemory } from './memory.ts'
import { createRoom } from './room.ts'
import type { SETTINGS } from './service.ts'
import { createClaimStore, createEntryStore, NO_CLAIMS } from './store.ts'
import type { EntryStore } from './store.ts'
import { createTally } from './tally.ts'
import type { Tally } from './tally.ts'
import { createTurns } from './turns.ts'
import type { Turns } from './turns.ts'
import { createValues } from './values.ts'
import type { Values } from './values.ts'

/** The parts of a running cache. */
export interface Cache {
  readonly values: Values
  readonly turns: Turns
  readonly tally: Tally
  readonly store: Pick<EntryStore, 'uses'>
}

const FLUSH_MS = 20_000
const SWEEP_MS = 60_000

/** Puts the parts together, and keeps them clean until the process ends. */
export async function openCache(environment: Environment<typeof SETTINGS, {}>): Promise<Cache> {
  const { settings, database, bus, log, metrics, alone, instance, draining, onStop } = environment
  const store = createEntryStore(database, { cleans: alone })
  const memory = createMemory({
    limitBytes: settings.CACHE_MEMORY_BYTES,
    longestMs: alone ? Infinity : settings.CACHE_MEMORY_MS,
  })
  metrics.read('gauge', 'cache_memory_bytes', 'Bytes of values in memory.', () => memory.bytes())
  const evicted = metrics.counter('cache_evicted_total', 'Values that made room for others.')
  const room = createRoom({
    store,
    limitBytes: settings.CACHE_LIMIT_BYTES,
    onGone(keys) {
      evicted.add(keys.length)
      for (const key of keys) memory.forget(key)
    },
  })
  const changes = createChanges(bus, { instance, alone, log })
  const values = createValues({ store, memory, room, changes })
  const claims = alone ? NO_CLAIMS : createClaimStore(database, settings.CACHE_LEASE_MS)
  const turns = createTurns({ values, claims, changes, log })
  changes.listen(
    change => {
      if (change.kind !== 'left') memory.forget(change)
      if (change.kind === 'set') room.grown(change.owner, change.grownBy)
      turns.woken(change)
    },
    () => {
      memory.forgetAll()
      room.recount()
      turns.wokenAll()
    },
  )
  await bus.settled()
  draining.addEventListener('abort', () => turns.close(), { once: true })
  const repeated = [
    every(FLUSH_MS, () => room.flush()),
    every(SWEEP_MS, async () => {
      if ((await store.sweep()) > 0) room.recount()
    }),
    ...(alone ? [] : [every(settings.CACHE_LEASE_MS / 3, () => turns.renew())]),
  ]
  onStop(async () => {
    for (const timer of repeated) clearInterval(timer)
    changes.end()
    // Without it only the order in which values go is a little off.
    await room.flush().catch((error: unknown) => log.warn({ error }, 'what was used last is not written down'))
  })
  return { values, turns, tally: createTally(metrics), store }

  function every(ms: number, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => {
      work().catch((error: unknown) => log.warn({ error }, 'the cache cannot be cleaned up now'))
    }, ms).unref()
  }
}
