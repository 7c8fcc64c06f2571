import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { idsOf, object, storeOf, where } from '../kit.suite.ts'
import type { Store } from '../kit.suite.ts'
import { openWeaviateServer } from './weaviate-server.suite.ts'
import type { WeaviateServer } from './weaviate-server.suite.ts'

/** Machines may be busy, and a client that is left alone tries for ten seconds. */
const PATIENT = { deadlineMs: 60_000 }
const THINGS = { collection: 'things', dimensions: 2, properties: [{ name: 'size', type: 'number' }] }
const CLASS = 'Spellmesh_things_2'

let server: WeaviateServer
let systems: TestSystem[]
beforeEach(async () => {
  server = await openWeaviateServer()
  systems = []
})
afterEach(async () => {
  await Promise.all(systems.map(system => system.stop()))
  await server.stop()
})

async function start(dataDir?: string): Promise<{ store: Store; system: TestSystem }> {
  const settings = server.settings
  const system = await embedded({ services: ['weaviate'], settings, ...(dataDir ? { dataDir } : {}) })
  systems.push(system)
  return { store: storeOf('ada', system), system }
}

const thing = (id: string, size: number, text = `plum ${id}`) => object(id, text, { size, vector: [1, size] })
const put = (store: Store, ...objects: ReturnType<typeof thing>[]) =>
  store.upsert({ collection: 'things', objects }, PATIENT)
const ask = async (store: Store, text = 'plum') =>
  idsOf((await store.query({ collection: 'things', mode: 'keyword', text, limit: 200 }, PATIENT)).found).toSorted()

/** Resolves when nothing waits but so many. */
async function sent(store: Store, left = 0): Promise<void> {
  for (;;) {
    const { collections, reachable } = await store.stats({}, PATIENT)
    if (reachable && collections.every(({ waiting }) => waiting === left)) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const AWAY = { code: 'UNAVAILABLE', message: 'the Weaviate of this instance does not answer now' }

test('it starts while Weaviate is away; what is written meanwhile arrives once, in order, the latest of each', async () => {
  await server.stop()
  const { store } = await start()
  expect(await store.ensureCollection(THINGS)).toEqual({ created: true, vectors: true })
  expect(await put(store, thing('a', 1, 'early'), thing('b', 1))).toEqual({ stored: 0, problems: [], waiting: 2 })
  await put(store, thing('c', 1), thing('d', 1))
  expect(await store.delete({ collection: 'things', ids: ['b', 'c'] })).toEqual({ deleted: 0, waiting: true })
  await put(store, thing('a', 2, 'late plum'), thing('c', 2))
  await expect(ask(store)).rejects.toMatchObject(AWAY)
  expect(await store.stats({})).toMatchObject({
    reachable: false,
    collections: [{ collection: 'things', objects: 0, waiting: 4 }],
  })
  await server.start()
  await sent(store)
  expect(await ask(store)).toEqual(['a', 'c', 'd'])
  expect(await ask(store, 'early')).toEqual([])
  expect(server.writes).toEqual(['put d', 'put a', 'put c'])
  const { found } = await store.query({ collection: 'things', mode: 'vector', vector: [1, 2], withVectors: true })
  expect(found.map(one => [one.object?.id, one.object?.vector])).toContainEqual(['a', [1, 2]])
}, 60_000)

test('it goes away and comes back: deletions keep their place, and new properties are made', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  await put(store, thing('a', 1), thing('b', 5), thing('c', 1))
  await server.stop()
  await put(store, thing('d', 6))
  expect(await store.delete({ collection: 'things', filter: where('size', '>=', 5) })).toMatchObject({ waiting: true })
  await put(store, thing('e', 7))
  await store.delete({ collection: 'things', ids: ['a'] })
  const properties = [{ name: 'kind', type: 'text' }]
  await store.ensureCollection({ ...THINGS, properties })
  await store.upsert({ collection: 'things', objects: [object('f', 'plum', { kind: ' new ' })] })
  await server.start()
  await sent(store)
  expect(await ask(store)).toEqual(['c', 'e', 'f'])
  expect(server.writes.slice(3)).toEqual(['put d', 'delete b', 'delete d', 'put e', 'delete a', 'put f'])
  const { found } = await store.query({
    ...{ collection: 'things', mode: 'keyword', text: 'plum', filter: where('kind', '=', ' new ') },
  })
  expect(idsOf(found)).toEqual(['f'])
}, 60_000)

test('a collection that is deleted meanwhile goes, and the next of its name begins empty', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  await put(store, thing('old', 1))
  await server.stop()
  await put(store, thing('waits', 1))
  await store.deleteCollection({ collection: 'things' })
  await expect(ask(store)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await store.ensureCollection(THINGS)
  await put(store, thing('new', 1))
  await server.start()
  await sent(store)
  expect(await ask(store)).toEqual(['new'])
  expect([...(server.classes.find(CLASS)?.tenants.keys() ?? [])]).toEqual([expect.stringMatching(/^ada-2-\w{10}$/)])
}, 60_000)

test('what waits is there after a restart of this process', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'spellmesh-outbox-'))
  try {
    await server.stop()
    const first = await start(dataDir)
    await first.store.ensureCollection(THINGS)
    const objects = Array.from({ length: 300 }, (_, index) => thing(`n${index}`, index))
    expect(await put(first.store, ...objects)).toMatchObject({ waiting: 300 })
    await first.store.delete({ collection: 'things', filter: where('size', '<', 150) })
    await first.system.stop()
    await server.start()
    const second = await start(dataDir)
    await sent(second.store)
    expect((await second.store.stats({})).collections[0]?.objects).toBe(150)
    await second.system.stop()
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}, 60_000)

test('what Weaviate refuses is told by object; of what waited it is set aside, and the others arrive', async () => {
  const { store, system } = await start()
  await store.ensureCollection(THINGS)
  server.faults.refused = /bad/
  const refused = { id: 'bad', message: 'an object that is refused' }
  expect(await put(store, thing('a', 1), thing('bad', 1))).toEqual({ stored: 1, problems: [refused], waiting: 0 })
  await server.stop()
  await put(store, thing('b', 1), thing('bad', 1), thing('c', 1))
  await server.start()
  await sent(store)
  expect(await ask(store)).toEqual(['a', 'b', 'c'])
  const { rows } = await sql`select object, refused from weaviate.outbox`.execute(system.database.kysely)
  expect(rows).toEqual([{ object: 'bad', refused: 'an object that is refused' }])
  // The next of it is tried anew.
  server.faults.refused = /^$/
  await server.stop()
  await put(store, thing('bad', 2))
  await server.start()
  await sent(store)
  expect(await ask(store)).toEqual(['a', 'b', 'bad', 'c'])
}, 60_000)

test('one that spoils the request of all holds up its collection alone, until it is taken', async () => {
  await server.stop()
  const { store } = await start()
  await store.ensureCollection(THINGS)
  await store.ensureCollection({ ...THINGS, collection: 'others' })
  await put(store, ...['a', 'b', 'spoils', 'd'].map(id => thing(id, 1)))
  await store.upsert({ collection: 'others', objects: [thing('e', 1)] })
  server.faults.spoilt = /spoils/
  await server.start()
  while (!server.writes.includes('put e')) await store.stats({}, PATIENT)
  expect(server.writes).not.toContain('put spoils')
  server.faults.spoilt = /^$/
  await sent(store)
  expect(await ask(store)).toEqual(['a', 'b', 'd', 'spoils'])
}, 60_000)

test('a request that is refused as a whole is told to whoever made it', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  server.faults.spoilt = /a/
  await expect(put(store, thing('a', 1))).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('a request that is spoilt'),
  })
}, 60_000)

test('a wrong key is told, and what is written waits for the right one', async () => {
  server.faults.key = 'another'
  const { store } = await start()
  await store.ensureCollection(THINGS)
  expect(await put(store, thing('a', 1))).toMatchObject({ waiting: 1 })
  await expect(ask(store)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the Weaviate of this instance does not take its key, WEAVIATE_API_KEY',
  })
  expect(await store.stats({})).toMatchObject({ reachable: false })
  server.faults.key = 'key-for-tests'
  await sent(store)
  expect(await ask(store)).toEqual(['a'])
}, 60_000)

test('a key that is changed while this runs is told, and what is written waits', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  await put(store, thing('a', 1))
  server.faults.key = 'another'
  expect(await put(store, thing('b', 1))).toMatchObject({ waiting: 1 })
  await expect(ask(store)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the Weaviate of this instance does not take its key, WEAVIATE_API_KEY',
  })
  server.faults.key = 'key-for-tests'
  await sent(store)
  expect(await ask(store)).toEqual(['a', 'b'])
}, 60_000)

test('a class or a tenant that somebody removed is made again', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  await put(store, thing('a', 1))
  server.classes.remove(CLASS)
  expect((await store.stats({})).collections[0]?.objects).toBe(0)
  expect(await ask(store)).toEqual([])
  server.classes.remove(CLASS)
  expect(await put(store, thing('b', 1))).toMatchObject({ stored: 1 })
  server.classes.removeTenants(CLASS, [...(server.classes.find(CLASS)?.tenants.keys() ?? [])])
  expect(await store.delete({ collection: 'things', ids: ['b'] })).toEqual({ deleted: 0, waiting: false })
  expect(await ask(store)).toEqual([])
}, 60_000)

test('whoever asks is told when it goes meanwhile', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  const asked = new Promise<void>(resolve => {
    server.faults.onSearch = async () => {
      resolve()
      await new Promise(() => {})
    }
  })
  const stopped = asked.then(() => server.stop())
  await expect(ask(store)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await stopped
}, 60_000)

test('where REST answers and gRPC does not, writes wait, and nobody waits for long twice', async () => {
  const { store } = await start()
  await store.ensureCollection(THINGS)
  await put(store, thing('a', 1))
  server.stopGrpc()
  expect(await put(store, thing('b', 1))).toMatchObject({ waiting: 1 })
  await expect(ask(store)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await server.stop()
  await server.start()
  await sent(store)
  expect(await ask(store)).toEqual(['a', 'b'])
}, 60_000)
