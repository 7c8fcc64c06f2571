import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Bounds } from './retention.ts'

/** How long each owner's events are kept, in the database. */
export interface RetentionStore {
  /** What an owner has set; undefined: nothing. */
  read(owner: string): Promise<Bounds | undefined>
  write(owner: string, bounds: Bounds): Promise<void>
  /** Owners of events, after one, in order. */
  owners(after: string, limit: number): Promise<readonly string[]>
  /** Events of an owner that were kept longer ago than this, the oldest first. */
  older(owner: string, ms: number, limit: number): Promise<readonly string[]>
  /** The oldest events of an owner. */
  oldest(owner: string, limit: number): Promise<readonly string[]>
}

export function createRetentionStore(database: Kysely<unknown>): RetentionStore {
  return {
    async read(owner) {
      const { rows } = await sql<{ keep_ms: number; most: number }>`
        select keep_ms, most from event.retention where owner = ${owner}`.execute(database)
      const [row] = rows
      return row && { keepMs: row.keep_ms, most: row.most }
    },
    async write(owner, { keepMs, most }) {
      await sql`
        insert into event.retention (owner, keep_ms, most) values (${owner}, ${keepMs}::bigint, ${most}::bigint)
        on conflict (owner) do update set keep_ms = excluded.keep_ms, most = excluded.most`.execute(database)
    },
    async owners(after, limit) {
      // From one owner to the next by the index, however many events each of them has.
      const { rows } = await sql<{ owner: string }>`
        with recursive found (owner) as (
          (select min(owner) from event.events where owner > ${after})
          union all
          select (select min(e.owner) from event.events e where e.owner > found.owner) from found where found.owner is not null
        ) select owner from found where owner is not null limit ${limit}::integer`.execute(database)
      return rows.map(({ owner }) => owner)
    },
    async older(owner, ms, limit) {
      const { rows } = await sql<{ id: string }>`
        select id from event.events
        where owner = ${owner} and created_at < now() - ${ms}::bigint * interval '1 millisecond'
        order by created_at limit ${limit}::integer`.execute(database)
      return rows.map(({ id }) => id)
    },
    async oldest(owner, limit) {
      const { rows } = await sql<{ id: string }>`
        select id from event.events where owner = ${owner} order by at, seq limit ${limit}::integer`.execute(database)
      return rows.map(({ id }) => id)
    },
  }
}
