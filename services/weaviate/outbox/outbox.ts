import { backOffMs } from '#mesh/back-off.ts'
import { isCoded, unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { OutboxStore, Waiting } from './store.ts'

export interface OutboxOptions {
  readonly store: OutboxStore
  /** Unique to this process. */
  readonly instance: string
  readonly alone: boolean
  readonly draining: AbortSignal
  readonly log: Log
  isReachable(): Promise<boolean>
  /** Sends writes of one kind to one place. Rejects with UNAVAILABLE while Weaviate is away; answers those that it refuses, by `seq`. */
  send(writes: readonly Waiting[]): Promise<readonly { readonly seq: number; readonly why: string }[]>
}

/** Sends what waits, in order, when Weaviate is back. */
export interface Outbox {
  /** Something waits. */
  wake(): void
  /** Resolves when nothing is being sent any more. */
  stop(): Promise<void>
}

const BATCH = 128
/** Longer than the longest that one request of ours may take. */
const LEASE_MS = 90_000
const SOON_MS = 100
const AGAIN_MS = { first: 500, most: 10_000 }
/** Where another process sends: how soon it is looked whether it still does. */
const HELD_MS = 5_000
/** How often what another process left is looked for. */
const LOOK_MS = 30_000
/** So often something is tried that fails although Weaviate answers. */
const MOST_ATTEMPTS = 12

export function openOutbox(options: OutboxOptions): Outbox {
  const { alone, draining, log } = options
  const look = createLook(options)
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let [failures, isWoken] = [0, false]
  let dueAt = Infinity
  /** Whoever comes often does not put it off. */
  const plan = (ms: number) => {
    const at = performance.now() + ms
    if (at >= dueAt || draining.aborted) return
    dueAt = at
    clearTimeout(timer)
    timer = setTimeout(() => (running = run()), ms).unref()
  }
  const run = async () => {
    dueAt = Infinity
    isWoken = false
    let next = alone ? undefined : LOOK_MS
    try {
      next = (await look()) === 'held' ? HELD_MS : next
      failures = 0
    } catch (error) {
      if (failures === 0) log.warn({ error }, 'writes wait for Weaviate')
      next = backOffMs(failures++, AGAIN_MS)
    }
    running = undefined
    if (isWoken && failures === 0) plan(SOON_MS)
    else if (next !== undefined) plan(next)
  }
  plan(SOON_MS)
  return {
    wake() {
      isWoken = true
      // While it fails it is tried again by itself.
      if (!running && failures === 0) plan(SOON_MS)
    },
    async stop() {
      clearTimeout(timer)
      await running
      clearTimeout(timer)
    },
  }
}

/** One look at what waits. Rejects where something could not be sent. */
function createLook({ store, instance, alone, draining, log, isReachable, send }: OutboxOptions) {
  const hold = () => store.lease(instance, LEASE_MS, alone)

  /** Undefined: all of them are sent, or set aside. */
  async function sendAlike(writes: readonly Waiting[]): Promise<unknown> {
    const [first] = writes
    if (!first) return undefined
    const refused = await send(writes).catch(async (error: unknown) => {
      if (isCoded(error, 'UNAVAILABLE')) throw error
      if (writes.length > 1) return error
      // It answers, and yet it does not take it.
      const { seq, attempts } = first
      await store.failed(seq)
      return attempts + 1 < MOST_ATTEMPTS
        ? error
        : [{ seq, why: error instanceof Error ? error.message : String(error) }]
    })
    if (!isList(refused)) return writes.length > 1 ? sendEach(writes) : refused
    const gone = new Set(refused.map(({ seq }) => seq))
    for (const { seq, why } of refused) {
      log.error({ seq, why }, 'Weaviate refuses a write for good: it is set aside in weaviate.outbox')
      await store.refuse(seq, why)
    }
    await store.remove(writes.map(({ seq }) => seq).filter(seq => !gone.has(seq)))
    return undefined
  }

  /** One of them may spoil the request of all. */
  async function sendEach(writes: readonly Waiting[]): Promise<unknown> {
    for (const write of writes) {
      if (draining.aborted || !(await hold())) throw unavailable('another process sends')
      const failure = await sendAlike([write])
      if (failure !== undefined) return failure
    }
    return undefined
  }

  return async (): Promise<'held' | 'done'> => {
    if (await store.isEmpty()) return 'done'
    if (!(await isReachable())) throw unavailable('Weaviate does not answer')
    await store.sweep()
    const failures = new Map<number, unknown>()
    let sent = 0
    try {
      for (;;) {
        if (draining.aborted) break
        if (!(await hold())) return 'held'
        const writes = alike(await store.next(BATCH, [...failures.keys()]))
        const [first] = writes
        if (!first) break
        const failure = await sendAlike(writes)
        // What is of other collections need not wait for it.
        if (failure !== undefined) failures.set(first.collection, failure)
        else sent += writes.length
      }
    } finally {
      await store.release(instance)
      if (sent > 0) log.info({ sent }, 'writes that waited are in Weaviate')
    }
    for (const failure of failures.values()) throw failure
    return 'done'
  }
}

type Refused = readonly { readonly seq: number; readonly why: string }[]

function isList(answer: unknown): answer is Refused {
  return Array.isArray(answer)
}

/** The first of them that may go in one request. */
function alike(writes: readonly Waiting[]): readonly Waiting[] {
  const [first] = writes
  if (first?.kind === 'filter' || first?.kind === 'drop') return [first]
  const place = JSON.stringify(first?.place)
  const end = writes.findIndex(write => write.kind !== first?.kind || JSON.stringify(write.place) !== place)
  return end < 0 ? writes : writes.slice(0, end)
}
