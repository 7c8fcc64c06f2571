import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { createOutbound } from '#mesh/outbound.ts'
import type { Environment } from '#mesh/service.ts'
import { createChanges } from './changes.ts'
import type { Changes } from './changes.ts'
import { createCollectionStore } from './collections/store.ts'
import type { CollectionStore } from './collections/store.ts'
import { createIngestStore } from './ingest/store.ts'
import { createVectorStore } from './ingest/vector-store.ts'
import { openLanes } from './jobs/lanes.ts'
import { createJobStore } from './jobs/store.ts'
import { openSweeper } from './jobs/sweeper.ts'
import type { ReadingThreads } from './parsing/parser.ts'
import type { SETTINGS } from './settings.ts'
import { createDocumentStore } from './store.ts'
import type { DocumentRow, DocumentStore } from './store.ts'

export interface Parts {
  readonly documents: DocumentStore
  readonly collections: CollectionStore
  readonly changes: Changes
  /** People see it otherwise than before. With `wake` there is something to do, too. */
  changed(row: Pick<DocumentRow, 'owner' | 'id' | 'generation' | 'state'>, wake: boolean): void
}

type Uses = { completion: typeof CompletionServiceDefinition; weaviate: typeof WeaviateServiceDefinition }

/** Puts the parts together, and begins to work. */
export async function openDocuments(environment: Environment<typeof SETTINGS, Uses>): Promise<Parts> {
  const { database, blobs, bus, settings, services, log, alone, draining, onStop } = environment
  const documents = createDocumentStore(database)
  const collections = createCollectionStore(database)
  const changes = createChanges(bus)
  const outbound = createOutbound(settings)
  onStop(async () => outbound[Symbol.asyncDispose]())
  let threads: Promise<ReadingThreads> | undefined
  onStop(async () => (await threads)?.[Symbol.asyncDispose]())
  const told = ({ owner, id, generation, state }: Pick<DocumentRow, 'owner' | 'id' | 'generation' | 'state'>) =>
    changes.told(owner, { id, generation, deleted: state === 'deleted' })
  const lanes = await openLanes({
    jobs: createJobStore(database, settings.DOCUMENT_LEASE_MS),
    ingest: createIngestStore(database),
    collections,
    blobs,
    outbound,
    completion: services.completion,
    vectors: createVectorStore(services.weaviate),
    settings,
    threads: () => (threads ??= openThreads(settings)),
    told,
    log,
    alone,
    draining,
  })
  onStop(() => lanes.stop())
  changes.work(
    () => lanes.wake(),
    ({ id, generation }) => lanes.changed(id, generation),
  )
  const sweeper = openSweeper({ collections, blobs, log, draining })
  onStop(() => sweeper.stop())
  return {
    documents,
    collections,
    changes,
    changed(row, wake) {
      told(row)
      if (!wake) return
      lanes.wake()
      changes.wake()
    },
  }
}

/** What reads is loaded when the first file comes. */
async function openThreads({ DOCUMENT_JOBS, DOCUMENT_READ_MB }: Environment<typeof SETTINGS, Uses>['settings']) {
  const { openReadingThreads } = await import('./parsing/threads.ts')
  return openReadingThreads({ threads: Math.max(1, DOCUMENT_JOBS), memoryMb: DOCUMENT_READ_MB })
}
