import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export interface AccountRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: 'owner' | 'member'
  readonly password: string
  readonly version: number
}

/** What a session or a ticket stands for. Times in milliseconds since 1970. */
export interface Grant {
  readonly account: string
  readonly version: number
  readonly expires_at: number
}

/** Accounts, sessions and tickets in the database. Secrets are stored hashed only. */
export interface UserStore {
  /** Makes the local account unless it is there. */
  begin(localId: string): Promise<void>
  isClaimed(): Promise<boolean>
  account(id: string): Promise<AccountRow | undefined>
  accountByEmail(email: string): Promise<AccountRow | undefined>
  localAccount(): Promise<AccountRow | undefined>
  /** Gives the local account e-mail, name and password, once. Undefined: it was claimed before. */
  claim(given: { email: string; name: string; password: string }): Promise<AccountRow | undefined>
  /** Undefined: the e-mail is taken. */
  add(account: Omit<AccountRow, 'version'>): Promise<AccountRow | undefined>
  putSession(hash: string, account: AccountRow, lifeMs: number): Promise<void>
  session(hash: string): Promise<Grant | undefined>
  endSession(hash: string): Promise<Grant | undefined>
  putTicket(hash: string, account: AccountRow, sessionExpiresAt: number, lifeMs: number): Promise<void>
  /** Takes it: it is gone afterwards. */
  takeTicket(hash: string): Promise<Grant | undefined>
  /** Ends all sessions of an account; answers its new version. */
  revoke(account: string): Promise<number | undefined>
  /** The version of each account, 0 where there is none. */
  versions(accounts: readonly string[]): Promise<number[]>
  /** Removes what has run out. */
  sweep(): Promise<void>
}

const ACCOUNT = sql.raw('id, email, name, role, password, version')
const MS = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::bigint`)

export function createUserStore(database: Kysely<unknown>): UserStore {
  const one: One = async query => (await query.execute(database)).rows[0]
  return { ...keepAccounts(database, one), ...keepGrants(database, one) }
}

/** Answers the only row there can be. */
type One = <Row>(query: ReturnType<typeof sql<Row>>) => Promise<Row | undefined>
type OfAccounts = Exclude<keyof UserStore, OfGrants>
type OfGrants = 'putSession' | 'session' | 'endSession' | 'putTicket' | 'takeTicket' | 'sweep'

function keepAccounts(database: Kysely<unknown>, one: One): Pick<UserStore, OfAccounts> {
  return {
    async begin(localId) {
      await sql`
        with made as (
          insert into "user".accounts (id, email, name, role, password)
          select ${localId}, '', 'You', 'owner', '' where not exists (select 1 from "user".instance) returning id
        )
        insert into "user".instance (local_account) select id from made on conflict do nothing`.execute(database)
    },
    async isClaimed() {
      return (await one(sql<{ claimed: boolean }>`select claimed from "user".instance`))?.claimed ?? false
    },
    account: id => one(sql<AccountRow>`select ${ACCOUNT} from "user".accounts where id = ${id}`),
    accountByEmail: email =>
      one(sql<AccountRow>`select ${ACCOUNT} from "user".accounts where lower(email) = lower(${email}) and email <> ''`),
    localAccount: () =>
      one(
        sql<AccountRow>`select a.id, email, name, role, password, version from "user".accounts a join "user".instance i on i.local_account = a.id where not i.claimed`,
      ),
    claim: ({ email, name, password }) =>
      one(sql<AccountRow>`
        with i as (update "user".instance set claimed = true where not claimed returning local_account)
        update "user".accounts a set email = ${email}, name = ${name}, password = ${password}, version = version + 1
        from i where a.id = i.local_account returning a.id, email, name, role, password, version`),
    add: ({ id, email, name, role, password }) =>
      one(sql<AccountRow>`
        insert into "user".accounts (id, email, name, role, password) values (${id}, ${email}, ${name}, ${role}, ${password})
        on conflict do nothing returning ${ACCOUNT}`),
    async versions(accounts) {
      const { rows } = await sql<{ version: number }>`
        select coalesce(a.version, 0) as version from json_array_elements_text(${JSON.stringify(accounts)}::json) with ordinality as asked (id, place)
        left join "user".accounts a on a.id = asked.id order by place`.execute(database)
      return rows.map(({ version }) => version)
    },
    async revoke(account) {
      return (
        await one(
          sql<{
            version: number
          }>`update "user".accounts set version = version + 1 where id = ${account} returning version`,
        )
      )?.version
    },
  }
}

/** Sessions and tickets. */
function keepGrants(database: Kysely<unknown>, one: One): Pick<UserStore, OfGrants> {
  const after = (ms: number) => sql`now() + ${ms}::bigint * interval '1 millisecond'`
  return {
    async putSession(hash, { id, version }, lifeMs) {
      await sql`insert into "user".sessions (hash, account, version, expires_at) values (${hash}, ${id}, ${version}, ${after(lifeMs)})`.execute(
        database,
      )
    },
    session: hash =>
      one(sql<Grant>`
        select s.account, s.version, ${MS('s.expires_at')} as expires_at
        from "user".sessions s join "user".accounts a on a.id = s.account and a.version = s.version
        where s.hash = ${hash} and s.expires_at > now()`),
    endSession: hash =>
      one(
        sql<Grant>`delete from "user".sessions where hash = ${hash} returning account, version, ${MS('expires_at')} as expires_at`,
      ),
    async putTicket(hash, { id, version }, sessionExpiresAt, lifeMs) {
      await sql`
        insert into "user".tickets (hash, account, version, session_expires_at, expires_at)
        values (${hash}, ${id}, ${version}, to_timestamp(${sessionExpiresAt}::bigint / 1000.0), ${after(lifeMs)})`.execute(
        database,
      )
    },
    takeTicket: hash =>
      one(sql<Grant>`
        with taken as (delete from "user".tickets where hash = ${hash} returning account, version, session_expires_at, expires_at)
        select t.account, t.version, ${MS('t.session_expires_at')} as expires_at
        from taken t join "user".accounts a on a.id = t.account and a.version = t.version where t.expires_at > now()`),
    async sweep() {
      await sql`delete from "user".tickets where expires_at < now()`.execute(database)
      await sql`delete from "user".sessions where expires_at < now()`.execute(database)
    },
  }
}
