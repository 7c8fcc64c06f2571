import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { RUN_COLUMNS } from '../runs/store.ts'
import type { RunRow } from '../runs/store.ts'

/** A run whose journal stands under a day. */
export interface KeptRun {
  readonly id: string
  /** 0: it has not ended. Undefined: there is no record of it any more. */
  readonly endedAt: number | undefined
}

/** The days that journals stand under, as numbers since 1970, UTC (docs/decisions/0009-journals-by-day.md). */
export interface RetentionStore {
  /** By the database's clock. */
  today(): Promise<number>
  /** Makes what is missing of these days. A day of which rows are already kept elsewhere is left out. */
  make(days: readonly number[]): Promise<void>
  /** Days before this one that something is kept under, oldest first. */
  before(day: number): Promise<readonly number[]>
  /** Lets this runner look after the days, for some time; false: another one does. */
  claim(runner: string, forMs: number): Promise<boolean>
  unclaim(runner: string): Promise<void>
  /** Runs with a journal under a day, by id, after one. */
  runsOf(day: number, after: string, limit: number): Promise<readonly KeptRun[]>
  /** The whole record of a run. */
  run(id: string): Promise<RunRow | undefined>
  /** Puts the journal of a run under another day; false: it stands under another one, or the run is gone. */
  move(id: string, from: number, to: number): Promise<boolean>
  /** Drops a day and everything that is under it; false: a run in it has not ended. */
  drop(day: number): Promise<boolean>
}

const KINDS = ['batches', 'blobs'] as const
/** Whoever writes waits behind who waits for a lock: better to try again later. */
const LOCK_TIMEOUT = sql`set local lock_timeout = '1s'`

export function createRetentionStore(database: Kysely<unknown>): RetentionStore {
  return { ...lookAfterDays(database), ...lookAfterRuns(database) }
}

type Day = 'today' | 'make' | 'before' | 'claim' | 'unclaim' | 'drop'

function lookAfterDays(database: Kysely<unknown>): Pick<RetentionStore, Day> {
  return {
    async today() {
      const { rows } = await sql<{ day: number }>`
        select floor(extract(epoch from now()) / 86400)::integer as day`.execute(database)
      return rows[0]?.day ?? 0
    },
    async make(days) {
      if ((await missing(database, days)).length === 0) return
      await database.transaction().execute(async inside => {
        await LOCK_TIMEOUT.execute(inside)
        // One at a time: "if not exists" is not free of races.
        await sql`select one from spell_runner.keeper for update`.execute(inside)
        for (const { kind, day } of await missing(inside, days))
          await sql`create table ${tableOf(kind, day)} partition of ${sql.table(`spell_runner.${kind}`)} for values in (${sql.lit(day)})`.execute(
            inside,
          )
      })
    },
    async before(day) {
      const { rows } = await sql<{ day: number }>`
        select substring(c.relname from '_(\\d+)$')::integer as day
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent in ('spell_runner.batches'::regclass, 'spell_runner.blobs'::regclass) and c.relname ~ '_\\d+$'
        union select day from spell_runner.batches_other union select day from spell_runner.blobs_other
        order by day`.execute(database)
      return rows.map(row => row.day).filter(one => one < day)
    },
    async claim(runner, forMs) {
      const { rows } = await sql`
        update spell_runner.keeper set runner = ${runner}, until = now() + ${forMs}::integer * interval '1 millisecond'
        where runner = ${runner} or until <= now() returning one`.execute(database)
      return rows.length > 0
    },
    async unclaim(runner) {
      await sql`update spell_runner.keeper set until = '-infinity' where runner = ${runner}`.execute(database)
    },
    drop: day =>
      database.transaction().execute(async inside => {
        await LOCK_TIMEOUT.execute(inside)
        const { rows } = await sql`
          select 1 from spell_runner.runs where ended_at = 0 and journal_day = ${day} limit 1`.execute(inside)
        if (rows.length > 0) return false
        for (const kind of KINDS) {
          await sql`drop table if exists ${tableOf(kind, day)}`.execute(inside)
          // There is next to nothing in it.
          await sql`delete from ${sql.table(`spell_runner.${kind}_other`)} where day = ${day}`.execute(inside)
        }
        return true
      }),
  }
}

function lookAfterRuns(database: Kysely<unknown>): Omit<RetentionStore, Day> {
  return {
    async runsOf(day, after, limit) {
      const { rows } = await sql<{ id: string; ended_at: number | null }>`
        select b.run as id, r.ended_at from (
          select distinct run from spell_runner.batches where day = ${sql.lit(day)} and run > ${after} order by run limit ${limit}
        ) b left join spell_runner.runs r on r.id = b.run
        order by b.run`.execute(database)
      return rows.map(({ id, ended_at }) => ({ id, endedAt: ended_at === null ? undefined : Number(ended_at) }))
    },
    async run(id) {
      const { rows } = await sql<RunRow>`select ${RUN_COLUMNS} from spell_runner.runs r where r.id = ${id}`.execute(
        database,
      )
      return rows[0]
    },
    move: (id, from, to) =>
      database.transaction().execute(async inside => {
        // Nothing is added to its journal from here on, and what was added before is seen by the next statement.
        const { rows } = await sql`
          select id from spell_runner.runs where id = ${id} and journal_day = ${from} for update`.execute(inside)
        if (rows.length === 0) return false
        await sql`update spell_runner.runs set journal_day = ${to} where id = ${id}`.execute(inside)
        for (const kind of KINDS)
          await sql`update ${sql.table(`spell_runner.${kind}`)} set day = ${to} where run = ${id} and day = ${sql.lit(from)}`.execute(
            inside,
          )
        return true
      }),
  }
}

function tableOf(kind: string, day: number) {
  return sql.table(`spell_runner.${kind}_${day}`)
}

/** What of these days has no table yet, and may have one. */
async function missing(
  database: Kysely<unknown>,
  days: readonly number[],
): Promise<readonly { kind: string; day: number }[]> {
  const wanted = JSON.stringify(KINDS.flatMap(kind => days.map(day => ({ kind, day }))))
  const { rows } = await sql<{ kind: string; day: number }>`
    select kind, day from json_to_recordset(${wanted}::json) as w(kind text, day integer)
    where to_regclass('spell_runner.' || kind || '_' || day) is null
      and not exists (select 1 from spell_runner.batches_other o where o.day = w.day)
      and not exists (select 1 from spell_runner.blobs_other o where o.day = w.day)`.execute(database)
  return rows
}
