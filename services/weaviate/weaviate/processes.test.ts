import { describe, expect, test } from '@jest/globals'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { missingPrograms, startGround } from '#test/processes.ts'
import { object, storeOf } from '../kit.suite.ts'
import { openWeaviateServer } from './weaviate-server.suite.ts'

const missing = missingPrograms()
const PATIENT = { deadlineMs: 60_000 }

;(missing.length === 0 ? describe : describe.skip)(
  `several processes on one PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    test('one of them sends what waits of all, each write once', async () => {
      await using ground = await startGround()
      await using server = await openWeaviateServer()
      const source = { ...server.settings, DATABASE_URL: ground.settings.DATABASE_URL, LOG_LEVEL: 'error' }
      const hosts = await Promise.all(
        [1, 2].map(async () => startHost({ services: await loadServices(['weaviate']), source, serve: false })),
      )
      const stores = hosts.map(host =>
        storeOf('ada', { as: user => ({ client: contract => host.client(contract, { user, service: 'edge' }) }) }),
      )
      await server.stop()
      await Promise.all(stores.map(store => store.ensureCollection({ collection: 'things' }, PATIENT)))
      const ids = (from: number) => Array.from({ length: 150 }, (_, index) => `n${from + index}`)
      await Promise.all(
        stores.map((store, index) =>
          store.upsert({ collection: 'things', objects: ids(index * 150).map(id => object(id, 'plum')) }, PATIENT),
        ),
      )
      await server.start()
      const [store] = stores
      while ((await store?.stats({}, PATIENT))?.collections[0]?.objects !== 300)
        await new Promise(resolve => setTimeout(resolve, 50))
      expect(server.writes.toSorted()).toEqual([...ids(0), ...ids(150)].map(id => `put ${id}`).toSorted())
      await Promise.all(hosts.map(host => host.stop()))
    }, 120_000)
  },
)
