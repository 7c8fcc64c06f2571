// Keys of the instance: openings on one database are processes, or the same one after its settings changed.
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createMemoryBus } from '#mesh/bus-memory.ts'
import type { Database } from '#mesh/database.ts'
import { openIdentities } from '#mesh/identities.ts'
import type { Identities } from '#mesh/identity.ts'
import { createLog } from '#mesh/log.ts'
import { migrate } from '#mesh/migrate.ts'
import { migrations } from '#mesh/service.ts'
import { openTestDatabase } from '#mesh/testing.ts'
import { createSecretStore } from './store.ts'
import { openVault } from './vault.ts'
import type { Vault } from './vault.ts'

const log = createLog('debug', { write: line => void said.push(line) })
const newKey = () => randomBytes(32).toString('base64')
const ADA = 'u_ada'
const OTHERS = ['u_bob', 'u_cyd', 'u_dan']
const LOST = 'the secret "A" is kept under a key that is not in SECRETS_KEY: put it again'
let database: Database
let identities: Identities
let said: string[] = []

const query = <Row>(text: string) => database.transaction(session => session.query<Row>(text))
beforeAll(async () => {
  database = await openTestDatabase()
  await migrate(database, 'user', migrations(new URL('../service.ts', import.meta.url).href))
  identities = await openIdentities(database)
  for (const user of [ADA, ...OTHERS])
    await query(`insert into "user".accounts (id, email, name, role, password) values ('${user}', '', '', 'owner', '')`)
}, 60_000)
afterEach(async () => {
  said = []
  await query('delete from "user".kept_secrets')
  await query('delete from "user".instance_key')
})
afterAll(async () => database?.[Symbol.asyncDispose]())

const open = (keys = ''): Promise<Vault> =>
  openVault({
    store: createSecretStore(database.kysely),
    identities,
    bus: createMemoryBus(log),
    log,
    keys,
  })
const put = (vault: Vault, value = 'sk-1', name = 'A', user = ADA) => vault.put(user, { name, value })
async function read(vault: Vault): Promise<Record<string, string>> {
  const capability = await identities.sign(
    { user: ADA, service: 'spell-runner' },
    { audience: 'secrets', lifeMs: 60_000, claims: { run: 'r_1' } },
  )
  const caller = { user: ADA, service: 'completion' }
  return vault.resolve({ caller, metadata: new Map([['capability', capability]]) }, ['A'])
}
const keyIds = async () =>
  (await query<{ key_id: string }>('select distinct key_id from "user".kept_secrets')).map(row => row.key_id)
const never = new AbortController().signal

test('without SECRETS_KEY a key is made once, for all processes, and the log says where it lies', async () => {
  const [one, two] = await Promise.all([open(), open()])
  expect(said).toEqual([])
  await Promise.all([put(one, 'sk-1', 'A'), put(two, 'sk-2', 'B')])
  expect(await read(two)).toEqual({ A: 'sk-1' })
  expect(await read(await open())).toEqual({ A: 'sk-1' })
  expect(await query('select 1 from "user".instance_key')).toHaveLength(1)
  expect(await keyIds()).toHaveLength(1)
  // Two that made one, and one that found it.
  expect(said.map(line => JSON.parse(line) as object)).toMatchObject(
    Array.from({ length: 3 }, () => ({
      level: 'warn',
      msg: 'SECRETS_KEY is not set: the key of all users’ secrets lies in the database beside them',
    })),
  )
})

test('with SECRETS_KEY no key is kept in the database', async () => {
  await put(await open(newKey()))
  expect(await query('select 1 from "user".instance_key')).toEqual([])
  expect(said).toEqual([])
})

test('a secret that was kept under an older key is read, and is under the first one then', async () => {
  const [old, fresh] = [newKey(), newKey()]
  await put(await open(old))
  const before = await keyIds()
  expect(await read(await open(`${fresh},${old}`))).toEqual({ A: 'sk-1' })
  expect(await keyIds()).not.toEqual(before)
  expect(await read(await open(fresh))).toEqual({ A: 'sk-1' })
  await expect(read(await open(old))).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', message: LOST })
})

test('the key that lay in the database still opens what it closed, after SECRETS_KEY was set', async () => {
  await put(await open())
  const given = newKey()
  const vault = await open(given)
  expect(await read(vault)).toEqual({ A: 'sk-1' })
  await query('delete from "user".instance_key')
  expect(await read(await open(given))).toEqual({ A: 'sk-1' })
})

test('a start brings all that can be read under the first key, and tells what is lost', async () => {
  const [gone, old, fresh] = [newKey(), newKey(), newKey()]
  const before = await open(old)
  for (const user of OTHERS)
    for (let index = 0; index < 80; index++) await put(before, `sk-${index}`, `KEY_${index}`, user)
  await put(await open(gone))
  await (await open(`${fresh},${old}`)).rotate(never)
  expect(await keyIds()).toHaveLength(2)
  expect(said.map(line => JSON.parse(line) as object)).toMatchObject([
    { level: 'info', renewed: 240, msg: 'brought secrets under the first key of SECRETS_KEY' },
    { level: 'error', lost: 1, msg: 'there are secrets under a key that is not in SECRETS_KEY: nobody can read them' },
  ])
  // All but the lost one are under one key.
  expect(await query(`select count(*)::int as rows from "user".kept_secrets group by key_id order by rows`)).toEqual([
    { rows: 1 },
    { rows: 240 },
  ])
})

test('a value that was put meanwhile is not undone by bringing the old one under another key', async () => {
  const [old, fresh] = [newKey(), newKey()]
  const before = await open(old)
  await put(before)
  const store = createSecretStore(database.kysely)
  const [row] = await store.read(ADA, ['A'])
  await put(before, 'sk-2')
  if (!row) throw new Error('there is no row')
  await store.replace(row, { ...row, keyId: 'another' })
  expect(await read(await open(`${fresh},${old}`))).toEqual({ A: 'sk-2' })
})

test('what was changed in the database does not open', async () => {
  const vault = await open(newKey())
  await put(vault)
  await put(vault, 'sk-of-b', 'B')
  // Somebody who may write there puts one secret under the name of another.
  await query(
    `update "user".kept_secrets set wrapped_key = b.wrapped_key, value = b.value from "user".kept_secrets b where kept_secrets.name = 'A' and b.name = 'B'`,
  )
  await expect(read(vault)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'the secret "A" was damaged in the database: put it again',
  })
  await put(vault, 'sk-3')
  expect(await read(vault)).toEqual({ A: 'sk-3' })
})

test('nothing of a value is in the database in the clear', async () => {
  const vault = await open()
  const value = `sk-${randomBytes(24).toString('hex')}`
  await put(vault, value)
  const rows = await query<Record<string, unknown>>('select * from "user".kept_secrets')
  const bytes = rows.flatMap(row =>
    Object.values(row).map(part => (part instanceof Uint8Array ? Buffer.from(part) : Buffer.from(String(part)))),
  )
  expect(rows).toHaveLength(1)
  for (const form of [value, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')])
    expect(Buffer.concat(bytes).includes(form)).toBe(false)
})
