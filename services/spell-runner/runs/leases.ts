import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { RUN_COLUMNS } from './store.ts'
import type { RunRow } from './store.ts'

/** Of a run that nothing but a question wakes. */
const NEVER = Number.MAX_SAFE_INTEGER

/** Which runner works on which run, by the database's clock (docs/decisions/0003-runner-leases.md). */
export interface Leases {
  /** Makes or prolongs this runner's lease, and tells how many runs are at work. False: it had run out, and was made anew; every run may belong to somebody else. */
  renew(load: number): Promise<boolean>
  /** All whose lease has not run out. */
  runners(): Promise<readonly RunnerRow[]>
  /** Tells that this runner takes nothing new. */
  drain(): Promise<void>
  /** Takes runs that nobody works on, each with the next attempt; those waiting longest first. */
  takeOrphans(limit: number): Promise<readonly RunRow[]>
  /** Takes one run of this user that has not ended and that nobody works on, with the next attempt. Undefined: there is none such. */
  take(owner: string, id: string): Promise<RunRow | undefined>
  /** Leaves a run to whoever asks it something, or to everybody from a moment on (milliseconds since 1970). */
  putAside(id: string, attempt: number, status: string, wakesAt: number | undefined): Promise<void>
  /** When the next run that was put aside is due; undefined: none is. */
  nextWake(): Promise<number | undefined>
  /** This runner's runs that have not ended, but for these. */
  others(known: readonly string[]): Promise<readonly { readonly id: string; readonly attempt: number }[]>
  /** Leaves these of this runner's runs to everybody; without a list: all. */
  giveUp(ids?: readonly string[]): Promise<void>
  /** Gives up this runner's runs and its lease, at once. */
  release(): Promise<void>
}

/** A runner as others see it. */
export interface RunnerRow {
  readonly id: string
  readonly address: string
  readonly load: number
  readonly capacity: number
  readonly draining: boolean
}

export interface LeaseOptions {
  readonly leaseMs: number
  readonly alone: boolean
  /** Where its gRPC answers; empty: nowhere. */
  readonly address: string
  /** How many runs it is meant for. */
  readonly capacity: number
}

export function createLeases(database: Kysely<unknown>, runner: string, options: LeaseOptions): Leases {
  const { leaseMs, alone, address, capacity } = options
  const leaving = createLeaving(database, runner)
  const until = sql`now() + ${leaseMs}::integer * interval '1 millisecond'`
  return {
    async renew(load) {
      const { rows } = await sql<{ kept: boolean }>`
        with old as (select lease_until from spell_runner.runners where id = ${runner}),
        gone as (delete from spell_runner.runners where lease_until < now() - interval '1 hour' and id <> ${runner})
        insert into spell_runner.runners as r (id, lease_until, address, load, capacity)
        values (${runner}, ${until}, ${address}, ${load}::integer, ${capacity}::integer)
        on conflict (id) do update set lease_until = excluded.lease_until, load = excluded.load
        returning coalesce((select lease_until > now() from old), false) as kept`.execute(database)
      return rows[0]?.kept ?? false
    },
    async runners() {
      const { rows } = await sql<RunnerRow>`
        select id, address, load, capacity, draining from spell_runner.runners where lease_until > now() order by id`.execute(
        database,
      )
      return rows
    },
    async drain() {
      await sql`update spell_runner.runners set draining = true where id = ${runner}`.execute(database)
    },
    async takeOrphans(limit) {
      const { rows } = await sql<RunRow>`
        with due as (
          select r.id from spell_runner.runs r left join spell_runner.runners l on l.id = r.runner
          where r.ended_at = 0 and r.runner is distinct from ${runner} and r.asleep_until <= ${Date.now()}::bigint
            and (r.runner is null or ${alone}::boolean or l.id is null or l.lease_until < now())
          order by r.started_at limit ${limit} for update of r skip locked
        )
        update spell_runner.runs r set runner = ${runner}, attempt = r.attempt + 1, asleep_until = 0 from due where r.id = due.id returning ${RUN_COLUMNS}`.execute(
        database,
      )
      return rows
    },
    async take(owner, id) {
      const { rows } = await sql<RunRow>`
        update spell_runner.runs r set runner = ${runner}, attempt = r.attempt + 1, asleep_until = 0
        where r.id = ${id} and r.owner = ${owner} and r.ended_at = 0 and (r.runner is null or r.runner = ${runner} or ${alone}::boolean
          or not exists (select 1 from spell_runner.runners l where l.id = r.runner and l.lease_until >= now()))
        returning ${RUN_COLUMNS}`.execute(database)
      return rows[0]
    },
    ...leaving,
    async release() {
      await leaving.giveUp()
      await sql`delete from spell_runner.runners where id = ${runner}`.execute(database)
    },
  }
}

/** How runs are left to others. */
function createLeaving(
  database: Kysely<unknown>,
  runner: string,
): Pick<Leases, 'putAside' | 'nextWake' | 'others' | 'giveUp'> {
  return {
    async putAside(id, attempt, status, wakesAt) {
      const until = wakesAt === undefined ? NEVER : Math.min(NEVER, Math.max(1, Math.ceil(wakesAt)))
      await sql`
        update spell_runner.runs set runner = null, status = ${status}, asleep_until = ${until}::bigint
        where id = ${id} and runner = ${runner} and attempt = ${attempt} and ended_at = 0`.execute(database)
    },
    async nextWake() {
      const { rows } = await sql<{ at: number | null }>`
        select min(asleep_until) as at from spell_runner.runs where ended_at = 0 and asleep_until > 0 and asleep_until < ${NEVER}::bigint`.execute(
        database,
      )
      const at = rows[0]?.at
      return at === null || at === undefined ? undefined : Number(at)
    },
    async others(known) {
      const { rows } = await sql<{ id: string; attempt: number }>`
        select id, attempt from spell_runner.runs where runner = ${runner} and ended_at = 0 and not id = any (${known}::text[])`.execute(
        database,
      )
      return rows
    },
    async giveUp(ids) {
      const some = ids ? sql`and id = any (${ids}::text[])` : sql``
      await sql`update spell_runner.runs set runner = null where runner = ${runner} and ended_at = 0 ${some}`.execute(
        database,
      )
    },
  }
}
