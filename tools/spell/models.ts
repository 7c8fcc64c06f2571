// What nodes call, in this process: the services themselves, on a database in memory.
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { ListModelsResponse } from '#gen/spellmesh/completion/v1/completion.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import type { NodeServices } from '#graph/define.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Client } from '#mesh/service.ts'
import type { SettingsSource } from '#mesh/settings.ts'
import { openTestDatabase } from '#mesh/testing.ts'
import '#nodes/services.ts'

/** What nodes call. Nothing of it runs before it is first called. */
export interface Models extends AsyncDisposable {
  readonly services: NodeServices
  listModels(): Promise<ListModelsResponse>
}

const SERVICES = ['cache', 'completion', 'huggingface', 'speech', 'user']

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
    const database = await openTestDatabase()
    return startHost({ services, source: { ...source, ...OWN }, serve: false, database })
  }
  let starting: ReturnType<typeof start> | undefined
  const open = async () => {
    const host = await (starting ??= start())
    const caller = { user, service: 'spell-runner' }
    return {
      cache: host.client(CacheServiceDefinition, caller),
      completion: host.client(CompletionServiceDefinition, caller),
      huggingface: host.client(HuggingfaceServiceDefinition, caller),
      speech: host.client(SpeechServiceDefinition, caller),
    }
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

type Opened = {
  readonly cache: Client<typeof CacheServiceDefinition>
  readonly completion: Client<typeof CompletionServiceDefinition>
  readonly huggingface: Client<typeof HuggingfaceServiceDefinition>
  readonly speech: Client<typeof SpeechServiceDefinition>
}

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
  }
}
