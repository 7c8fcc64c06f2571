import { ParseFailure } from '../parsing/parser.ts'
import type { Log } from '#mesh/log.ts'
import { newId } from '#mesh/ids.ts'
import type { DocumentRow } from '../store.ts'
import { backoffMs, Ended, Later, Lost, Yielded } from './outcome.ts'
import { runReading, toEnded } from './read-job.ts'
import type { JobOptions } from './read-job.ts'
import type { Claim, Lane } from './store.ts'
import { runUpkeep } from './upkeep-job.ts'
import { openWaker } from './waker.ts'
import type { Waker } from './waker.ts'

export interface LanesOptions extends JobOptions {
  readonly log: Log
  readonly alone: boolean
  readonly draining: AbortSignal
}

/** What works on documents in this process. */
export interface Lanes {
  /** There is something to do. */
  wake(): void
  /** This document is not any more what it was when somebody here began. */
  changed(id: string, generation: number): void
  /** Leaves everything to others. Resolves when nothing is at work. */
  stop(): Promise<void>
}

/** Where others may have put something without this process hearing of it. */
const LOOK_EVERY_MS = 10_000

interface Working {
  readonly generation: number
  readonly controller: AbortController
}

/** Begins to work: files in one lane, everything behind them in the other. */
export async function openLanes(options: LanesOptions): Promise<Lanes> {
  const { settings, jobs, alone } = options
  if (alone) await jobs.takeOver()
  const working = new Map<string, Working>()
  const wakers = { reading: openWaker(), upkeep: openWaker() }
  const slots = [
    ...Array.from({ length: settings.DOCUMENT_JOBS }, () => runLane('reading', wakers, working, options)),
    runLane('upkeep', wakers, working, options),
  ]
  const wake = () => {
    wakers.reading.wake()
    wakers.upkeep.wake()
  }
  return {
    wake,
    changed(id, generation) {
      const one = working.get(id)
      if (one && one.generation < generation) one.controller.abort(new Lost())
    },
    async stop() {
      for (const { controller } of working.values()) controller.abort(new Draining())
      wake()
      await Promise.all(slots)
    },
  }
}

class Draining extends Error {}

type Wakers = Readonly<Record<Lane, Waker>>

async function runLane(
  lane: Lane,
  wakers: Wakers,
  working: Map<string, Working>,
  options: LanesOptions,
): Promise<void> {
  const { jobs, log, draining, alone } = options
  let failures = 0
  while (!draining.aborted) {
    const woken = wakers[lane].next()
    try {
      const lease = newId('l')
      const row = await jobs.claim(lane, lease)
      if (row) {
        // Another one may be due: whoever else is idle here looks, too.
        wakers[lane].wake()
        await work(lane, row, { id: row.id, lease, generation: row.generation }, working, options)
        // What was done here may have to be gone on with in the other lane, or may have stood in its way.
        wakers.reading.wake()
        wakers.upkeep.wake()
        failures = 0
        continue
      }
      const dueMs = await jobs.nextDueMs(lane)
      failures = 0
      await woken.orAfter(alone ? dueMs : Math.min(dueMs ?? LOOK_EVERY_MS, LOOK_EVERY_MS))
    } catch (error) {
      if (draining.aborted) return
      log.warn({ error, lane }, 'documents cannot be worked on now')
      await woken.orAfter(backoffMs(++failures))
    }
  }
}

async function work(lane: Lane, row: DocumentRow, claim: Claim, working: Map<string, Working>, options: LanesOptions) {
  const { jobs, settings, draining } = options
  const controller = new AbortController()
  if (draining.aborted) controller.abort(new Draining())
  working.set(row.id, { generation: row.generation, controller })
  const renewing = setInterval(() => {
    jobs.renew(claim).then(
      kept => kept || controller.abort(new Lost()),
      () => {
        // The database is away: what is written next tells.
      },
    )
  }, settings.DOCUMENT_LEASE_MS / 3)
  try {
    if (lane === 'reading') await runReading(row, claim, options, controller.signal)
    else await runUpkeep(row, claim, options, controller.signal)
    await jobs.release(claim)
  } catch (error) {
    await settle(lane, row, claim, controller.signal.aborted ? controller.signal.reason : error, options)
  } finally {
    clearInterval(renewing)
    working.delete(row.id)
  }
}

/** So often in a row something that nobody expected is tried again. */
const MOST_SURPRISES = 5

/** What becomes of a document whose work did not come to its end. */
async function settle(
  lane: Lane,
  row: DocumentRow,
  claim: Claim,
  error: unknown,
  options: LanesOptions,
): Promise<void> {
  const { jobs, log, told } = options
  if (error instanceof Lost || error instanceof Draining) return jobs.release(claim)
  if (error instanceof Yielded) return jobs.yield(claim)
  const ended = error instanceof ParseFailure ? toState(error) : toEnded(error)
  const isSurprise = !ended && !(error instanceof Later)
  if (isSurprise) log.error({ error, document: row.id, lane }, 'work on a document failed')
  if (lane === 'upkeep') {
    if (ended) log.warn({ error, document: row.id }, 'the vector store refuses what became of a document')
    return jobs.release(claim, backoffMs(row.waits))
  }
  const isOver = ended ?? (isSurprise && row.waits >= MOST_SURPRISES ? UNEXPECTED : undefined)
  const message = error instanceof Later ? error.message : 'it is tried again: something went wrong here'
  const changed = isOver
    ? await jobs.end(claim, isOver.state, isOver.code, isOver.message)
    : await jobs.wait(claim, backoffMs(row.waits), message)
  if (changed) told(changed)
  await jobs.release(claim)
}

const UNEXPECTED = new Ended('failed', 'INTERNAL', 'something went wrong here; whoever runs this finds it in the log')
const SKIPPED = new Set(['EMPTY', 'NO_TEXT', 'UNSUPPORTED'])

function toState({ code, message }: ParseFailure): Ended {
  return new Ended(SKIPPED.has(code) ? 'skipped' : 'failed', code, message)
}
