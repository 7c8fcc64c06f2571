import type { SpellDocument } from '#graph/document.ts'
import type { Entry, TerminalEntry } from '#graph/journal.ts'
import type { JsonObject, Values } from '#graph/json.ts'
import type { Limits } from '#graph/limits.ts'
import type { Log } from '#mesh/log.ts'
import type { Library, Plans } from '../spells/plans.ts'
import type { SpellStore } from '../spells/store.ts'
import type { NewRun } from './commit.ts'
import type { Committer } from './committer.ts'
import { RunJournal } from './journal.ts'
import type { Leases } from './leases.ts'
import type { Publisher } from './publisher.ts'
import type { Runs } from './runs.ts'
import type { RunRow, RunStore } from './store.ts'

export interface RecoveryOptions {
  readonly leases: Leases
  readonly runs: Runs
  readonly store: RunStore
  readonly spells: SpellStore
  readonly plans: Plans
  readonly committer: Committer
  readonly publisher: Publisher
  readonly log: Log
  readonly leaseMs: number
  /** Nobody else can leave runs behind: it is enough to look once. */
  readonly alone: boolean
  onTaken(count: number): void
}

/** Keeps this runner's lease, and takes up runs whose runner is gone. */
export interface Recovery {
  /** Looks once, then goes on looking. */
  begin(): Promise<void>
  /** Gives everything back. */
  end(): Promise<void>
}

const AT_ONCE = 100

export function createRecovery(options: RecoveryOptions): Recovery {
  const { leases, runs, log, leaseMs, alone } = options
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let renewedAt = 0
  let ended = false

  async function renew(): Promise<void> {
    const at = Date.now()
    const kept = await leases.renew()
    if (!kept && renewedAt > 0) {
      log.warn({}, 'the lease had run out: the runs at work here are given up')
      abandonAll(runs)
    }
    renewedAt = at
  }

  async function look(): Promise<void> {
    try {
      await renew()
      for (;;) {
        const rows = ended ? [] : await leases.takeOrphans(AT_ONCE)
        for (const row of rows) await takeUp(row, options)
        if (rows.length > 0) options.onTaken(rows.length)
        if (rows.length < AT_ONCE) return
      }
    } catch (error) {
      log.warn({ error }, 'looking after leases failed')
      // Who cannot renew must not work on: another runner may.
      if (Date.now() - renewedAt > leaseMs) abandonAll(runs)
    }
  }

  return {
    async begin() {
      await look()
      if (alone) return
      timer = setInterval(() => {
        looking ??= look().finally(() => {
          looking = undefined
        })
      }, leaseMs / 3)
    },
    async end() {
      ended = true
      clearInterval(timer)
      await looking
      await leases.release()
    },
  }
}

function abandonAll(runs: Runs): void {
  for (const run of [...runs.active()]) run.abandon()
}

/** Goes on with a run from what is stored of it, with the documents that it began with. */
async function takeUp(row: RunRow, options: RecoveryOptions): Promise<void> {
  const { runs, store, plans, log } = options
  const stored = await store.journal(row.id)
  try {
    const text =
      row.draft === null
        ? (await options.spells.find(row.owner, row.spell, row.revision))?.document
        : await store.draft(row.draft)
    if (text === undefined) throw new Error('its spell is gone')
    const first = JSON.parse(stored[0] ?? 'null') as Entry | null
    if (first?.kind !== 'run.started') throw new Error('its journal has no beginning')
    const compiled = await plans.compileWith(
      row.owner,
      JSON.parse(text) as SpellDocument,
      JSON.parse(row.library) as Library,
    )
    log.info({ run: row.id, attempt: row.attempt, seq: stored.length }, 'a run is taken up')
    runs.resume({
      id: row.id,
      attempt: row.attempt,
      make: toMake(row),
      compiled,
      inputs: first.inputs as Values,
      state: first.state as JsonObject,
      limits: JSON.parse(row.limits) as Partial<Limits>,
      stored,
    })
  } catch (error) {
    log.error({ run: row.id, error }, 'a run cannot be taken up')
    await failStored(row, stored, error, options)
  }
}

function toMake(row: RunRow): NewRun {
  const { owner, spell, revision, draft, library, limits, inputs, session, keeps_state } = row
  return {
    owner,
    spell,
    revision,
    draft,
    library,
    limits,
    inputs,
    session,
    keeps_state,
    started_at: Number(row.started_at),
  }
}

/** Ends a run that cannot be taken up, in its journal. */
async function failStored(
  row: RunRow,
  stored: readonly string[],
  error: unknown,
  { committer, publisher }: RecoveryOptions,
): Promise<void> {
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
  const message = `it could not go on after its runner was gone: ${error instanceof Error ? error.message : String(error)}`
  const entry: TerminalEntry = {
    seq,
    at: Date.now(),
    kind: 'run.failed',
    error: { code: 'INTERNAL', message },
    lastSeq: seq,
  }
  journal.append({ ...entry, digest: journal.digestOf(entry) })
  await journal.durable(seq)
}
