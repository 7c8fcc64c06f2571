import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { RUN_COLUMNS } from './store.ts'
import type { RunRow } from './store.ts'

/** Which runner works on which run, by the database's clock (docs/decisions/0003-runner-leases.md). */
export interface Leases {
  /** Makes or prolongs this runner's lease. False: it had run out, and was made anew; every run may belong to somebody else. */
  renew(): Promise<boolean>
  /** Takes runs that nobody works on, each with the next attempt; those waiting longest first. */
  takeOrphans(limit: number): Promise<readonly RunRow[]>
  /** Gives up this runner's runs and its lease, at once. */
  release(): Promise<void>
}

export function createLeases(
  database: Kysely<unknown>,
  runner: string,
  options: { leaseMs: number; alone: boolean },
): Leases {
  const { leaseMs, alone } = options
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
          where r.ended_at = 0 and r.runner is distinct from ${runner}
            and (r.runner is null or ${alone}::boolean or l.id is null or l.lease_until < now())
          order by r.started_at limit ${limit} for update of r skip locked
        )
        update spell_runner.runs r set runner = ${runner}, attempt = r.attempt + 1 from due where r.id = due.id returning ${RUN_COLUMNS}`.execute(
        database,
      )
      return rows
    },
    async release() {
      await sql`update spell_runner.runs set runner = null where runner = ${runner} and ended_at = 0`.execute(database)
      await sql`delete from spell_runner.runners where id = ${runner}`.execute(database)
    },
  }
}
