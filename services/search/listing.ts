import type { ListSourcesRequest, Source } from '#gen/spellmesh/search/v1/search.ts'
import type { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { isCoded } from '#mesh/errors.ts'
import type { Call, Client } from '#mesh/service.ts'
import { fieldsOf } from './fields.ts'
import type { Web } from './web.ts'

const ABOUT = {
  documents: 'pieces of your documents',
  events: 'what happened: the memory of agents and spells',
  entities: 'people, places and things that are known',
} as const
const KNOWLEDGE = ['documents', 'events', 'entities'] as const

/** Tells what can be searched now, and by what it can be filtered. */
export function createListing(
  store: Pick<Client<typeof WeaviateServiceDefinition>, 'stats'>,
  web: Pick<Web, 'ready'>,
  needUser: (call: Call) => void,
) {
  return async (_: ListSourcesRequest, call: Call): Promise<{ sources: Source[] }> => {
    needUser(call)
    const [problem, providers] = await Promise.all([problemOf(store, call), web.ready(call)])
    const knowledge = KNOWLEDGE.map(name => ({
      name,
      ready: problem === undefined,
      about: problem === undefined ? ABOUT[name] : `${ABOUT[name]}; ${problem}`,
      fields: [...fieldsOf(name)],
      providers: [],
    }))
    const found = {
      name: 'web',
      ready: providers.length > 0,
      about:
        providers.length > 0
          ? `pages of the web, by ${providers.join(', ')}`
          : 'pages of the web; set SEARXNG_URL, BRAVE_API_KEY or TAVILY_API_KEY, or add a secret of one of the two keys’ names',
      fields: [],
      providers: [...providers],
    }
    return { sources: [...knowledge, found] }
  }
}

/** Why what is kept cannot be searched now. */
async function problemOf(
  store: Pick<Client<typeof WeaviateServiceDefinition>, 'stats'>,
  { caller, signal }: Call,
): Promise<string | undefined> {
  try {
    const { reachable } = await store.stats({}, { caller: { user: caller.user, service: 'search' }, signal })
    return reachable ? undefined : 'the vector store does not answer now'
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error
    return error.message
  }
}
