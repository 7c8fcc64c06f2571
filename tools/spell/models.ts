// What nodes call, in this process: the services themselves, on a database in memory.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { ListModelsResponse } from '#gen/spellmesh/completion/v1/completion.ts'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import type { NodeServices } from '#graph/define.ts'
import { openDiskBlobs } from '#mesh/blobs-disk.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { newId } from '#mesh/ids.ts'
import type { Client, Contract } from '#mesh/service.ts'
import type { SettingsSource } from '#mesh/settings.ts'
import { openReadyDatabase } from '#mesh/testing-database.ts'
import '#nodes/services.ts'

/** What nodes call. Nothing of it runs before it is first called. */
export interface Models extends AsyncDisposable {
  readonly services: NodeServices
  listModels(): Promise<ListModelsResponse>
}

const SERVICES = [
  ...['cache', 'completion', 'document', 'entity', 'event', 'huggingface', 'search', 'speech', 'user', 'weaviate'],
]

/** Nothing outlives the shell, and nobody reaches it: neither database nor bus of a mesh, and no port. */
const OWN: SettingsSource = {
  DATABASE_URL: '',
  NATS_URL: '',
  GRPC_PORT: '0',
  METRICS_PORT: '0',
  COMPLETION_KEEP_MS: '0',
  DRAIN_MS: '1000',
  LOG_LEVEL: 'warn',
}

/** A wrong setting of a model's service is told to who first asks it: INVALID_ARGUMENT. Most spells ask none, and start without them. */
export function createModels(source: SettingsSource, user: string): Models {
  const start = async () => {
    const services = await loadServices(SERVICES)
    const database = await openReadyDatabase()
    const blobs = await openDiskBlobs(join(tmpdir(), newId('spellmesh')), { temporary: true })
    return startHost({ services, source: { ...source, ...OWN }, serve: false, database, blobs })
  }
  let starting: ReturnType<typeof start> | undefined
  const open = async () => {
    const host = await (starting ??= start())
    const caller = { user, service: 'spell-runner' }
    return clientsOf(contract => host.client(contract, caller))
  }
  return {
    listModels: async () => (await open()).completion.listModels({}),
    services: whenOpen(open),
    async [Symbol.asyncDispose]() {
      await starting?.then(
        host => host.stop(),
        () => undefined,
      )
    },
  }
}

function clientsOf(client: <C extends Contract>(contract: C) => Client<C>) {
  return {
    cache: client(CacheServiceDefinition),
    completion: client(CompletionServiceDefinition),
    huggingface: client(HuggingfaceServiceDefinition),
    speech: client(SpeechServiceDefinition),
    document: client(DocumentServiceDefinition),
    event: client(EventServiceDefinition),
    entity: client(EntityServiceDefinition),
    search: client(SearchServiceDefinition),
  }
}
type Opened = ReturnType<typeof clientsOf>

/** The clients, of services that start when one of them is first called. */
function whenOpen(open: () => Promise<Opened>): NodeServices {
  return {
    cache: {
      get: async (request, options) => (await open()).cache.get(request, options),
      set: async (request, options) => (await open()).cache.set(request, options),
    },
    completion: {
      async *complete(request, options) {
        yield* (await open()).completion.complete(request, options)
      },
      embed: async (request, options) => (await open()).completion.embed(request, options),
      async *generateImage(request, options) {
        yield* (await open()).completion.generateImage(request, options)
      },
    },
    huggingface: {
      async *run(request, options) {
        yield* (await open()).huggingface.run(request, options)
      },
    },
    speech: {
      async *synthesize(request, options) {
        yield* (await open()).speech.synthesize(request, options)
      },
      async *transcribe(requests, options) {
        type Requests = Parameters<Opened['speech']['transcribe']>[0]
        yield* (await open()).speech.transcribe(requests as Requests, options)
      },
    },
    ...knowledgeWhenOpen(open),
  }
}

function knowledgeWhenOpen(
  open: () => Promise<Opened>,
): Pick<NodeServices, 'document' | 'event' | 'entity' | 'search'> {
  return {
    document: {
      async upload(requests, options) {
        type Requests = Parameters<Opened['document']['upload']>[0]
        return (await open()).document.upload(requests as Requests, options)
      },
      fetch: async (request, options) => (await open()).document.fetch(request, options),
      async *watch(request, options) {
        yield* (await open()).document.watch(request, options)
      },
      getDocument: async (request, options) => (await open()).document.getDocument(request, options),
      listChunks: async (request, options) => (await open()).document.listChunks(request, options),
    },
    event: {
      append: async (request, options) => (await open()).event.append(request, options),
      search: async (request, options) => (await open()).event.search(request, options),
      transcript: async (request, options) => (await open()).event.transcript(request, options),
      publish: async (request, options) => (await open()).event.publish(request, options),
      async *subscribe(request, options) {
        yield* (await open()).event.subscribe(request, options)
      },
    },
    entity: {
      get: async (request, options) => (await open()).entity.get(request, options),
      find: async (request, options) => (await open()).entity.find(request, options),
      upsert: async (request, options) => (await open()).entity.upsert(request, options),
      link: async (request, options) => (await open()).entity.link(request, options),
      suggest: async (request, options) => (await open()).entity.suggest(request, options),
    },
    search: { search: async (request, options) => (await open()).search.search(request, options) },
  }
}
