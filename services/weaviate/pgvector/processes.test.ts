import { describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import { openServerDatabase } from '#mesh/database-pg.ts'
import { createLog } from '#mesh/log.ts'
import { missingPrograms, startGround } from '#test/processes.ts'
import { object, storeOf, where } from '../kit.suite.ts'
import type { Store } from '../kit.suite.ts'

const missing = missingPrograms()

async function start(url: string): Promise<Host> {
  const source = { DATABASE_URL: url, LOG_LEVEL: 'error' }
  return startHost({ services: await loadServices(['weaviate']), source, serve: false })
}

const storeAt = (host: Host, user: string): Store =>
  storeOf(user, { as: one => ({ client: contract => host.client(contract, { user: one, service: 'edge' }) }) })

const COLLECTION = { collection: 'things', dimensions: 3, properties: [{ name: 'group', type: 'number' }] }

;(missing.length === 0 ? describe : describe.skip)(
  `several processes on one PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    test('start, make, write and delete the same at the same time, and all is counted', async () => {
      await using ground = await startGround()
      const url = ground.settings.DATABASE_URL
      const hosts = await Promise.all([start(url), start(url), start(url)])
      const stores = hosts.map(host => storeAt(host, 'ada'))
      const made = await Promise.all(stores.map(store => store.ensureCollection(COLLECTION)))
      expect(made.filter(({ created }) => created)).toHaveLength(1)
      const call = { deadlineMs: 60_000 }
      const work = stores.flatMap((store, process) =>
        Array.from({ length: 3 }, async (_, round) => {
          const objects = Array.from({ length: 300 }, (_value, index) =>
            object(`id${index}`, `word${(index * (round + 1)) % 50} and word${(index + process) % 30}`, {
              group: index % 3,
            }),
          )
          await store.upsert({ collection: 'things', objects: round % 2 === 0 ? objects : objects.toReversed() }, call)
          // Those of group 2 stay.
          if (round === process && process < 2)
            await store.delete({ collection: 'things', filter: where('group', '=', process) }, call)
        }),
      )
      await Promise.all(work)
      await using database = await openServerDatabase(url, { max: 1, log: createLog('silent') })
      const all = async (text: string) => (await sql.raw<object>(text).execute(database.kysely)).rows
      expect(await all('select term, objects from weaviate.terms_1 order by term')).toEqual(
        await all(
          `select term, count(*)::integer as objects from weaviate.objects_1, unnest(tsvector_to_array(words)) term
           group by term order by term collate "C"`,
        ),
      )
      expect(await all('select objects, words from weaviate.tables')).toEqual(
        await all('select count(*) as objects, sum(length) as words from weaviate.objects_1'),
      )
      const { rows } = await sql`select from weaviate.tables where objects > 0`.execute(database.kysely)
      expect(rows).toHaveLength(1)
      await Promise.all(hosts.map(host => host.stop()))
    }, 120_000)
  },
)
