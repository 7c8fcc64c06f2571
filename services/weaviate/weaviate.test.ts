import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { idsOf, object, storeOf, where } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['weaviate'] })
}, 60_000)
afterAll(async () => system.stop())

test('what is stored is there after a restart, and tables of no collection are dropped', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'spellmesh-weaviate-'))
  try {
    const first = await embedded({ services: ['weaviate'], dataDir })
    const store = storeOf('ada', first)
    for (const collection of ['kept', 'lost']) {
      await store.ensureCollection({ collection, dimensions: 3 })
      await store.upsert({ collection, objects: [object('a', 'a heron', { vector: [1, 2, 3] })] })
    }
    // As if the process had ended between the two steps of a deletion.
    await sql`delete from weaviate.collections where name = 'lost'`.execute(first.database.kysely)
    await first.stop()
    await using second = await embedded({ services: ['weaviate'], dataDir })
    const again = storeOf('ada', second)
    const { found } = await again.query({ collection: 'kept', mode: 'hybrid', text: 'heron', vector: [1, 2, 3] })
    expect(idsOf(found)).toEqual(['a'])
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'weaviate' and tablename ~ '\\d' order by 1`.execute(
      second.database.kysely,
    )
    expect(rows.map(({ name }) => name)).toEqual(['objects_1', 'terms_1'])
    expect(await again.ensureCollection({ collection: 'lost', dimensions: 5 })).toMatchObject({ created: true })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('a property that was noted and not made, because a process ended between, is made when it is used', async () => {
  const store = storeOf('ada', system)
  await store.ensureCollection({ collection: 'things', properties: [{ name: 'kind', type: 'text' }] })
  const note = (name: string) =>
    sql`update weaviate.collections set properties = properties || jsonb_build_object(${name}::text, 'number')`.execute(
      system.database.kysely,
    )
  await note('size')
  await store.upsert({ collection: 'things', objects: [object('a', 'plum', { kind: 'x', size: 3 })] })
  await note('weight')
  const ask = (property: string, value: number) =>
    store.query({ collection: 'things', mode: 'keyword', text: 'plum', filter: where(property, '<=', value) })
  expect(idsOf((await ask('weight', 3)).found)).toEqual([])
  expect(idsOf((await ask('size', 3)).found)).toEqual(['a'])
})

test('a service that calls for nobody keeps its own', async () => {
  const own = system.client(WeaviateServiceDefinition)
  await own.ensureCollection({ collection: 'things' })
  await own.upsert({ collection: 'things', objects: [object('a', 'plum')] })
  const ask = (store: typeof own) => store.query({ collection: 'things', mode: 'keyword', text: 'plum' })
  expect(idsOf((await ask(own)).found)).toEqual(['a'])
  const others = [
    system.host.client(WeaviateServiceDefinition, { user: '', service: 'other' }),
    storeOf('test', system),
  ]
  await expect(ask(others[0] ?? own)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(ask(others[1] ?? own)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
