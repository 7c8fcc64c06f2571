import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { RUN_COLUMNS } from './store.ts'
import type { RunRow } from './store.ts'

/** Of a run that nothing but a question wakes. */
const NEVER = Number.MAX_SAFE_INTEGER

/** Which runner works on which run, by the database's clock (docs/decisions/0003-runner-leases.md). */
export interface Leases {
  /** Makes or prolongs this runner's lease. False: it had run out, and was made anew; every run may belong to somebody else. */
  renew(): Promise<boolean>
  /** Takes runs that nobody works on, each with the next attempt; those waiting longest first. */
  takeOrphans(limit: number): Promise<readonly RunRow[]>
  /** Takes one run of this user that has not ended and that nobody works on, with the next attempt. Undefined: there is none such. */
  take(owner: string, id: string): Promise<RunRow | undefined>
  /** Leaves a run to whoever asks it something, or to everybody from a moment on (milliseconds since 1970). */
  putAside(id: string, attempt: number, status: string, wakesAt: number | undefined): Promise<void>
  /** When the next run that was put aside is due; undefined: none is. */
  nextWake(): Promise<number | undefined>
  /** Leaves this runner's runs to everybody. */
  giveUp(): Promise<void>
  /** Gives up this runner's runs and its lease, at once. */
  release(): Promise<void>
}

export function createLeases(
  database: Kysely<unknown>,
  runner: string,
  options: { leaseMs: number; alone: boolean },
): Leases {
  const { leaseMs, alone } = options
  const leaving = createLeaving(database, runner)
  const until = sql`now() + ${leaseMs}::integer * interval '1 millisecond'`
  return {
    async renew() {
      const { rows } = await sql<{ kept: boolean }>`
        with old as (select lease_until from spell_runner.runners where id = ${runner}),
        gone as (delete from spell_runner.runners where lease_until < now() - interval '1 hour' and id <> ${runner})
        insert into spell_runner.runners as r (id, lease_until) values (${runner}, ${until})
        on conflict (id) do update set lease_until = excluded.lease_until
        returning coalesce((select lease_until > now() from old), false) as kept`.execute(database)
      return rows[0]?.kept ?? false
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
function createLeaving(database: Kysely<unknown>, runner: string): Pick<Leases, 'putAside' | 'nextWake' | 'giveUp'> {
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
    async giveUp() {
      await sql`update spell_runner.runs set runner = null where runner = ${runner} and ended_at = 0`.execute(database)
    },
  }
}
