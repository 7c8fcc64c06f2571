// Whatever is away, nothing that was kept is lost to the vector store.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Database } from '#mesh/database.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { embedded } from '#mesh/testing.ts'
import { contents, eventsOf, freePort, indexed, say, until, withStoreAt } from './kit.suite.ts'

test('what was kept before the process ended is indexed by the next one, and what was deleted is taken out', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'spellmesh-event-'))
  try {
    const first = await embedded({ services: ['event'], dataDir })
    await say(eventsOf(first, 'ada'), 'a', { id: 'kept', content: 'The stove is cold.' }, { id: 'gone', content: 'x' })
    await indexed(eventsOf(first, 'ada'))
    await first.stop()
    const without = await withStoreAt('127.0.0.1:9', { dataDir })
    const events = eventsOf(without, 'ada')
    await say(events, 'a', { id: 'new', content: 'The stove is warm.' })
    await events.delete({ eventId: 'gone' })
    expect((await events.get({ eventId: 'new' })).event?.indexed).toBe(false)
    await without.stop()
    const next = await embedded({ services: ['event'], dataDir })
    await indexed(eventsOf(next, 'ada'))
    // Both are there, and the third is gone.
    const store = next.as('ada').client(WeaviateServiceDefinition)
    await until(async () => (await store.stats({})).collections[0]?.objects === 2)
    await next.stop()
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}, 240_000)

test('without the vector store events are found by their words, and a notice says so; when it comes, all is indexed', async () => {
  const port = await freePort()
  await using system = await withStoreAt(`127.0.0.1:${port}`)
  const events = eventsOf(system, 'ada')
  await say(events, 'a', 'The ferry leaves at seven.', 'The bakery opens at six.', 'The ferry is late.')
  const { found, notice } = await events.search({ text: 'when does the ferry leave?', recency: 0 })
  expect(contents(found.flatMap(({ event }) => event ?? []))).toEqual([
    'The ferry leaves at seven.',
    'The ferry is late.',
  ])
  expect(notice).toMatch(/^by words alone, since nothing can be found by meaning now: .+/)
  // What stands on the same database, in another process.
  const database: Database = { ...system.database, [Symbol.asyncDispose]: async () => undefined }
  const store = await startHost({
    services: await loadServices(['weaviate']),
    source: { GRPC_PORT: String(port), GRPC_HOST: '127.0.0.1', LOG_LEVEL: 'error' },
    serve: true,
    database,
  })
  try {
    await indexed(events)
    const again = await events.search({ text: 'when does the ferry leave?' })
    expect(again.notice).toBe('')
    expect(again.found.every(({ event }) => event?.indexed === true)).toBe(true)
  } finally {
    await store.stop()
  }
}, 240_000)
