import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { createIndexQueue } from '#mesh/index-queue.ts'
import { openIndexer } from '#mesh/indexing.ts'
import { defineService, migrations } from '#mesh/service.ts'
import { integer } from '#mesh/settings.ts'
import { toIndexed } from './event.ts'
import { createHandlers } from './handlers.ts'
import { createKept } from './kept.ts'
import { createLive } from './live.ts'
import { createMeaning } from './meaning.ts'
import { createEventStore } from './store.ts'
import { openRetention } from './retention/retention.ts'
import { createRetentionStore } from './retention/store.ts'

const YEARS_MS = 100 * 366 * 86_400_000

export const SETTINGS = {
  EVENT_KEEP_MS: integer('how long events are kept at most, in milliseconds; 0: for ever', 0, { max: YEARS_MS }),
  EVENT_MOST: integer('most events that are kept of one user, the oldest go first; 0: any number', 1_000_000),
  EVENT_HALF_LIFE_MS: integer(
    'after this time an event counts half as much as a new one where events are searched, in milliseconds',
    604_800_000,
    { min: 1 },
  ),
}

export default defineService({
  contract: EventServiceDefinition,
  settings: SETTINGS,
  uses: { weaviate: WeaviateServiceDefinition, completion: CompletionServiceDefinition },
  schema: migrations(import.meta.url),
  start(environment) {
    const { settings, database, bus, log, draining, services, onStop } = environment
    const store = createEventStore(database)
    const indexer = openIndexer({
      service: 'event',
      kind: 'events',
      queue: createIndexQueue(database, 'event.indexing'),
      read: async (owner, ids) => (await store.many(owner, ids, Infinity)).rows.map(toIndexed),
      environment,
    })
    const limit = { keepMs: settings.EVENT_KEEP_MS, most: settings.EVENT_MOST }
    const retention = openRetention({
      ...{ limit, log },
      store: createRetentionStore(database),
      count: owner => store.count(owner),
      async remove(owner, ids) {
        const removed = await store.remove(owner, ids)
        indexer.wake()
        return removed
      },
    })
    onStop(() => retention.end())
    return createHandlers({
      ...{ store, indexer, retention, limit },
      meaning: createMeaning({ services, store, log }),
      live: createLive({ bus, draining, log, keptSince: createKept(store) }),
      halfLifeMs: settings.EVENT_HALF_LIFE_MS,
    })
  },
})
