import type { Chunk, Document, DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { notFound } from '#mesh/errors.ts'
import type { Client } from '#mesh/service.ts'
import { readFields } from '../json.ts'
import type { Fact, Kind } from '../knowledge-source.ts'

type Documents = Pick<Client<typeof DocumentServiceDefinition>, 'listCollections' | 'getChunks'>

/** Pieces of the caller's documents. */
export function createDocuments(documents: Documents): Kind {
  return {
    name: 'documents',
    async models(wish, { options }) {
      const { collections } = await documents.listCollections({}, options)
      const missing = wish.collections.filter(name => !collections.some(collection => collection.name === name))
      if (missing.length > 0)
        throw notFound(
          missing.length === 1
            ? `there is no collection "${missing[0]}"`
            : `there are no collections ${missing.map(name => `"${name}"`).join(', ')}`,
        )
      const wanted = collections.filter(({ name }) => wish.collections.length === 0 || wish.collections.includes(name))
      return [...new Set(wanted.flatMap(({ embeddingModels }) => embeddingModels))].toSorted()
    },
    async facts(ids, { options }) {
      const answer = await documents.getChunks({ chunkIds: [...ids] }, options)
      const byId = new Map(answer.documents.map(document => [document.id, document]))
      return answer.chunks.flatMap(chunk => {
        const document = byId.get(chunk.documentId)
        return document ? [toFact(chunk, document)] : []
      })
    },
  }
}

function toFact(chunk: Chunk, document: Document): Fact {
  return {
    id: chunk.id,
    title: document.title || document.name,
    text: chunk.text,
    documentId: document.id,
    collection: document.collection,
    page: chunk.page,
    headings: chunk.headings,
    url: document.source,
    type: document.type,
    at: document.createdAt,
    metadata: readFields(document.metadata),
  }
}
