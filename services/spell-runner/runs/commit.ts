import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** A new run, as it is inserted with its first entries. */
export interface NewRun {
  readonly owner: string
  readonly spell: string
  readonly revision: number
  readonly draft: string | null
  /** JSON texts. */
  readonly library: string
  readonly limits: string
  readonly inputs: string
  readonly session: string
  readonly keeps_state: boolean
  readonly started_at: number
}

/** What else changes with a run's entries. */
export interface RunChange {
  readonly status: string
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
}
export interface StateWrite {
  readonly owner: string
  readonly spell: string
  readonly session: string
  readonly key: string
  readonly value: string
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
    ...make,
    made: make !== undefined,
    ...change,
  }))
  const entries = `[${batches.flatMap(({ run, previous, texts }) => texts.map((text, index) => toEntryRow(run, previous + index + 1, text))).join(',')}]`
  const { rows } = await statement(JSON.stringify(runs), entries, JSON.stringify(lastWrites(batches)), runner).execute(
    database,
  )
  return new Set(rows.map(({ id }) => id))
}

/** Postgres takes JSON with these escapes as it is, but not from within another JSON; such an entry travels as a text. */
function toEntryRow(run: string, seq: number, text: string): string {
  return `{"run":"${run}","seq":${seq},${text.includes('\\u') ? `"text":${JSON.stringify(text)}` : `"entry":${text}`}}`
}

/** One statement can write a key once: of several writes the last one counts. */
function lastWrites(batches: readonly RunBatch[]): readonly (StateWrite & { run: string })[] {
  const last = new Map<string, StateWrite & { run: string }>()
  for (const { run, state } of batches) {
    for (const write of state)
      last.set(JSON.stringify([write.owner, write.spell, write.session, write.key]), { run, ...write })
  }
  return [...last.values()]
}

function statement(runs: string, entries: string, state: string, runner: string) {
  return sql<{ id: string }>`
    with b as (
      select * from json_to_recordset(${runs}::json) as b(
        run text, attempt integer, prev bigint, last bigint, made boolean,
        owner text, spell text, revision integer, draft text, library text, limits text, inputs text, session text, keeps_state boolean, started_at bigint,
        status text, outputs text, error text, digest text, ended_at bigint)
    ), made as (
      insert into spell_runner.runs
        (id, owner, spell, revision, draft, library, limits, session, keeps_state, status, inputs, outputs, error, last_seq, digest, attempt, runner, started_at, ended_at)
      select b.run, b.owner, b.spell, b.revision, b.draft, b.library::json, b.limits::json, b.session, b.keeps_state, coalesce(b.status, 'running'), b.inputs::json,
        coalesce(b.outputs, '{}')::json, b.error::json, b.last, coalesce(b.digest, ''), b.attempt, case when b.ended_at > 0 then null else ${runner}::text end, b.started_at, coalesce(b.ended_at, 0)
      from b where b.made
      on conflict (id) do nothing
      returning id
    ), moved as (
      update spell_runner.runs r set
        last_seq = b.last, status = coalesce(b.status, r.status), outputs = coalesce(b.outputs::json, r.outputs), error = coalesce(b.error::json, r.error),
        digest = coalesce(b.digest, r.digest), ended_at = coalesce(b.ended_at, r.ended_at), runner = case when b.ended_at > 0 then null else r.runner end
      from b
      where r.id = b.run and r.attempt = b.attempt and (
        (r.runner = ${runner}::text and r.last_seq in (b.prev, b.last)) or (r.runner is null and r.last_seq = b.last and r.digest = b.digest)
      )
      returning r.id
    ), fine as (
      select id from made union select id from moved
    ), put as (
      insert into spell_runner.entries (run, seq, entry)
      select e.run, e.seq, coalesce(e.entry, e.text::json)
      from json_to_recordset(${entries}::json) as e(run text, seq bigint, entry json, text text) join fine on fine.id = e.run
      on conflict do nothing
    ), kept as (
      insert into spell_runner.state as s (owner, spell, session, key, value)
      select w.owner, w.spell, w.session, w.key, w.value::json
      from json_to_recordset(${state}::json) as w(run text, owner text, spell text, session text, key text, value text) join fine on fine.id = w.run
      on conflict (owner, spell, session, key) do update set value = excluded.value, revision = s.revision + 1
    )
    select id from fine`
}
