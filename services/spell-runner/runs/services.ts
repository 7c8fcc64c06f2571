import type { NodeServices } from '#graph/define.ts'
import type { Limits } from '#graph/limits.ts'
import '#nodes/services.ts'
import type { Identities } from '#mesh/identity.ts'
import type { ClientCallOptions } from '#mesh/service.ts'
import type { RunnerEnvironment } from '../runner.ts'

/** The run that a node's calls are made for. */
export interface CallingRun {
  readonly id: string
  readonly owner: string
  readonly spell: string
  readonly limits: Partial<Limits>
}

/** A vendor's server may have to load the model, or be asked again. The run's own limits are shorter where they matter. */
const EMBED_MS = 300_000
/** What sends files, or waits for models that read. */
const KNOWLEDGE_MS = 400_000
const CAPABILITY_MS = 600_000
const RENEW_MS = 300_000

/** The services as nodes of a run call them: for the user whose run it is, with the proof that opens the user's secrets, and with what calls are charged to. */
export function createServicesOf(
  { completion, cache, huggingface, speech, document, event, entity, search }: RunnerEnvironment['services'],
  identities: Pick<Identities, 'sign'>,
): (run: CallingRun) => NodeServices {
  return ({ id, owner, spell, limits: { tokens = Infinity, cost = Infinity } }) => {
    const caller = { user: owner, service: 'spell-runner' }
    const capability = createCapability(identities, owner, id)
    const optionsOf = async (given: ClientCallOptions = {}): Promise<ClientCallOptions> => ({
      ...given,
      metadata: { ...given.metadata, capability: await capability() },
      caller,
    })
    const charged = <T extends { origin?: { nodeId?: string } }>(request: T) => ({
      ...request,
      origin: { agentId: '', spellId: spell, runId: id, nodeId: request.origin?.nodeId ?? '' },
    })
    const ofRun = { scope: 'run', tokens: Number.isFinite(tokens) ? tokens : 0, cost: Number.isFinite(cost) ? cost : 0 }
    const limited = <T extends { origin?: { nodeId?: string }; limits?: object[] }>(request: T) => ({
      ...charged(request),
      limits: [...(request.limits ?? []), ...(ofRun.tokens + ofRun.cost > 0 ? [ofRun] : [])],
    })
    return {
      completion: {
        async *complete(request, options) {
          yield* completion.complete(limited(request), await optionsOf(options))
        },
        embed: async (request, options) =>
          completion.embed(charged(request), { deadlineMs: EMBED_MS, ...(await optionsOf(options)) }),
        async *generateImage(request, options) {
          yield* completion.generateImage(limited(request), await optionsOf(options))
        },
      },
      cache: {
        get: (request, options) => cache.get(request, { ...options, caller }),
        set: (request, options) => cache.set(request, { ...options, caller }),
      },
      huggingface: {
        async *run(request, options) {
          yield* huggingface.run(request, await optionsOf(options))
        },
      },
      speech: {
        async *synthesize(request, options) {
          yield* speech.synthesize(request, await optionsOf(options))
        },
        async *transcribe(requests, options) {
          type Requests = Parameters<typeof speech.transcribe>[0]
          yield* speech.transcribe(requests as Requests, await optionsOf(options))
        },
      },
      ...createKnowledge({ document, event, entity, search }, optionsOf, { charged, limited }),
    } satisfies NodeServices
  }
}

/** Adds what a request is charged to, and may cost. */
type Adds = <T extends { origin?: { nodeId?: string } }>(request: T) => T

/** Documents, memory, entities and the search over them. */
function createKnowledge(
  { document, event, entity, search }: Pick<RunnerEnvironment['services'], 'document' | 'event' | 'entity' | 'search'>,
  optionsOf: (given?: ClientCallOptions) => Promise<ClientCallOptions>,
  { charged, limited }: { charged: Adds; limited: Adds },
): Pick<NodeServices, 'document' | 'event' | 'entity' | 'search'> {
  const patiently = async (given?: ClientCallOptions) => ({ deadlineMs: KNOWLEDGE_MS, ...(await optionsOf(given)) })
  return {
    document: {
      async upload(requests, options) {
        type Requests = Parameters<typeof document.upload>[0]
        return document.upload(requests as Requests, await patiently(options))
      },
      fetch: async (request, options) => document.fetch(request, await patiently(options)),
      async *watch(request, options) {
        yield* document.watch(request, await optionsOf(options))
      },
      getDocument: async (request, options) => document.getDocument(request, await optionsOf(options)),
      listChunks: async (request, options) => document.listChunks(request, await optionsOf(options)),
    },
    event: {
      append: async (request, options) => event.append(request, await optionsOf(options)),
      search: async (request, options) => event.search(charged(request), await patiently(options)),
      transcript: async (request, options) => event.transcript(request, await optionsOf(options)),
      publish: async (request, options) => event.publish(request, await optionsOf(options)),
      async *subscribe(request, options) {
        yield* event.subscribe(request, await optionsOf(options))
      },
    },
    entity: {
      get: async (request, options) => entity.get(request, await optionsOf(options)),
      find: async (request, options) => entity.find(request, await optionsOf(options)),
      upsert: async (request, options) => entity.upsert(request, await optionsOf(options)),
      link: async (request, options) => entity.link(request, await optionsOf(options)),
      suggest: async (request, options) => entity.suggest(limited(request), await patiently(options)),
    },
    search: { search: async (request, options) => search.search(limited(request), await patiently(options)) },
  }
}

/** Signed when it is first needed, and again before it runs out. */
function createCapability(identities: Pick<Identities, 'sign'>, user: string, run: string): () => Promise<string> {
  let token: Promise<string> | undefined
  let signedAt = 0
  return () => {
    const now = Date.now()
    if (!token || now - signedAt > RENEW_MS) {
      signedAt = now
      token = identities.sign(
        { user, service: 'spell-runner' },
        { audience: 'secrets', lifeMs: CAPABILITY_MS, claims: { run } },
      )
    }
    return token
  }
}
