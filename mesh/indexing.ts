import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { backOffMs } from './back-off.ts'
import type { IndexQueue, IndexWork } from './index-queue.ts'
import { createIndexWriter } from './index-writer.ts'
import type { IndexWriter } from './index-writer.ts'
import type { Knowledge } from './knowledge.ts'
import type { Log } from './log.ts'
import type { Client } from './service.ts'
import type { Metrics } from './telemetry.ts'

/** What the vector store is to have of one thing. */
export interface IndexedThing {
  readonly id: string
  /** What it is found by; empty: by its properties alone. */
  readonly text: string
  /** Two letters; absent: words as they are. */
  readonly language?: string
  /** As `PROPERTIES` of knowledge.ts names them. */
  readonly properties: Readonly<Record<string, unknown>>
}

export interface IndexerOptions {
  /** The service's own name. */
  readonly service: string
  readonly kind: Knowledge
  readonly queue: IndexQueue
  /** What things of one owner are now; those that are gone are left out. */
  read(owner: string, ids: readonly string[]): Promise<readonly IndexedThing[]>
  /** The service's own environment. */
  readonly environment: {
    readonly services: {
      readonly weaviate: Client<typeof WeaviateServiceDefinition>
      readonly completion: Client<typeof CompletionServiceDefinition>
    }
    readonly log: Log
    readonly metrics: Metrics
    readonly alone: boolean
    readonly draining: AbortSignal
    onStop(stop: () => Promise<void> | void): void
  }
}

/** Keeps the vector store as the service's own tables are. */
export interface Indexer {
  /** Something was marked ({@link IndexQueue}): looks soon. Calls in quick succession make one look. */
  wake(): void
}

const BATCH = 128
/** After this no more owner's works are begun: with what one may take, it stays below the lease. */
const BATCH_MS = 30_000
const LEASE_MS = 240_000
/** Writes of many callers make one batch. */
const GATHER_MS = 30
const START_MS = 1_000
/** How often works of a process that died are looked for. */
const LOOK_MS = 30_000
/** How often things of another model's collections are looked for. */
const RENEW_MS = 600_000
const AWAY_MS = { first: 1_000, most: 30_000 }
const FAILED_MS = { first: 2_000, most: 600_000 }

/**
 * Works off an index queue in the background until the process ends: reads what things are now, has their texts embedded by the instance's embedding model, puts
 * them into the collection of that model, takes them out of any other, and takes out what is gone. While the vector store or the model is away, all waits, and is
 * looked at again after 1 to 30 s; what fails by itself waits by itself, for 2 s to 10 min. When the instance's model is another one, all is made anew. Idle it does nothing, but for a
 * look each 30 s where other processes share the database.
 */
export function openIndexer(options: IndexerOptions): Indexer {
  const { queue, environment, kind } = options
  const { log, alone, draining, onStop, metrics } = environment
  const done = metrics.counter('indexed_total', 'Things put into the vector store, or tried to.', ['kind', 'result'])
  const stopping = new AbortController()
  const writer = createIndexWriter(options, stopping.signal)
  const timing = createTiming(pass)
  let renewedAt = -Infinity
  let isFirst = true

  /** One look: until nothing is due. Never rejects. */
  async function pass(): Promise<number | undefined> {
    try {
      if (isFirst && alone) await queue.free()
      isFirst = false
      if (performance.now() - renewedAt > RENEW_MS) {
        await renewOthers(queue, writer)
        renewedAt = performance.now()
      }
      for (;;) {
        const works = stopping.signal.aborted ? [] : await queue.take(BATCH, LEASE_MS)
        if (works.length === 0) break
        await writeAll(works)
      }
      timing.succeeded()
      const next = await queue.nextMs()
      return alone ? next : Math.min(next ?? LOOK_MS, LOOK_MS)
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ error, kind }, 'the index cannot be written now: it will be tried again')
      return timing.failed()
    }
  }

  /** Works of one owner go together. Rejects where it makes no sense to go on now; then all is given back. */
  async function writeAll(works: readonly IndexWork[]): Promise<void> {
    const left = new Set(works)
    const end = performance.now() + BATCH_MS
    try {
      for (const [owner, own] of Map.groupBy(works, work => work.owner)) {
        if (performance.now() > end) return
        const failed = await writer.write(owner, own)
        if (failed.length > 0) await putBackFailed(failed)
        for (const work of own) left.delete(work)
        done.add(own.length - failed.length, { kind, result: 'done' })
        done.add(failed.length, { kind, result: 'failed' })
      }
    } finally {
      if (left.size > 0) await queue.putBack([...left], { afterMs: 0, failed: false })
    }
  }

  async function putBackFailed(failed: readonly IndexWork[]): Promise<void> {
    for (const [attempts, works] of Map.groupBy(failed, work => work.attempts)) {
      const afterMs = backOffMs(attempts, FAILED_MS)
      await queue.putBack(works, { afterMs, failed: true })
    }
  }

  draining.addEventListener('abort', () => stopping.abort(), { once: true })
  onStop(async () => {
    stopping.abort()
    await timing.end()
  })
  timing.in(START_MS)
  return { wake: () => timing.in(GATHER_MS) }
}

/** Where the instance's model is another one than that which made what is there. */
async function renewOthers(queue: IndexQueue, writer: IndexWriter): Promise<void> {
  if (!(await queue.isInUse())) return
  const collection = await writer.collection()
  while ((await queue.renew(collection, 1_000)) > 0) await new Promise(resolve => setImmediate(resolve))
}

interface Timing {
  /** Looks in so long, or sooner where that is planned already. */
  in(ms: number): void
  succeeded(): void
  /** Nothing happens for a while, whoever wakes; answers for how long. */
  failed(): number
  /** No more looks; resolves when the present one is over. */
  end(): Promise<void>
}

/** When `pass` is done: one at a time, never before its time. It answers after how long again. */
function createTiming(pass: () => Promise<number | undefined>): Timing {
  let timer: NodeJS.Timeout | undefined
  let at = Infinity
  let notBefore = 0
  let failures = 0
  let running: Promise<void> | undefined
  let isWoken = false
  let isOver = false

  const timing: Timing = {
    in(ms) {
      if (isOver) return
      if (running) {
        isWoken = true
        return
      }
      const wanted = Math.max(performance.now() + ms, notBefore)
      if (wanted >= at) return
      clearTimeout(timer)
      at = wanted
      timer = setTimeout(() => (running = run()), Math.max(0, wanted - performance.now())).unref()
    },
    succeeded() {
      failures = 0
      notBefore = 0
    },
    failed() {
      const ms = backOffMs(failures++, AWAY_MS)
      notBefore = performance.now() + ms
      return ms
    },
    async end() {
      isOver = true
      clearTimeout(timer)
      await running
    },
  }

  async function run(): Promise<void> {
    at = Infinity
    const next = await pass()
    running = undefined
    if (next !== undefined) timing.in(Math.max(next, GATHER_MS))
    if (isWoken) timing.in(GATHER_MS)
    isWoken = false
  }
  return timing
}
