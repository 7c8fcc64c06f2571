import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Key } from './key.ts'

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
  const lease = sql`clock_timestamp() + ${leaseMs}::bigint * interval '1 millisecond'`
  return {
    async take({ owner, namespace, key, claim }) {
      const { rows } = await sql`
        insert into cache.claims as c (owner, namespace, key, claim, lease_until)
        values (${owner}, ${namespace}, ${key}, ${claim}, ${lease})
        on conflict (owner, namespace, key) do update set claim = excluded.claim, lease_until = excluded.lease_until
          where c.lease_until < clock_timestamp() or c.claim = excluded.claim
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
