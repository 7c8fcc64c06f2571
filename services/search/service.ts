import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { unauthenticated } from '#mesh/errors.ts'
import { chargeOf } from '#mesh/charge.ts'
import { createOutbound } from '#mesh/outbound.ts'
import { createSecrets } from '#mesh/secrets.ts'
import { defineService } from '#mesh/service.ts'
import type { Call } from '#mesh/service.ts'
import { httpUrl, integer, ratio, secret } from '#mesh/settings.ts'
import { createKnowledgeSource } from './knowledge-source.ts'
import { createListing } from './listing.ts'
import type { WebProviderDefinition } from './provider.ts'
import { readRequest } from './request.ts'
import { createSearching } from './searching.ts'
import { createDocuments } from './sources/documents.ts'
import { createEntities } from './sources/entities.ts'
import { createEvents } from './sources/events.ts'
import { createUsualModels } from './usual-model.ts'
import { createWeb } from './web.ts'

export default defineService({
  contract: SearchServiceDefinition,
  settings: {
    SEARCH_ALPHA: ratio('how much vectors count against words in a hybrid search: 0 words alone, 1 vectors alone', 0.5),
    SEARCH_TIMEOUT_MS: integer('longest wait for one source of a search, in milliseconds', 10_000, { min: 50 }),
    SEARCH_RERANK_TIMEOUT_MS: integer('longest wait for a rerank, in milliseconds', 30_000, { min: 50 }),
    SEARXNG_URL: httpUrl('where a SearXNG server answers, e.g. http://localhost:8080; none: it is not asked'),
    BRAVE_API_KEY: secret('key for Brave Search; users may keep one of their own'),
    BRAVE_URL: httpUrl('where Brave Search answers; none: https://api.search.brave.com'),
    TAVILY_API_KEY: secret('key for Tavily; users may keep one of their own'),
    TAVILY_URL: httpUrl('where Tavily answers; none: https://api.tavily.com'),
  },
  uses: {
    document: DocumentServiceDefinition,
    event: EventServiceDefinition,
    entity: EntityServiceDefinition,
    weaviate: WeaviateServiceDefinition,
    completion: CompletionServiceDefinition,
    user: UserServiceDefinition,
  },
  async start({ settings, services, bus, metrics, onStop }) {
    const named = [settings.SEARXNG_URL, settings.BRAVE_URL, settings.TAVILY_URL].filter(Boolean)
    const outbound = createOutbound({ OUTBOUND_ALLOW: named.map(url => new URL(url).host).join(',') })
    onStop(async () => outbound[Symbol.asyncDispose]())
    const secrets = createSecrets({ service: 'search', user: services.user, bus })
    const definitions = await discoverRecord<WebProviderDefinition>(new URL('./providers/', import.meta.url))
    const web = createWeb(Object.values(definitions), { settings, outbound }, secrets)
    const usual = createUsualModels(() => performance.now())
    const search = createSearching({
      sources: {
        documents: createKnowledgeSource(services.weaviate, createDocuments(services.document)),
        events: createKnowledgeSource(services.weaviate, createEvents(services.event, usual)),
        entities: createKnowledgeSource(services.weaviate, createEntities(services.entity, usual)),
        web,
      },
      completion: services.completion,
      timeoutMs: settings.SEARCH_TIMEOUT_MS,
      rerankTimeoutMs: settings.SEARCH_RERANK_TIMEOUT_MS,
    })
    const took = metrics.histogram(
      'search_seconds',
      'how long searches took',
      [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      ['mode'],
    )
    return {
      async search(request, call) {
        needUser(call)
        const began = performance.now()
        const wish = readRequest(request, settings.SEARCH_ALPHA)
        const answer = await search(wish, call, chargeOf(request, call.caller))
        const tookMs = performance.now() - began
        took.observe(tookMs / 1000, { mode: wish.mode })
        return { ...answer, tookMs: Math.round(tookMs) }
      },
      listSources: createListing(services.weaviate, web, needUser),
    }
  },
})

/** Everything here belongs to a user. */
function needUser({ caller }: Call): void {
  if (caller.user === '') throw unauthenticated('this needs a user')
}
