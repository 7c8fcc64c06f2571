import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { CodedError } from '#mesh/errors.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { object, storeOf, where } from '../kit.suite.ts'
import type { Store } from '../kit.suite.ts'
import { generator } from '../query.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['weaviate'] })
})
afterAll(async () => system.stop())

const COLLECTION = { collection: 'things', properties: [{ name: 'group', type: 'number' }] }

async function idOf(user: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from weaviate.collections where owner = ${user}`.execute(system.database.kysely)
  return rows[0]?.id ?? 0
}

/** How many objects have each word, and the sums: as they are kept, and counted anew. */
async function books(user: string) {
  const id = await idOf(user)
  const all = async (text: string) => (await sql.raw<object>(text).execute(system.database.kysely)).rows
  return {
    kept: {
      terms: await all(`select term, objects from weaviate.terms_${id} order by term`),
      sums: await all(`select objects, words from weaviate.tables where collection = ${id}`),
    },
    counted: {
      terms: await all(
        `select term, count(*)::integer as objects from weaviate.objects_${id}, unnest(tsvector_to_array(words)) term
         group by term order by term collate "C"`,
      ),
      sums: await all(`select count(*) as objects, coalesce(sum(length), 0) as words from weaviate.objects_${id}`),
    },
  }
}

const WORDS = ['run', 'running', 'fox', 'foxes', 'the', 'straße', '2024', 'été', 'a', "o'clock", '東京都', '😀']

function randomText(random: () => number): string {
  return Array.from({ length: Math.floor(random() * 12) }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ')
}

async function change(store: Store, random: () => number): Promise<void> {
  const id = () => `id${Math.floor(random() * 30)}`
  const kind = random()
  if (kind < 0.7) {
    const languages = ['', 'en', 'de', 'fr', 'xx']
    const objects = Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
      object(id(), randomText(random), {
        group: Math.floor(random() * 4),
        language: languages[Math.floor(random() * languages.length)] ?? '',
      }),
    )
    await store.upsert({ collection: 'things', objects })
  } else if (kind < 0.9) await store.delete({ collection: 'things', ids: [id(), id(), id()] })
  else await store.delete({ collection: 'things', filter: where('group', '=', Math.floor(random() * 4)) })
}

test('how many objects have a word is known after whatever is written and deleted', async () => {
  const store = storeOf('counts', system)
  await store.ensureCollection(COLLECTION)
  const random = generator(42)
  for (let round = 0; round < 8; round++) {
    for (let step = 0; step < 6; step++) await change(store, random)
    const { kept, counted } = await books('counts')
    expect(kept).toEqual(counted)
  }
  await store.delete({ collection: 'things', filter: where('group', '>=', 0) })
  expect((await books('counts')).kept).toEqual({ terms: [], sums: [{ objects: 0, words: 0 }] })
})

test('what is there already is not written again', async () => {
  const store = storeOf('same', system)
  await store.ensureCollection({ ...COLLECTION, dimensions: 3 })
  const objects = ['a', 'b'].map(id => object(id, 'the fox runs', { group: 1, language: 'en', vector: [1, 2, 3] }))
  await store.upsert({ collection: 'things', objects })
  const versions = async () => {
    const rows = await sql<{ id: string; at: string }>`
      select id, ctid::text as at from ${sql.raw(`weaviate.objects_${await idOf('same')}`)} order by id`.execute(
      system.database.kysely,
    )
    return rows.rows
  }
  const before = await versions()
  expect(await store.upsert({ collection: 'things', objects })).toMatchObject({ stored: 2 })
  expect(await versions()).toEqual(before)
  await store.upsert({ collection: 'things', objects: [object('a', 'the fox runs', { group: 2, language: 'en' })] })
  expect((await versions())[1]).toEqual(before[1])
  expect((await versions())[0]).not.toEqual(before[0])
})

test('many who write the same objects at once do not wait for each other for ever, and all is counted', async () => {
  const store = storeOf('crowd', system)
  await store.ensureCollection(COLLECTION)
  await Promise.all(Array.from({ length: 6 }, (_, seed) => change(store, generator(seed * 99))))
  const { kept, counted } = await books('crowd')
  expect(kept).toEqual(counted)
})

test('a collection that goes while it is written to is not found, and leaves no table behind', async () => {
  const store = storeOf('leaver', system)
  await store.ensureCollection(COLLECTION)
  const id = await idOf('leaver')
  const objects = Array.from({ length: 200 }, (_, index) => object(`id${index}`, 'the fox runs'))
  const writing = Array.from({ length: 4 }, () => store.upsert({ collection: 'things', objects }))
  const settled = Promise.allSettled(writing)
  await store.deleteCollection({ collection: 'things' })
  const outcomes = (await settled).map(one => (one.status === 'fulfilled' ? 'stored' : (one.reason as CodedError).code))
  for (const outcome of outcomes) expect(['stored', 'NOT_FOUND']).toContain(outcome)
  const { rows } = await sql`
    select tablename from pg_tables where schemaname = 'weaviate' and tablename like ${`%\\_${id}`}`.execute(
    system.database.kysely,
  )
  expect(rows).toEqual([])
})
