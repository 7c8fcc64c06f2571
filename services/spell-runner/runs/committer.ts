import type { Log } from '#mesh/log.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import type { RunBatch } from './commit.ts'

/** Something with entries to commit. */
export interface Committable {
  /** Takes what has gathered, at most so many entries; undefined: nothing. */
  take(limit: number): RunBatch | undefined
  /** What was taken last is in the database. */
  committed(batch: RunBatch): void
  /** What was taken last was refused: the run belongs to another runner, or is gone. */
  refused(): void
  /** What was taken last cannot be stored: the run itself is at fault. */
  unfit(error: unknown): void
}

/** Group commit: one commit in flight, and what gathers meanwhile goes into the next. No timer. */
export interface Committer {
  /** Tells that this one has entries to commit. */
  schedule(one: Committable): void
  /** Resolves when nothing is left to commit. */
  idle(): Promise<void>
}

/** Commits batches together; answers the runs whose batch was accepted. */
export type Commit = (batches: readonly RunBatch[]) => Promise<ReadonlySet<string>>

const MOST_ENTRIES = 500
const RETRY_FIRST_MS = 50
const RETRY_MOST_MS = 2_000

export function createCommitter(commit: Commit, log: Log, metrics: Metrics): Committer {
  const waiting = new Set<Committable>()
  let working: Promise<void> | undefined
  const entries = metrics.counter('journal_entries_total', 'journal entries committed')
  const commits = metrics.histogram(
    'journal_commit_seconds',
    'time of one group commit',
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1],
  )

  async function work(): Promise<void> {
    while (waiting.size > 0) {
      // The event loop must turn between commits, or batches never form.
      await new Promise(resolve => setImmediate(resolve))
      const taken = takeBatches(waiting)
      if (taken.length === 0) continue
      const before = performance.now()
      await commitTaken(taken)
      commits.observe((performance.now() - before) / 1000)
      entries.add(taken.reduce((sum, [, batch]) => sum + batch.texts.length, 0))
    }
    working = undefined
  }

  async function commitTaken(taken: readonly Taken[]): Promise<void> {
    for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(RETRY_MOST_MS, delayMs * 2)) {
      try {
        return settle(taken, await commit(taken.map(([, batch]) => batch)))
      } catch (error) {
        if (!isPassing(error)) return isolate(taken, error)
        log.warn({ error, entries: taken.length }, 'a commit failed and is tried again')
        await new Promise(resolve => setTimeout(resolve, delayMs))
      }
    }
  }

  /** One run's entries must not keep the others from being stored. */
  async function isolate(taken: readonly Taken[], error: unknown): Promise<void> {
    const [first, ...more] = taken
    if (!first) return
    if (more.length > 0) {
      for (const one of taken) await commitTaken([one])
      return
    }
    // Where its spell is gone, that is no fault.
    if (codeOf(error) !== FOREIGN_KEY_VIOLATION)
      log.error({ error, run: first[1].run }, 'the entries of a run cannot be stored')
    first[0].unfit(error)
  }

  return {
    schedule(one) {
      waiting.add(one)
      working ??= work()
    },
    async idle() {
      while (working) await working
    },
  }
}

type Taken = readonly [Committable, RunBatch]

function takeBatches(waiting: Set<Committable>): readonly Taken[] {
  const taken: Taken[] = []
  let room = MOST_ENTRIES
  for (const one of waiting) {
    if (room <= 0) break
    waiting.delete(one)
    const batch = one.take(room)
    if (!batch) continue
    room -= batch.texts.length
    taken.push([one, batch])
  }
  return taken
}

function settle(taken: readonly Taken[], fine: ReadonlySet<string>): void {
  for (const [one, batch] of taken) {
    if (fine.has(batch.run)) one.committed(batch)
    else one.refused()
  }
}

/** Whether the same statement may succeed later: anything but the database's verdict on the data. */
function isPassing(error: unknown): boolean {
  return !/^(22|23|54)/.test(codeOf(error))
}

/** The database's code of an error; empty: it is not the database's. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export const FOREIGN_KEY_VIOLATION = '23503'
