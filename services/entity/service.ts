import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { chargeOf } from '#mesh/charge.ts'
import { createIndexQueue } from '#mesh/index-queue.ts'
import { openIndexer } from '#mesh/indexing.ts'
import { defineService, migrations } from '#mesh/service.ts'
import { toMessage } from './answer.ts'
import { ownerOf } from './checks.ts'
import { get, remove, upsert } from './entities.ts'
import { readIndexed } from './indexed.ts'
import { merge } from './merging.ts'
import { createReading } from './reading.ts'
import { endRelation, relate } from './relations/relations.ts'
import { readId, readLink, readMerge, readUnlink, readUpsert } from './request.ts'
import { createEntityStore, INDEXING } from './store.ts'
import { readSuggest, suggest } from './suggest/suggest.ts'

export default defineService({
  contract: EntityServiceDefinition,
  settings: {},
  uses: { weaviate: WeaviateServiceDefinition, completion: CompletionServiceDefinition },
  schema: migrations(import.meta.url),
  start(environment) {
    const store = createEntityStore(environment.database)
    const index = openIndexer({
      service: 'entity',
      kind: 'entities',
      queue: createIndexQueue(environment.database, INDEXING),
      read: (owner, ids) => readIndexed(store, owner, ids),
      environment,
    })
    return {
      ...createReading(store),
      async upsert(request, { caller }) {
        const { row, created, changed } = await upsert(store, ownerOf(caller), readUpsert(request))
        if (changed) index.wake()
        return { entity: toMessage(row), created, changed }
      },
      async link(request, { caller }) {
        return relate(store, ownerOf(caller), readLink(request))
      },
      async unlink(request, { caller }) {
        return { ended: await endRelation(store, ownerOf(caller), readUnlink(request)) }
      },
      async merge(request, { caller }) {
        const owner = ownerOf(caller)
        const { id } = await merge(store, owner, readMerge(request))
        index.wake()
        return { entity: (await get(store, owner, { id, asOf: 0 })).entity }
      },
      async delete({ entityId }, { caller }) {
        await remove(store, ownerOf(caller), readId(entityId))
        index.wake()
        return {}
      },
      async suggest(request, call) {
        const owner = ownerOf(call.caller)
        const { completion } = environment.services
        return suggest(readSuggest(request), owner, { store, completion, call, charge: chargeOf(request, call.caller) })
      },
    }
  },
})
