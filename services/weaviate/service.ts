import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Found, QueryRequest } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { invalid, notFound, precondition } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { defineService, migrations } from '#mesh/service.ts'
import { httpUrl, secret, text } from '#mesh/settings.ts'
import { ensureCollection } from './collections.ts'
import { readFilter } from './filter.ts'
import { fuse } from './fuse.ts'
import { isNowhere } from './object.ts'
import type { Collection, Driver, DriverEnvironment, ProviderDefinition, Question } from './provider.ts'
import {
  checkDelete,
  checkObjectCount,
  checkQuery,
  ownerOf,
  readCollection,
  readName,
  readObjects,
  readQuery,
} from './request.ts'
import { createCollectionStore } from './store.ts'

export default defineService({
  contract: WeaviateServiceDefinition,
  settings: {
    WEAVIATE_URL: httpUrl(
      'where a Weaviate answers REST, e.g. http://localhost:8080; none: the database keeps vectors',
    ),
    WEAVIATE_GRPC_URL: text('where it answers gRPC, e.g. http://localhost:50051; none: that port of the same host'),
    WEAVIATE_API_KEY: secret('key for it'),
  },
  uses: {},
  schema: migrations(import.meta.url),
  async start(environment) {
    const { driver, name } = await openDriver(environment)
    const store = createCollectionStore(environment.database, name)

    async function find(owner: string, collection: string): Promise<Collection> {
      const found = await store.find(owner, readName(collection))
      if (!found) throw notFound(`there is no collection "${collection}"`)
      return found
    }

    return {
      async ensureCollection(request, { caller }) {
        const wanted = readCollection(ownerOf(caller), request)
        const created = await ensureCollection(store, driver, wanted)
        return { created, vectors: driver.vectors }
      },
      async upsert({ collection: named, objects }, { caller }) {
        checkObjectCount(objects.length)
        const collection = await find(ownerOf(caller), named)
        const { fit, problems } = readObjects(collection, objects)
        if (fit.length === 0) return { stored: 0, problems, waiting: 0 }
        const { stored, waiting, problems: more } = await driver.upsert(collection, fit)
        return { stored, waiting, problems: [...problems, ...more] }
      },
      async delete(request, { caller }) {
        checkDelete(request)
        const collection = await find(ownerOf(caller), request.collection)
        if (!request.filter) return driver.delete(collection, { ids: [...new Set(request.ids)] })
        const problems: Problem[] = []
        const filter = readFilter(collection, request.filter, problems)
        if (problems.length > 0) throw invalid(problems)
        return driver.delete(collection, { filter })
      },
      async deleteCollection(request, { caller }) {
        const collection = await store.find(ownerOf(caller), readName(request.collection))
        if (!collection) return {}
        await driver.deleteCollection(collection)
        await store.remove(collection.id)
        return {}
      },
      async query(request, { caller, signal }) {
        checkQuery(request)
        return ask(driver, await find(ownerOf(caller), request.collection), request, signal)
      },
      async stats(_, { caller }) {
        const collections = await store.list(ownerOf(caller))
        const { reachable, collections: figures } = await driver.stats(collections)
        return {
          driver: name,
          vectors: driver.vectors,
          reachable,
          collections: collections.map(({ id, name: collection, dimensions }) => ({
            collection,
            dimensions,
            ...(figures.get(id) ?? { objects: 0, waiting: 0 }),
          })),
        }
      },
    }
  },
})

/** The first that is set up here. */
async function openDriver(environment: DriverEnvironment): Promise<{ driver: Driver; name: string }> {
  const definitions = await discoverRecord<ProviderDefinition>(new URL('./providers/', import.meta.url))
  // pgvector is there always: whatever was set up comes before it.
  const inOrder = Object.values(definitions).toSorted((a, b) => Number(a.name === LAST) - Number(b.name === LAST))
  for (const definition of inOrder) {
    const driver = await definition.open(environment)
    if (driver) return { driver, name: definition.name }
  }
  throw new Error('no driver of vectors is set up')
}
const LAST = 'pgvector'

const NO_VECTORS =
  'vectors cannot be kept here: the PostgreSQL server has no pgvector (0.8 or newer), whose extension "vector" must be installed'

async function ask(driver: Driver, collection: Collection, request: QueryRequest, signal: AbortSignal) {
  const { mode, alpha, text: words, vector, filter, limit } = readQuery(collection, request)
  const { withVectors, exact, language } = request
  const notices: string[] = []
  const has = collection.dimensions > 0 && driver.vectors
  if (!has && mode !== 'keyword') {
    const why = driver.vectors ? `the collection "${collection.name}" has no vectors` : NO_VECTORS
    if (mode === 'vector' || alpha === 1) throw precondition(`${why}: ask by words`)
    notices.push(`by words alone: ${why}`)
  }
  const asksVector = has && (mode === 'vector' || (mode === 'hybrid' && alpha > 0))
  const byVector = asksVector && !isNowhere(vector)
  if (asksVector && !byVector) {
    if (mode === 'vector' || alpha === 1)
      throw invalid([
        { path: 'vector', message: 'is all zeros, which is near to nothing: expected one that points somewhere' },
      ])
    notices.push('by words alone: the vector is all zeros, which is near to nothing')
  }
  const byWords = mode === 'keyword' || (mode === 'hybrid' && alpha < 1)
  const question: Question = {
    text: byWords ? words : '',
    vector: byVector ? vector : undefined,
    filter,
    limit,
    alpha: byVector ? alpha : 0,
    withVectors,
    exact,
    language,
  }
  const { found, notice } = await driver.query(collection, question, signal)
  if (notice !== '') notices.push(notice)
  return { found: fuse(found, mode, question).map(toFound), notice: notices.join('; ') }
}

function toFound({ object, ...rest }: ReturnType<typeof fuse>[number]): Found {
  const { id, text: words, vector, properties, language } = object
  return {
    object: {
      id,
      text: words,
      vector: [...(vector ?? [])],
      properties: Buffer.from(JSON.stringify(properties)),
      language,
    },
    ...rest,
  }
}
