import { sql } from 'kysely'
import type { Database } from '#mesh/database.ts'
import { openIdentities } from '#mesh/identities.ts'
import { newId } from '#mesh/ids.ts'
import { newAccountId } from '#services/user/secrets.ts'
import { greeter } from '../start/account.ts'

/** Somebody with a session, a spell and a run. */
export interface Member {
  readonly user: string
  readonly token: string
  readonly spell: string
  readonly run: string
}

const LIFE_MS = 600_000

/**
 * Makes accounts with a spell each, and a runner that owns their runs, right in the tables of their services: to register thousands by password would take
 * minutes. The runs themselves come with their first commit.
 */
export async function makeMembers(database: Database, runner: string, count: number): Promise<readonly Member[]> {
  const { kysely } = database
  const identities = await openIdentities(database)
  const members = await Promise.all(
    Array.from({ length: count }, async () => {
      const user = newAccountId()
      const claims = { ver: 1 }
      const token = await identities.sign({ user, service: 'edge' }, { audience: 'access', lifeMs: LIFE_MS, claims })
      return { user, token, spell: newId('s'), run: newId('r') }
    }),
  )
  const given = JSON.stringify(members.map(({ user, spell }) => ({ user, spell })))
  const rows = sql`json_to_recordset(${given}::json) as m("user" text, spell text)`
  await sql`
    insert into "user".accounts (id, email, name, role, password)
    select m.user, m.user || '@example.org', 'Bench', 'member', '' from ${rows}`.execute(kysely)
  await sql`
    insert into spell_runner.spells (id, owner, name, description, revision, created_at, updated_at)
    select m.spell, m.user, 'Greeter', '', 1, 0, 0 from ${rows}`.execute(kysely)
  await sql`
    insert into spell_runner.revisions (spell, revision, document, created_at)
    select m.spell, 1, ${JSON.stringify(greeter)}::json, 0 from ${rows}`.execute(kysely)
  await sql`
    insert into spell_runner.runners (id, lease_until, address) values (${runner}, now() + interval '1 hour', '')`.execute(
    kysely,
  )
  return members
}
