import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** One thing whose place in the vector store is not what it is now: it was changed, made or removed. */
export interface IndexWork {
  readonly owner: string
  readonly id: string
  /** Which change; a later one is due again. */
  readonly version: number
  /** The collection that it was put into last; null: none yet. */
  readonly collection: string | null
  /** How often it was tried in vain. */
  readonly attempts: number
}

/**
 * Which things of a service the vector store does not have as they are, kept in a table of the service. Things are marked in the transaction that changes them,
 * so that nothing is lost; several processes may work on one table. All times are by the database's clock.
 *
 * The table, made by a migration of the service:
 *
 * ```sql
 * create table indexing (
 *   owner text not null, id text not null, version bigint not null default 1,
 *   collection text, attempts integer not null default 0,
 *   -- Null: the vector store has it.
 *   due_at timestamptz default now(),
 *   lease_until timestamptz,
 *   primary key (owner, id)
 * );
 * create index indexing_due on indexing (due_at) where due_at is not null;
 * create index indexing_collection on indexing (collection);
 * ```
 */
export interface IndexQueue {
  /** Takes works that are due and nobody else's, the oldest first. They are the taker's for `leaseMs`. */
  take(limit: number, leaseMs: number): Promise<readonly IndexWork[]>
  /** These are in that collection now. */
  placed(works: readonly IndexWork[], collection: string): Promise<void>
  /** These are in the vector store no more, and need not be. */
  removed(works: readonly IndexWork[]): Promise<void>
  /** Gives works back, to be tried again after so long; `failed`: it was they that failed. */
  putBack(works: readonly IndexWork[], options: { afterMs: number; failed: boolean }): Promise<void>
  /** Ends all leases: of a process that is alone, they are a dead one's. */
  free(): Promise<void>
  /** How long until something is due, in milliseconds; undefined: nothing waits. */
  nextMs(): Promise<number | undefined>
  /** Whether anything is in any collection. */
  isInUse(): Promise<boolean>
  /** Has what is in any other collection made anew, at most so many; answers how many. */
  renew(collection: string, limit: number): Promise<number>
}

/** Notes, in the transaction that changes them, that things of one owner are not what the vector store has any more. `table`: with its schema, `event.indexing`. */
export async function markForIndexing(
  transaction: Kysely<unknown>,
  table: string,
  owner: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  await sql`
    insert into ${sql.table(table)} as i (owner, id)
    select distinct ${owner}, given.id from json_array_elements_text(${JSON.stringify(ids)}::json) as given (id) order by 2
    on conflict (owner, id) do update set version = i.version + 1, due_at = now(), attempts = 0`.execute(transaction)
}

/** Opens the queue over a service's table. */
export function createIndexQueue(database: Kysely<unknown>, table: string): IndexQueue {
  const from = sql.table(table)
  return {
    async take(limit, leaseMs) {
      const { rows } = await sql<IndexWork>`
        update ${from} as i set lease_until = now() + ${leaseMs}::bigint * interval '1 millisecond'
        where (owner, id) in (
          select owner, id from ${from} where due_at <= now() and (lease_until is null or lease_until <= now())
          order by due_at limit ${limit}::integer for update skip locked
        ) returning owner, id, version, collection, attempts`.execute(database)
      return rows
    },
    async placed(works, collection) {
      // What has changed meanwhile is due, also where another process was quicker: ours may have put the older one over it.
      await sql`
        update ${from} as i set collection = ${collection}, attempts = 0, lease_until = null,
          due_at = case when i.version = t.version then null else coalesce(i.due_at, now()) end
        from ${rowsOf(works)} where i.owner = t.owner and i.id = t.id`.execute(database)
    },
    async removed(works) {
      await sql`
        delete from ${from} as i using ${rowsOf(works)} where i.owner = t.owner and i.id = t.id and i.version = t.version`.execute(
        database,
      )
      // Made again meanwhile, and perhaps by another process that was quicker: ours may have taken away what that one put.
      await sql`
        update ${from} as i set collection = null, lease_until = null, due_at = coalesce(i.due_at, now())
        from ${rowsOf(works)} where i.owner = t.owner and i.id = t.id`.execute(database)
    },
    async putBack(works, { afterMs, failed }) {
      await sql`
        update ${from} as i set lease_until = null,
          attempts = case when i.version = t.version then i.attempts + ${failed ? 1 : 0}::integer else i.attempts end,
          due_at = case when i.version = t.version then now() + ${afterMs}::bigint * interval '1 millisecond' else i.due_at end
        from ${rowsOf(works)} where i.owner = t.owner and i.id = t.id`.execute(database)
    },
    ...watch(database, table),
  }
}

function watch(database: Kysely<unknown>, table: string): Pick<IndexQueue, 'free' | 'nextMs' | 'isInUse' | 'renew'> {
  const from = sql.table(table)
  return {
    async free() {
      await sql`update ${from} set lease_until = null where lease_until is not null`.execute(database)
    },
    async nextMs() {
      const { rows } = await sql<{ next: number | null }>`
        select (extract(epoch from min(greatest(due_at, coalesce(lease_until, due_at))) - now()) * 1000)::float8 as next
        from ${from} where due_at is not null`.execute(database)
      const next = rows[0]?.next
      return next === null || next === undefined ? undefined : Math.max(0, next)
    },
    async isInUse() {
      const { rows } = await sql`select 1 from ${from} where collection is not null limit 1`.execute(database)
      return rows.length > 0
    },
    async renew(collection, limit) {
      const { rows } = await sql`
        update ${from} as i set version = i.version + 1, due_at = now(), attempts = 0
        where (owner, id) in (
          select owner, id from ${from} where (collection < ${collection} or collection > ${collection}) and due_at is null
          limit ${limit}::integer for update skip locked
        ) returning 1`.execute(database)
      return rows.length
    },
  }
}

function rowsOf(works: readonly IndexWork[]) {
  const rows = JSON.stringify(works.map(({ owner, id, version }) => ({ owner, id, version })))
  return sql`json_to_recordset(${rows}::json) as t (owner text, id text, version bigint)`
}
