import type { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { exists, notFound } from '#mesh/errors.ts'
import type { Handlers } from '#mesh/service.ts'
import type { Parts } from '../open.ts'
import { DEFAULT_COLLECTION, ownerOf, readCollectionName } from '../request.ts'
import type { CollectionRow } from './store.ts'

type Answers = Pick<
  Handlers<typeof DocumentServiceDefinition>,
  'createCollection' | 'listCollections' | 'deleteCollection'
>

export function createCollectionHandlers({ collections, changed }: Parts): Answers {
  return {
    async createCollection({ name }, { caller }) {
      const row = await collections.create(ownerOf(caller), readCollectionName('name', name))
      if (!row) throw exists(`there is a collection "${name}"`)
      return { collection: toCollection(row) }
    },
    async listCollections(_, { caller }) {
      const rows = await collections.list(ownerOf(caller))
      const all = rows.some(({ name }) => name === DEFAULT_COLLECTION) ? rows : [...rows, EMPTY]
      return { collections: all.map(toCollection).toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
    },
    async deleteCollection({ collection }, { caller }) {
      const owner = ownerOf(caller)
      const name = readCollectionName('collection', collection)
      const { wasThere, documents } = await collections.remove(owner, name)
      if (!wasThere && name !== DEFAULT_COLLECTION) throw notFound(`there is no collection "${name}"`)
      for (const row of documents) changed({ ...row, owner, state: 'deleted' }, row === documents.at(-1))
      return {}
    },
  }
}

/** Always there, if only for being named. */
const EMPTY: CollectionRow = {
  name: DEFAULT_COLLECTION,
  documents: 0,
  chunks: 0,
  size_bytes: 0,
  created_at: 0,
  embedding_models: [],
}

function toCollection({ name, documents, chunks, size_bytes, created_at, embedding_models }: CollectionRow) {
  return {
    name,
    documents,
    chunks,
    sizeBytes: size_bytes,
    createdAt: created_at,
    embeddingModels: [...embedding_models],
  }
}
