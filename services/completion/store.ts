import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** Whose key it is. */
export interface AnswerKey {
  readonly owner: string
  readonly key: string
}

/** What stands under a key that somebody else has claimed. */
export interface KeptAnswer {
  /** Hash of the request. */
  readonly request: string
  /** JSON text; null while the model is asked. */
  readonly answer: string | null
}

/** Answers by idempotency key, in the database. A claim lasts by the database's clock. */
export interface AnswerStore {
  /** Claims the key unless it is claimed or answered. Undefined: it is the caller's now. */
  claim(key: AnswerKey, request: string, claim: string): Promise<KeptAnswer | undefined>
  /** Prolongs a claim; what was taken by others stays theirs. */
  renew(key: AnswerKey, claim: string): Promise<void>
  /** Puts the answer where the claim stands. */
  finish(key: AnswerKey, claim: string, answer: string): Promise<void>
  /** Gives up a claim without an answer. */
  release(key: AnswerKey, claim: string): Promise<void>
  /** Removes what is older than it is kept. */
  sweep(): Promise<void>
}

export function createAnswerStore(
  database: Kysely<unknown>,
  { leaseMs, keepMs }: { leaseMs: number; keepMs: number },
): AnswerStore {
  const lease = sql`now() + ${leaseMs}::bigint * interval '1 millisecond'`
  const kept = sql`now() - ${keepMs}::bigint * interval '1 millisecond'`
  const claimed = ({ owner, key }: AnswerKey, claim: string) =>
    sql`owner = ${owner} and key = ${key} and claim = ${claim} and answer is null`
  return {
    async claim({ owner, key }, request, claim) {
      for (;;) {
        const { rows: mine } = await sql`
          insert into completion.answers as a (owner, key, request, claim, lease_until) values (${owner}, ${key}, ${request}, ${claim}, ${lease})
          on conflict (owner, key) do update
            set request = excluded.request, claim = excluded.claim, lease_until = excluded.lease_until, answer = null, created_at = now()
            where (a.answer is null and a.lease_until < now()) or a.created_at < ${kept}
          returning claim`.execute(database)
        if (mine.length > 0) return undefined
        const { rows } = await sql<KeptAnswer>`
          select request, answer from completion.answers where owner = ${owner} and key = ${key}`.execute(database)
        // Gone between the two: once more.
        if (rows[0]) return rows[0]
      }
    },
    async renew(key, claim) {
      await sql`update completion.answers set lease_until = ${lease} where ${claimed(key, claim)}`.execute(database)
    },
    async finish(key, claim, answer) {
      await sql`update completion.answers set answer = ${answer}, created_at = now() where ${claimed(key, claim)}`.execute(
        database,
      )
    },
    async release(key, claim) {
      await sql`delete from completion.answers where ${claimed(key, claim)}`.execute(database)
    },
    async sweep() {
      await sql`delete from completion.answers where created_at < ${kept}`.execute(database)
    },
  }
}
