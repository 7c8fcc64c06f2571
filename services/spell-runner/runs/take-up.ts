import type { TerminalEntry } from '#graph/journal.ts'
import { isCoded, unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { ActiveRun } from './active.ts'
import { untilStored } from './at-work.ts'
import type { AtWork } from './at-work.ts'
import { toResumed } from './begin.ts'
import type { Committer } from './committer.ts'
import { RunJournal } from './journal.ts'
import type { Leases } from './leases.ts'
import type { RunMode } from './mode.ts'
import type { Publisher } from './publisher.ts'
import type { RunRow, RunStore } from './store.ts'
import type { StoredRuns } from './stored.ts'

export interface TakeUpOptions {
  readonly store: RunStore
  readonly stored: StoredRuns
  readonly leases: Leases
  readonly workshop: { readonly committer: Committer; readonly publisher: Publisher }
  readonly log: Log
  /** A run could not be taken up now and is left until this moment. */
  onAside(wakesAt: number): void
}

/** Puts stored runs to work that this runner has taken. */
export interface TakeUp {
  /** Those that are on their way. */
  get(id: string): Promise<ActiveRun | undefined> | undefined
  /**
   * Goes on with a run from what is stored of it, with the documents that it began with. Undefined: it can never go on, and has been ended. Rejects with
   * UNAVAILABLE where it cannot now: then it is tried again.
   */
  go(row: RunRow): Promise<ActiveRun | undefined>
}

const AGAIN_MS = 3_000

export function createTakeUp(options: TakeUpOptions, atWork: AtWork): TakeUp {
  const { stored, leases, log } = options
  const going = new Map<string, Promise<ActiveRun | undefined>>()

  const resume = async (row: RunRow): Promise<ActiveRun> => {
    const run = await stored.read(row)
    const recall = await stored.recallFor(row.owner, JSON.parse(row.mode) as RunMode).catch((error: unknown) => {
      // What it has taken over already is in its journal; the rest is done anew.
      if (isFinal(error)) return undefined
      throw error
    })
    log.info({ run: row.id, attempt: row.attempt, seq: run.entries.length }, 'a run is taken up')
    return atWork.put(toResumed(run, recall))
  }

  /** What has nothing to do with the run itself passes: then its turn comes again. */
  const leave = (row: RunRow, error: unknown): never => {
    log.warn({ run: row.id, error }, 'a run cannot be taken up now: trying again')
    const wakesAt = Date.now() + AGAIN_MS
    void untilStored(
      () => leases.putAside(row.id, row.attempt, row.status, wakesAt),
      failure => log.warn({ error: failure, run: row.id }, 'a run cannot be left for later: trying again'),
      () => atWork.get(row.id) !== undefined,
    ).then(isStored => isStored && options.onAside(wakesAt))
    throw unavailable(`the run "${row.id}" cannot be taken up at the moment: try again`)
  }

  const work = async (row: RunRow): Promise<ActiveRun | undefined> => {
    try {
      return await resume(row)
    } catch (error) {
      if (!isFinal(error)) return leave(row, error)
      log.error({ run: row.id, error }, 'a run cannot go on')
      await failStored(row, error, options).catch((failure: unknown) => leave(row, failure))
      return undefined
    }
  }

  return {
    get: id => going.get(id),
    async go(row) {
      const before = going.get(row.id)
      const next = before ? before.catch(() => undefined).then(() => work(row)) : work(row)
      going.set(row.id, next)
      try {
        return await next
      } finally {
        if (going.get(row.id) === next) going.delete(row.id)
      }
    },
  }
}

/** Whether it would fail in the same way each time: its spell or its journal is at fault, or we are. */
function isFinal(error: unknown): boolean {
  if (isCoded(error)) return error.code !== 'UNAVAILABLE'
  return [TypeError, RangeError, SyntaxError, ReferenceError].some(type => error instanceof type)
}

/** Ends a run that cannot be taken up, in its journal. */
async function failStored(
  row: RunRow,
  error: unknown,
  { store, workshop: { committer, publisher } }: TakeUpOptions,
): Promise<void> {
  const stored = await store.journal(row.id)
  const journal = new RunJournal({
    run: row.id,
    attempt: row.attempt,
    stored,
    committer,
    onCommitted: (texts, first) =>
      publisher.entries({ owner: row.owner, spell: row.spell, run: row.id }, row.attempt, first, texts),
    onLost: () => {},
    stateWrites: () => [],
  })
  const seq = stored.length + 1
  const why = isCoded(error) ? error.message : 'internal'
  const entry: TerminalEntry = {
    seq,
    at: Date.now(),
    kind: 'run.failed',
    error: { code: 'INTERNAL', message: `it could not go on after a pause: ${why}` },
    lastSeq: seq,
  }
  journal.append({ ...entry, digest: journal.digestOf(entry) })
  await journal.durable(seq)
}
