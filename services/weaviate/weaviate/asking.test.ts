import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { idsOf, object, storeOf, where } from '../kit.suite.ts'
import { openWeaviateServer } from './weaviate-server.suite.ts'
import type { WeaviateServer } from './weaviate-server.suite.ts'

let server: WeaviateServer
let system: TestSystem
beforeAll(async () => {
  server = await openWeaviateServer()
  system = await embedded({ services: ['weaviate'], settings: server.settings })
})
afterAll(async () => {
  await system.stop()
  await server.stop()
})

test('objects from before a property was added are not equal to any of its values', async () => {
  const store = storeOf('ada', system)
  const things = { collection: 'things', dimensions: 0 }
  await store.ensureCollection({ ...things, properties: [] })
  await store.upsert({ ...{ collection: 'things' }, objects: [object('before', 'plum')] })
  await store.ensureCollection({ ...things, properties: [{ name: 'kind', type: 'text' }] })
  const objects = ['old', 'new'].map(kind => object(kind, 'plum', { kind }))
  await store.upsert({ collection: 'things', objects })
  const { found } = await store.query({
    ...{ collection: 'things', mode: 'keyword', text: 'plum', filter: where('kind', '!=', 'old') },
  })
  expect(idsOf(found).toSorted()).toEqual(['before', 'new'])
})

test('a word of the question that comes again weighs no more', async () => {
  const store = storeOf('bob', system)
  await store.ensureCollection({ collection: 'fruits', dimensions: 0, properties: [] })
  await store.upsert({ collection: 'fruits', objects: [object('a', 'plum'), object('b', 'pear'), object('c', 'fig')] })
  const ask = async (text: string) => idsOf((await store.query({ collection: 'fruits', mode: 'keyword', text })).found)
  expect(await ask('plum pear pear')).toEqual(await ask('plum plum pear'))
})

test('a number that its client cannot send is refused', async () => {
  const store = storeOf('cid', system)
  const things = { collection: 'things', dimensions: 0, properties: [{ name: 'size', type: 'number' }] }
  await store.ensureCollection(things)
  const sizes = { 'below zero': -1, small: 1, large: 2 ** 52, 'very large': 1e300 }
  const objects = Object.entries(sizes).map(([id, size]) => object(id, 'plum', { size }))
  await store.upsert({ collection: 'things', objects })
  const ask = (value: number) =>
    store.query({ ...{ collection: 'things', mode: 'keyword', text: 'plum', filter: where('size', '<', value) } })
  expect(idsOf((await ask(2 ** 53 - 1)).found).toSorted()).toEqual(['below zero', 'large', 'small'])
  const refused = {
    code: 'FAILED_PRECONDITION',
    message: 'the Weaviate of this instance cannot be asked for numbers as large as 1e+300',
  }
  await expect(ask(1e300)).rejects.toMatchObject(refused)
  const filter = where('size', 'in', [1, 1e300])
  await expect(store.delete({ collection: 'things', filter })).rejects.toMatchObject(refused)
})
