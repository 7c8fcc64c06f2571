import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { migrate } from '#mesh/migrate.ts'
import { openTestDatabase } from '#mesh/testing.ts'
import type { Database } from '#mesh/database.ts'
import { createTableStore, readAbilities } from './store.ts'
import type { Abilities } from './store.ts'

let database: Database
let kysely: Kysely<unknown>
beforeAll(async () => {
  database = await openTestDatabase()
  kysely = database.kysely
  await migrate(database, 'weaviate', { folder: new URL('../migrations/', import.meta.url) })
})
afterAll(async () => database[Symbol.asyncDispose]())

const WITHOUT: Abilities = { vectors: false, halves: false, configurations: new Set() }
const collection = (id: number, dimensions = 3) => ({
  id,
  dimensions,
  properties: { kind: 'text', tags: 'texts' } as const,
})

async function columns(id: number): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select attname as name from pg_attribute where attrelid = to_regclass(${`weaviate.objects_${id}`}) and attnum > 0 order by attnum`.execute(
    kysely,
  )
  return rows.map(({ name }) => name)
}

async function indexes(id: number): Promise<readonly string[]> {
  const { rows } = await sql<{ definition: string }>`
    select indexdef as definition from pg_indexes where schemaname = 'weaviate' and tablename = ${`objects_${id}`}`.execute(
    kysely,
  )
  return rows.map(({ definition }) => definition)
}

test('what PGlite can do is read from it', async () => {
  const { vectors, configurations } = await readAbilities(kysely, false)
  expect(vectors).toBe(true)
  expect([...configurations]).toEqual(expect.arrayContaining(['simple', 'english', 'german', 'tamil']))
})

test('tables that were made without vectors get them when the extension is there', async () => {
  const before = createTableStore(kysely, WITHOUT)
  await before.make(collection(901))
  const own = ['id', 'text', 'language', 'words', 'length', 'p_kind', 'p_tags']
  expect(await columns(901)).toEqual(own)
  await before.make(collection(901))
  const after = createTableStore(kysely, { ...WITHOUT, vectors: true })
  await after.make(collection(901))
  expect(await columns(901)).toEqual([...own, 'embedding'])
  expect((await indexes(901)).filter(text => text.includes('hnsw'))).toEqual([
    expect.stringContaining("(embedding vector_cosine_ops) WITH (m='12', ef_construction='32')"),
  ])
  // A process that does not know of the extension yet leaves it.
  await before.make(collection(901))
  expect(await columns(901)).toEqual([...own, 'embedding'])
})

test.each([
  [384, false, '(embedding vector_cosine_ops)'],
  [384, true, '((embedding)::halfvec(384)) halfvec_cosine_ops'],
  [2_000, false, '(embedding vector_cosine_ops)'],
  [2_001, false, '((embedding)::halfvec(2001)) halfvec_cosine_ops'],
  [4_000, true, '((embedding)::halfvec(4000)) halfvec_cosine_ops'],
])('vectors of %i dimensions are indexed (halves: %s) as %s', async (dimensions, halves, type) => {
  const id = 10_000 + dimensions + Number(halves)
  await createTableStore(kysely, { ...WITHOUT, vectors: true, halves }).make(collection(id, dimensions))
  expect((await indexes(id)).filter(text => text.includes(type))).toHaveLength(1)
})

test('tables of collections that nobody knows of are found, and dropped once', async () => {
  const store = createTableStore(kysely, WITHOUT)
  await store.make(collection(77, 0))
  expect(await store.lost()).toContain(77)
  await store.drop(77)
  await store.drop(77)
  expect(await store.lost()).not.toContain(77)
  expect(await columns(77)).toEqual([])
})
