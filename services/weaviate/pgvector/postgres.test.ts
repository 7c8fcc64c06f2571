import { describe } from '@jest/globals'
import pg from 'pg'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { missingPrograms, startGround } from '#test/processes.ts'
import type { Ground } from '#test/processes.ts'
import { testDriver } from '../provider.suite.ts'
import type { SubjectSystem } from '../provider.suite.ts'

/** A PostgreSQL server as this system has it: Debian's is without pgvector, others may have it. */
const missing = missingPrograms()
const ground = missing.length === 0 ? await startGround() : undefined
const vectors = ground !== undefined && (await hasVectors(ground.settings.DATABASE_URL))

async function hasVectors(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query("select from pg_available_extensions where name = 'vector'")
  await client.end()
  return rows.length > 0
}

async function open({ settings, [Symbol.asyncDispose]: end }: Ground): Promise<SubjectSystem> {
  const source = { DATABASE_URL: settings.DATABASE_URL, LOG_LEVEL: 'error' }
  const host = await startHost({ services: await loadServices(['weaviate']), source, serve: false })
  return {
    as: user => ({ client: contract => host.client(contract, { user, service: 'edge' }) }),
    async stop() {
      await host.stop()
      await end()
    },
  }
}

;(ground ? describe : describe.skip)(
  ground
    ? `pgvector on PostgreSQL ${vectors ? 'with' : 'without'} the extension`
    : `pgvector on PostgreSQL (skipped: no ${missing.join(', ')})`,
  () => {
    testDriver({
      driver: 'pgvector',
      vectors,
      open: () => (ground ? open(ground) : Promise.reject(new Error('no PostgreSQL is installed here'))),
    })
  },
)
