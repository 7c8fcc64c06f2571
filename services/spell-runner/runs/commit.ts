import { CompiledQuery } from 'kysely'
import type { Kysely } from 'kysely'
import type { RunStatus } from './record.ts'

/** A new run, as it is inserted with its first entries. */
export interface NewRun {
  readonly owner: string
  readonly spell: string
  readonly revision: number
  readonly draft: string | null
  /** JSON texts. */
  readonly library: string
  readonly limits: string
  readonly mode: string
  readonly inputs: string
  readonly session: string
  readonly keeps_state: boolean
  readonly started_at: number
}

/** What else changes with a run's entries. */
export interface RunChange {
  readonly status: RunStatus
  /** JSON texts. */
  readonly outputs: string
  readonly error: string | null
  readonly digest: string
  readonly ended_at: number
}

/** The next entries of one run. */
export interface RunBatch {
  readonly run: string
  readonly attempt: number
  /** The number of the last entry committed before. */
  readonly previous: number
  readonly texts: readonly string[]
  readonly make: NewRun | undefined
  readonly change: RunChange | undefined
  /** Keys of the spell's state, with their new values as JSON texts. */
  readonly state: readonly StateWrite[]
  /** Values that the entries refer to. */
  readonly blobs: readonly Blob[]
}
export interface Blob {
  readonly hash: string
  /** JSON text. */
  readonly value: string
}
export interface StateWrite {
  readonly owner: string
  readonly spell: string
  readonly session: string
  readonly key: string
  readonly value: string
  /** What the run found under the key, as a JSON text, and the revision of it; 0: there was none. */
  readonly base: string
  readonly revision: number
}

/**
 * Commits entries of many runs in one statement. A run's are refused, and left out, unless it still belongs to this runner under this attempt and ends where
 * the batch begins; the same batch again changes nothing and is not refused. Answers the runs that were not refused.
 */
export async function commitBatches(
  database: Kysely<unknown>,
  runner: string,
  batches: readonly RunBatch[],
): Promise<ReadonlySet<string>> {
  const runs = batches.map(({ run, attempt, previous, texts, make, change }) => ({
    run,
    attempt,
    prev: previous,
    last: previous + texts.length,
    texts: texts.join('\n'),
    ...make,
    made: make !== undefined,
    ...change,
  }))
  const state = JSON.stringify(batches.flatMap(({ run, state: writes }) => writes.map(write => ({ run, ...write }))))
  const blobs = JSON.stringify(batches.flatMap(({ run, blobs: values }) => values.map(blob => ({ run, ...blob }))))
  const { rows } = await database.executeQuery<{ id: string }>(
    CompiledQuery.raw(COMMIT, [JSON.stringify(runs), state, blobs, runner]),
  )
  return new Set(rows.map(({ id }) => id))
}

const COMMIT = 'select id from spell_runner.commit_batches($1::json, $2::json, $3::json, $4::text) as id'
