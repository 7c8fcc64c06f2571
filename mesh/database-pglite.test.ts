import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanOne } from './database-pglite-cleaning.ts'
import { openFolderDatabase } from './database-pglite.ts'
import type { Database } from './database.ts'
import { openTestDatabase } from './testing.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(async () => database[Symbol.asyncDispose]())

const run = (text: string) => database.transaction(session => session.run(text))
const query = <Row>(text: string, parameters: readonly unknown[] = []) =>
  database.transaction(session => session.query<Row>(text, parameters))

test('values of every kind come back as PGlite itself gives them, in transactions and outside', async () => {
  const statements: [text: string, parameters?: unknown[]][] = [
    ['select $1::bigint as small, $2::bigint as large, $3::int as number, 1.5::float8 as half', [7, 2n ** 60n, -1]],
    ['select $1::bytea as bytes, $2::text as text', [Uint8Array.of(0, 255, 92, 39), "it’s \\ '"]],
    ['select $1::json as json, $2::jsonb as jsonb, $3::json as word', [{ a: [1, null] }, [{ b: 'ü' }], '"text"']],
    ['select $1::text[] as texts, $2::bigint[] as numbers, $3::jsonb[] as many', [['a"b', 'c'], [1, 2], [{ a: 1 }]]],
    ['select $1::boolean as yes, $2::boolean as no, $3::text as nothing', [true, false, null]],
    ['select $1::timestamptz as moment, $2::date as day', [new Date(1_700_000_000_000), '2026-11-21']],
    ['select $1::vector as vector, $2::numeric as exact', ['[1,2,3]', '1.10']],
    [
      'select $1::text as long, $2::json as json, $3::jsonb as jsonb, $4::int as after',
      [LONG, { long: LONG }, { long: 'ü'.repeat(5_000) }, 1],
    ],
    ['select 1 as same, 2 as same'],
    ['select 1 as nothing where false'],
    ['values (1, 2), (3, 4)'],
  ]
  const plain = await PGlite.create({ extensions: { vector } })
  await plain.exec('create extension vector')
  for (const [text, parameters = []] of statements) {
    const { rows } = await plain.query(text, parameters)
    // Twice: the second time it is known.
    for (const given of [await query(text, parameters), await query(text, parameters)])
      expect(plainly(given)).toEqual(rows)
    const { rows: kyselys } = await database.kysely.executeQuery({ ...compiled(text), parameters })
    expect(plainly(kyselys)).toEqual(rows)
  }
  await plain.close()
})

test('what is updated again and again is cleaned, the worst table first', async () => {
  await run('create table worn (id int primary key, text text); create table less_worn (id int primary key)')
  await run(`insert into worn select n, repeat('x', 500) from generate_series(1, 2000) n`)
  await run('insert into less_worn select generate_series(1, 500)')
  for (let round = 0; round < 5; round++) await run(`update worn set text = text || 'x'`)
  await run('delete from less_worn where id > 100')
  // It counts once a second.
  await run('select pg_stat_force_next_flush()')
  await run('select 1')
  const inOne = {
    query: <Row>(text: string) => sql.raw<Row>(text).execute(database.kysely),
  }
  expect(await cleanOne(inOne)).toBe('public.worn')
  const dead = await query<{ dead: number; live: number }>(
    `select n_dead_tup::int as dead, n_live_tup::int as live from pg_stat_user_tables where relname = 'worn'`,
  )
  expect(dead).toEqual([{ dead: 0, live: 2_000 }])
  expect(await cleanOne(inOne)).toBe('public.less_worn')
  for (let name = await cleanOne(inOne); name !== undefined; name = await cleanOne(inOne))
    expect(['public.worn', 'public.less_worn']).not.toContain(name)
})

test('how many rows a statement changed is told', async () => {
  await run('create table counted (id int primary key)')
  const of = async (text: string) => (await sql.raw(text).execute(database.kysely)).numAffectedRows
  expect(await of('insert into counted select generate_series(1, 5)')).toBe(5n)
  expect(await of('update counted set id = id + 10 where id > 3')).toBe(2n)
  expect(await of('delete from counted where id > 10')).toBe(2n)
  expect(await of('select * from counted')).toBe(0n)
})

test('errors carry their code and the text of Postgres, and what follows goes on', async () => {
  await run('create table unique_ones (id int primary key)')
  await query('insert into unique_ones values ($1)', [1])
  await expect(query('insert into unique_ones values ($1)', [1])).rejects.toMatchObject({
    code: '23505',
    message: 'duplicate key value violates unique constraint "unique_ones_pkey"',
    constraint: 'unique_ones_pkey',
  })
  await expect(query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' })
  for (const text of ['\0', '\0'.repeat(2_000)])
    await expect(query('select $1::text', [text])).rejects.toMatchObject({ code: '22021' })
  await expect(query('select $1::json', ['['.repeat(1_001)])).rejects.toMatchObject({ code: '22P02' })
  await expect(query('select * from nowhere')).rejects.toMatchObject({ code: '42P01' })
  await expect(query('selec')).rejects.toMatchObject({ code: '42601' })
  await expect(sql`select 1 / ${0}::int`.execute(database.kysely)).rejects.toMatchObject({ code: '22012' })
  expect(await query('select id from unique_ones')).toEqual([{ id: 1 }])
  expect(await database.isReady()).toBe(true)
})

test('an error does not carry the values of its statement', async () => {
  const error: unknown = await query('select $1::int', ['secret-value']).catch((failure: unknown) => failure)
  expect(Object.values(error as object)).not.toContainEqual(expect.arrayContaining(['secret-value']))
})

test('a statement that is known answers by what its table has become', async () => {
  await run('create table growing (a int)')
  await query('insert into growing values (1)')
  const all = () => sql`select * from growing`.execute(database.kysely)
  expect((await all()).rows).toEqual([{ a: 1 }])
  await run(`alter table growing add column b text default 'b'`)
  expect((await all()).rows).toEqual([{ a: 1, b: 'b' }])
  await run('drop table growing; create table growing (c bigint)')
  expect((await all()).rows).toEqual([])
})

test('more statements than are kept in mind are all answered', async () => {
  for (let i = 0; i < 1_100; i++) expect(await query(`select ${i % 600} as n`)).toEqual([{ n: i % 600 }])
})

test('what others ask waits for the end of a transaction, and is kept when that is undone', async () => {
  await run('create table kept (who text)')
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const undone = database.transaction(async session => {
    await session.query(`insert into kept values ('undone')`)
    begun.resolve()
    await goOn.promise
    throw new Error('changed my mind')
  })
  await begun.promise
  const order: string[] = []
  const other = sql`insert into kept values ('other')`.execute(database.kysely).then(() => order.push('other'))
  const later = database.transaction(async session => {
    await session.query(`insert into kept values ('later')`)
    order.push('later')
  })
  order.push('went on')
  goOn.resolve()
  await expect(undone).rejects.toThrow('changed my mind')
  await Promise.all([other, later])
  expect(order[0]).toBe('went on')
  expect(order).toHaveLength(3)
  expect(await query('select who from kept order by who')).toEqual([{ who: 'later' }, { who: 'other' }])
})

test('statements at the same time do not come between each other', async () => {
  await run('create table mixed (n int)')
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      n % 4 === 0
        ? database
            .transaction(async session => {
              await session.query(`insert into mixed select $1::int + ${n}`, [0])
              throw new Error('undo')
            })
            .catch(() => undefined)
        : sql.raw(`insert into mixed values (${n})`).execute(database.kysely),
    ),
  )
  expect(await query('select count(*)::int as count, min(n) as least from mixed')).toEqual([{ count: 30, least: 1 }])
})

test('a transaction in which a statement failed is not said to be done', async () => {
  await run('create table half (n int)')
  const half = database.transaction(async session => {
    await session.query('insert into half values (1)')
    await session.query('select 1 / 0').catch(() => undefined)
  })
  await expect(half).rejects.toThrow('one of its statements had failed')
  expect(await query('select * from half')).toEqual([])
})

test('kysely’s own transactions are kept or undone as a whole', async () => {
  await run('create table owned (n int)')
  await database.kysely.transaction().execute(async own => {
    await own.insertInto('owned').values({ n: 1 }).execute()
  })
  const undone = database.kysely.transaction().execute(async own => {
    await own.insertInto('owned').values({ n: 2 }).execute()
    throw new Error('undo')
  })
  await expect(undone).rejects.toThrow('undo')
  expect(await database.kysely.selectFrom('owned').selectAll().execute()).toEqual([{ n: 1 }])
})

test('a folder keeps what was written, and nothing is answered once it is closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spellmesh-database-'))
  try {
    const first = await openFolderDatabase(folder)
    await first.transaction(session => session.run('create table lasting (n int); insert into lasting values (42)'))
    const asked = first.transaction(session => session.query('select n from lasting'))
    await Promise.all([first[Symbol.asyncDispose](), first[Symbol.asyncDispose]()])
    expect(await asked).toEqual([{ n: 42 }])
    expect(await first.isReady()).toBe(false)
    await expect(first.transaction(session => session.query('select 1'))).rejects.toThrow('the database is closed')
    const again = await openFolderDatabase(folder)
    const rows = await again.transaction(session => session.query('select n from lasting'))
    expect(rows).toEqual([{ n: 42 }])
    await again[Symbol.asyncDispose]()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

const LONG = 'ü "quoted" 🙂 \\ \n \ud800.'.repeat(500)

/** Bytes may come as one kind of array or another. */
function plainly(rows: readonly unknown[]): unknown[] {
  return rows.map(row =>
    Object.fromEntries(
      Object.entries(row as object).map(([key, value]) => [
        key,
        value instanceof Uint8Array ? Uint8Array.from(value) : value,
      ]),
    ),
  )
}

const compiled = (text: string) => sql.raw(text).compile(database.kysely)
