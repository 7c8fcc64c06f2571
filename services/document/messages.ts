import type { Chunk, Document, DeepPartial } from '#gen/spellmesh/document/v1/document.ts'
import type { ChunkRow, DocumentRow } from './store.ts'

/** A document as people see it. */
export function toDocument(row: DocumentRow): Document {
  const { state, progress, code, message, attempts } = row
  return {
    id: row.id,
    collection: row.collection,
    name: row.name,
    title: row.title,
    type: row.type,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    hash: row.hash,
    source: row.source,
    metadata: Buffer.from(row.metadata),
    language: row.language,
    encoding: row.encoding,
    pages: row.pages,
    chunks: row.chunks,
    characters: row.characters,
    job: {
      state,
      progress: Math.round(progress * 1_000) / 1_000,
      code,
      message,
      attempts,
      newChunks: row.new_chunks,
      keptChunks: row.kept_chunks,
      withoutVectors: row.without_vectors,
    },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** A piece as people see it. */
export function toChunk(row: ChunkRow): DeepPartial<Chunk> {
  const { id, document, position, text, page, last_page, headings, begins, ends, kind } = row
  return {
    id,
    documentId: document,
    position,
    text,
    page,
    lastPage: last_page,
    headings: [...headings],
    from: begins,
    to: ends,
    kind,
  }
}

/** Whether somebody still works on it. */
export function isAtWork({ state }: Pick<DocumentRow, 'state'>): boolean {
  return state === 'pending' || state === 'parsing' || state === 'embedding'
}
