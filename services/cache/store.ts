import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Key } from './key.ts'

/** A value as the database has it. */
export interface Stored {
  readonly value: Uint8Array
  /** Milliseconds since 1970, by the database's clock. */
  readonly expires_at: number
  /** Milliseconds from now until then. */
  readonly left_ms: number
}

/** What one user keeps in one namespace. */
export interface NamespaceUse {
  readonly namespace: string
  readonly entries: number
  readonly bytes: number
}

/** A use of a value, not long ago. */
export interface Use extends Key {
  readonly ago_ms: number
}

/** A value that made room. */
export interface Gone extends Key {
  readonly bytes: number
}

/** Values in the database. All times are by its clock. */
export interface EntryStore {
  /** Undefined: it is not there, or its time is over. */
  read(key: Key): Promise<Stored | undefined>
  /** Puts a value in the place of the one before; `grownBy`: how many bytes more its owner keeps now. */
  write(key: Key, value: Uint8Array, ttlMs: number): Promise<Omit<Stored, 'value'> & { readonly grownBy: number }>
  /** Removes a value, with an empty key all of the namespace; answers how many were there. */
  remove(key: Key): Promise<number>
  /** How many bytes an owner keeps. */
  bytesOf(owner: string): Promise<number>
  /** Removes the least recently used ones of an owner until at least so many bytes are free; answers what went. */
  makeRoom(owner: string, bytes: number): Promise<readonly Gone[]>
  /** Notes uses. */
  touch(uses: readonly Use[]): Promise<void>
  /** What an owner keeps, by namespace. */
  uses(owner: string): Promise<readonly NamespaceUse[]>
  /** Removes what has run out; answers how much. */
  sweep(): Promise<number>
}

/** What a row takes beside its value and key. */
const ROW_BYTES = 100
const BATCH = 5_000

const OVER = sql.raw(
  `(extract(epoch from expires_at) * 1000)::bigint as expires_at, (extract(epoch from expires_at - now()) * 1000)::float8 as left_ms`,
)

/** What was written before the space of what it replaced is looked for. */
const CLEANED_BYTES = 32 * 1024 * 1024

/** `cleans`: nobody else vacuums this database. */
export function createEntryStore(database: Kysely<unknown>, { cleans }: { cleans: boolean }): EntryStore {
  let written = 0
  const at = ({ owner, namespace, key }: Key) => sql`owner = ${owner} and namespace = ${namespace} and key = ${key}`
  return {
    async read(key) {
      const { rows } = await sql<Stored>`
        select value, ${OVER} from cache.entries where ${at(key)} and expires_at > now()`.execute(database)
      return rows[0]
    },
    async write(key, value, ttlMs) {
      const { owner, namespace } = key
      const bytes = value.byteLength + Buffer.byteLength(namespace) + Buffer.byteLength(key.key) + ROW_BYTES
      const { rows } = await sql<Omit<Stored, 'value'> & { before: number }>`
        with before as (select bytes from cache.entries where ${at(key)})
        insert into cache.entries as e (owner, namespace, key, value, bytes, expires_at)
        values (${owner}, ${namespace}, ${key.key}, ${value}, ${bytes}, now() + ${ttlMs}::bigint * interval '1 millisecond')
        on conflict (owner, namespace, key) do update
          set value = excluded.value, bytes = excluded.bytes, used_at = excluded.used_at, expires_at = excluded.expires_at
        returning ${OVER}, coalesce((select bytes from before), 0) as before`.execute(database)
      const { before = 0, expires_at = 0, left_ms = 0 } = rows[0] ?? {}
      written += bytes
      if (cleans && written > CLEANED_BYTES) {
        written = 0
        await sql`vacuum cache.entries`.execute(database)
      }
      return { expires_at, left_ms, grownBy: bytes - before }
    },
    async remove(key) {
      if (key.key !== '') {
        const { rows } = await sql`delete from cache.entries where ${at(key)} returning 1`.execute(database)
        return rows.length
      }
      return inBatches(async () => {
        const { rows } = await sql`
          delete from cache.entries where (owner, namespace, key) in (
            select owner, namespace, key from cache.entries where owner = ${key.owner} and namespace = ${key.namespace}
            order by key limit ${BATCH}::integer for update
          ) returning 1`.execute(database)
        return rows.length
      })
    },
    ...keepRoom(database),
    ...keepBooks(database),
  }
}

type OfRoom = 'bytesOf' | 'makeRoom'
type OfBooks = 'touch' | 'uses' | 'sweep'

/** What keeps it from growing. Rows that somebody else is at are left alone: so nobody waits for each other in a circle. */
function keepRoom(database: Kysely<unknown>): Pick<EntryStore, OfRoom> {
  return {
    async bytesOf(owner) {
      const { rows } = await sql<{ bytes: number }>`
        select coalesce(sum(bytes), 0)::bigint as bytes from cache.entries where owner = ${owner}`.execute(database)
      return rows[0]?.bytes ?? 0
    },
    async makeRoom(owner, bytes) {
      const { rows: over } = await sql<Gone>`
        delete from cache.entries where (owner, namespace, key) in (
          select owner, namespace, key from cache.entries where owner = ${owner} and expires_at < now()
          limit ${BATCH}::integer for update skip locked
        ) returning owner, namespace, key, bytes`.execute(database)
      const gone: Gone[] = [...over]
      for (let missing = over.reduce((left, row) => left - row.bytes, bytes); missing > 0;) {
        const { rows } = await sql<Gone>`
          with oldest as (
            select namespace, key, bytes, used_at from cache.entries where owner = ${owner}
            order by used_at limit 1000 for update skip locked
          ), counted as (
            select namespace, key, sum(bytes) over (order by used_at, namespace, key) - bytes as before from oldest
          )
          delete from cache.entries e using counted c
          where e.owner = ${owner} and e.namespace = c.namespace and e.key = c.key and c.before < ${missing}::bigint
          returning e.owner, e.namespace, e.key, e.bytes`.execute(database)
        if (rows.length === 0) break
        for (const row of rows) {
          gone.push(row)
          missing -= row.bytes
        }
      }
      return gone
    },
  }
}

/** What is noted and told of many. */
function keepBooks(database: Kysely<unknown>): Pick<EntryStore, OfBooks> {
  return {
    async touch(uses) {
      await sql`
        with used as (
          select * from json_to_recordset(${JSON.stringify(uses)}::json) as u (owner text, namespace text, key text, ago_ms float8)
        ), there as (
          select e.owner, e.namespace, e.key, now() - u.ago_ms * interval '1 millisecond' as at
          from cache.entries e join used u using (owner, namespace, key) for update of e skip locked
        )
        update cache.entries e set used_at = there.at from there
        where e.owner = there.owner and e.namespace = there.namespace and e.key = there.key and e.used_at < there.at`.execute(
        database,
      )
    },
    async uses(owner) {
      const { rows } = await sql<NamespaceUse>`
        select namespace, count(*)::integer as entries, sum(bytes)::bigint as bytes from cache.entries
        where owner = ${owner} and expires_at > now() group by namespace order by namespace`.execute(database)
      return rows
    },
    async sweep() {
      await sql`delete from cache.claims where lease_until < now() - interval '1 hour'`.execute(database)
      return inBatches(async () => {
        const { rows } = await sql`
          delete from cache.entries where (owner, namespace, key) in (
            select owner, namespace, key from cache.entries where expires_at < now()
            limit ${BATCH}::integer for update skip locked
          ) returning 1`.execute(database)
        return rows.length
      })
    },
  }
}

/** Again until a batch is not full: no statement takes long. */
async function inBatches(remove: () => Promise<number>): Promise<number> {
  for (let removed = 0; ;) {
    const count = await remove()
    removed += count
    if (count < BATCH) return removed
  }
}

/** A claim to compute a value, for all processes to see. */
export interface Claim extends Key {
  /** Unique to it. */
  readonly claim: string
}

/** Who computes what. A claim lasts by the database's clock, as long as it is renewed. */
export interface ClaimStore {
  /** False: somebody else has it. */
  take(claim: Claim): Promise<boolean>
  renew(claims: readonly Claim[]): Promise<void>
  release(claim: Claim): Promise<void>
}

export function createClaimStore(database: Kysely<unknown>, leaseMs: number): ClaimStore {
  const lease = sql`now() + ${leaseMs}::bigint * interval '1 millisecond'`
  return {
    async take({ owner, namespace, key, claim }) {
      const { rows } = await sql`
        insert into cache.claims as c (owner, namespace, key, claim, lease_until)
        values (${owner}, ${namespace}, ${key}, ${claim}, ${lease})
        on conflict (owner, namespace, key) do update set claim = excluded.claim, lease_until = excluded.lease_until
          where c.lease_until < now() or c.claim = excluded.claim
        returning 1`.execute(database)
      return rows.length > 0
    },
    async renew(claims) {
      await sql`
        with held as (
          select * from json_to_recordset(${JSON.stringify(claims)}::json) as h (owner text, namespace text, key text, claim text)
        ), there as (
          select c.owner, c.namespace, c.key from cache.claims c join held using (owner, namespace, key, claim)
          order by c.owner, c.namespace, c.key for update of c
        )
        update cache.claims c set lease_until = ${lease} from there
        where c.owner = there.owner and c.namespace = there.namespace and c.key = there.key`.execute(database)
    },
    async release({ owner, namespace, key, claim }) {
      await sql`
        delete from cache.claims
        where owner = ${owner} and namespace = ${namespace} and key = ${key} and claim = ${claim}`.execute(database)
    },
  }
}

/** Where there is no other process, nobody else could have it. */
export const NO_CLAIMS: ClaimStore = {
  take: () => Promise.resolve(true),
  renew: () => Promise.resolve(),
  release: () => Promise.resolve(),
}
