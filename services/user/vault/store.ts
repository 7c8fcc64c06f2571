import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Belonging, Envelope } from './envelope.ts'

/** A secret without its value. Times in milliseconds since 1970. */
export interface SecretRow {
  readonly name: string
  readonly updatedAt: number
  /** 0: never. */
  readonly usedAt: number
}

export type SealedRow = Belonging & Envelope

/** Secrets of accounts in the database, encrypted. */
export interface SecretStore {
  /** In the order of their names. */
  list(account: string): Promise<SecretRow[]>
  /** `gone`: there is no such account; `full`: it has as many as it may. */
  put(row: SealedRow, most: number): Promise<SecretRow | 'gone' | 'full'>
  /** Whether there was one. */
  remove(whose: Belonging): Promise<boolean>
  read(account: string, names: readonly string[]): Promise<SealedRow[]>
  /** Notes that they were given to a run. */
  used(account: string, names: readonly string[]): Promise<void>
  /** Puts another wrapping in the place of one that is still there. */
  replace(from: SealedRow, to: Envelope): Promise<void>
  /** Up to so many rows after this one that are not under this key, in order. */
  under(others: string, after: Belonging | undefined, limit: number): Promise<SealedRow[]>
  /** The key that is kept here. */
  instanceKey(): Promise<Uint8Array | undefined>
  /** Keeps it unless there is one; answers the one that counts. */
  keepInstanceKey(bytes: Buffer): Promise<Uint8Array>
}

interface Row {
  readonly account: string
  readonly name: string
  readonly key_id: string
  readonly wrapped_key: Uint8Array
  readonly value: Uint8Array
}

const MS = (column: string) => sql.raw(`coalesce((extract(epoch from ${column}) * 1000)::bigint, 0)`)
const SHOWN = sql`name, ${MS('updated_at')} as updated_at, ${MS('used_at')} as used_at`
const SEALED = sql.raw('account, name, key_id, wrapped_key, value')

export function createSecretStore(database: Kysely<unknown>): SecretStore {
  return { ...keepSecrets(database), ...keepKeys(database) }
}

type OfKeys = 'replace' | 'under' | 'instanceKey' | 'keepInstanceKey'

function keepSecrets(database: Kysely<unknown>): Omit<SecretStore, OfKeys> {
  return {
    async list(account) {
      const { rows } = await sql<ShownRow>`
        select ${SHOWN} from "user".kept_secrets where account = ${account} order by name`.execute(database)
      return rows.map(toShown)
    },
    put: ({ account, name, keyId, wrappedKey, value }, most) =>
      database.transaction().execute(async inside => {
        // Others who put one for this account wait here, and see this one when they count.
        const { rows: owners } = await sql`
          select 1 from "user".accounts where id = ${account} for no key update`.execute(inside)
        if (owners.length === 0) return 'gone'
        const { rows } = await sql<ShownRow>`
          insert into "user".kept_secrets as s (account, name, key_id, wrapped_key, value)
          select ${account}, ${name}, ${keyId}, ${wrappedKey}, ${value}
          where (select count(*) from "user".kept_secrets where account = ${account} and name <> ${name}) < ${most}
          on conflict (account, name) do update
            set key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, value = excluded.value, updated_at = now(), used_at = null
          returning ${SHOWN}`.execute(inside)
        return rows[0] ? toShown(rows[0]) : 'full'
      }),
    async remove({ account, name }) {
      const { rows } = await sql`
        delete from "user".kept_secrets where account = ${account} and name = ${name} returning name`.execute(database)
      return rows.length > 0
    },
    async read(account, names) {
      const { rows } = await sql<Row>`
        select ${SEALED} from "user".kept_secrets where account = ${account} and ${isNamed(names)}`.execute(database)
      return rows.map(toSealed)
    },
    async used(account, names) {
      // Many runs at once are one use.
      await sql`
        update "user".kept_secrets set used_at = now()
        where account = ${account} and ${isNamed(names)} and (used_at is null or used_at < now() - interval '1 second')`.execute(
        database,
      )
    },
  }
}

function keepKeys(database: Kysely<unknown>): Pick<SecretStore, OfKeys> {
  const kept = async () => {
    const { rows } = await sql<{ key: Uint8Array }>`select key from "user".instance_key`.execute(database)
    return rows[0]?.key
  }
  return {
    async replace({ account, name, wrappedKey }, to) {
      await sql`
        update "user".kept_secrets set key_id = ${to.keyId}, wrapped_key = ${to.wrappedKey}
        where account = ${account} and name = ${name} and wrapped_key = ${wrappedKey}`.execute(database)
    },
    async under(others, after, limit) {
      const { rows } = await sql<Row>`
        select ${SEALED} from "user".kept_secrets
        where key_id <> ${others} and (account, name) > (${after?.account ?? ''}, ${after?.name ?? ''})
        order by account, name limit ${limit}`.execute(database)
      return rows.map(toSealed)
    },
    instanceKey: kept,
    async keepInstanceKey(bytes) {
      await sql`insert into "user".instance_key (key) values (${bytes}) on conflict do nothing`.execute(database)
      return (await kept()) ?? bytes
    },
  }
}

const isNamed = (names: readonly string[]) =>
  sql`name in (select json_array_elements_text(${JSON.stringify(names)}::json))`

interface ShownRow {
  readonly name: string
  readonly updated_at: number | string
  readonly used_at: number | string
}

function toShown({ name, updated_at, used_at }: ShownRow): SecretRow {
  return { name, updatedAt: Number(updated_at), usedAt: Number(used_at) }
}

function toSealed({ account, name, key_id, wrapped_key, value }: Row): SealedRow {
  return { account, name, keyId: key_id, wrappedKey: Buffer.from(wrapped_key), value: Buffer.from(value) }
}
