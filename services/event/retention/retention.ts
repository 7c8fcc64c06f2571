import { setImmediate as turn } from 'node:timers/promises'
import type { Log } from '#mesh/log.ts'
import type { RetentionStore } from './store.ts'

/** How long, and how many; 0: no bound. */
export interface Bounds {
  readonly keepMs: number
  readonly most: number
}

/** What a user's events are kept by. */
export interface Retention {
  of(owner: string): Promise<Bounds>
  /** What is too old or too many by now goes soon. */
  set(owner: string, bounds: Bounds): Promise<void>
  /** Somebody has so many new events: where they are too many, the oldest go soon. */
  added(owner: string, events: number): void
  end(): Promise<void>
}

export interface RetentionOptions {
  readonly store: RetentionStore
  /** What the instance allows. */
  readonly limit: Bounds
  count(owner: string): Promise<number>
  /** Takes events away; answers how many. */
  remove(owner: string, ids: readonly string[]): Promise<number>
  readonly log: Log
}

const BATCH = 200
const OWNERS = 100
/** Events of many calls go together. */
const SOON_MS = 2_000
const ALL_MS = 600_000
const MOST_REMEMBERED = 10_000

/** Looks after all owners now and then, and after those with many new events soon. Several processes may do so at once. */
export function openRetention(options: RetentionOptions): Retention {
  const { store, limit, log } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const waiting = new Set<string>()
  /** How many events of an owner may come before they are counted again: half of what is free, since others may write, too. */
  const room = new Map<string, number>()
  let soon: NodeJS.Timeout | undefined
  let sweeping = Promise.resolve()

  const of = async (owner: string) => within((await store.read(owner)) ?? limit, limit)
  const sweepAll = async (owners: readonly string[]) => {
    for (const owner of owners) {
      if (signal.aborted) return
      const free = await sweep(owner, await of(owner), options, signal)
      if (room.size >= MOST_REMEMBERED) room.clear()
      room.set(owner, Math.floor(free / 2))
    }
  }
  const sweepEverybody = async () => {
    for (let after = ''; !signal.aborted;) {
      const owners = await store.owners(after, OWNERS)
      await sweepAll(owners)
      if (owners.length < OWNERS) return
      after = owners.at(-1) ?? after
    }
  }
  const next = (work: () => Promise<void>) => {
    sweeping = sweeping
      .then(work)
      .catch((error: unknown) => log.warn({ error }, 'old events cannot be removed now: it will be tried again'))
  }
  const lookSoon = (owner: string) => {
    if (signal.aborted) return
    waiting.add(owner)
    soon ??= setTimeout(() => {
      soon = undefined
      const owners = [...waiting]
      waiting.clear()
      next(() => sweepAll(owners))
    }, SOON_MS).unref()
  }
  const all = setInterval(() => next(sweepEverybody), ALL_MS).unref()

  return {
    of,
    async set(owner, bounds) {
      await store.write(owner, bounds)
      lookSoon(owner)
    },
    added(owner, events) {
      const left = (room.get(owner) ?? 0) - events
      room.set(owner, left)
      if (left < 0) lookSoon(owner)
    },
    async end() {
      stopping.abort()
      clearInterval(all)
      clearTimeout(soon)
      await sweeping
    },
  }
}

/** Takes away what is too old or too many, in batches; answers how many events have room. */
async function sweep(
  owner: string,
  { keepMs, most }: Bounds,
  { store, count, remove }: Pick<RetentionOptions, 'store' | 'count' | 'remove'>,
  signal: AbortSignal,
): Promise<number> {
  while (keepMs > 0 && !signal.aborted) {
    const ids = await store.older(owner, keepMs, BATCH)
    if (ids.length > 0) await remove(owner, ids)
    if (ids.length < BATCH) break
    await turn()
  }
  if (most === 0) return Infinity
  let events = await count(owner)
  while (events > most && !signal.aborted) {
    const removed = await remove(owner, await store.oldest(owner, Math.min(BATCH, events - most)))
    // Another process may be at it, too.
    events = removed === 0 ? await count(owner) : events - removed
    await turn()
  }
  return most - events
}

/** Never more than the instance allows, whatever was set before. */
function within(bounds: Bounds, limit: Bounds): Bounds {
  const lesser = (own: number, most: number) => (own === 0 ? most : most === 0 ? own : Math.min(own, most))
  return { keepMs: lesser(bounds.keepMs, limit.keepMs), most: lesser(bounds.most, limit.most) }
}
