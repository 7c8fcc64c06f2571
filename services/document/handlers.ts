import type { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { notFound } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { Environment, Handlers } from '#mesh/service.ts'
import { nameFrom } from './ingest/name-from.ts'
import { toChunk, toDocument } from './messages.ts'
import type { Parts } from './open.ts'
import {
  DEFAULT_COLLECTION,
  listProblems,
  ownerOf,
  readChange,
  readCut,
  readFetch,
  readIds,
  readPage,
} from './request.ts'
import type { SETTINGS } from './settings.ts'
import type { ChunkRow, DocumentRow } from './store.ts'
import { fullOf, upload, usualChunking } from './upload.ts'
import { watchDocuments } from './watch.ts'

type Answers = Omit<
  Handlers<typeof DocumentServiceDefinition>,
  'createCollection' | 'listCollections' | 'deleteCollection'
>
type Given = Pick<Environment<typeof SETTINGS, {}>, 'blobs' | 'settings' | 'alone'>

/** Texts of one answer: with all that is around them they fit into a message. */
const MOST_CHARACTERS = 600_000

export function createHandlers(parts: Parts, given: Given): Answers {
  return {
    ...createFileHandlers(parts, given),
    ...createReadHandlers(parts, given),
    ...createChangeHandlers(parts),
  }
}

function createFileHandlers(
  { documents, collections, changed }: Parts,
  { blobs, settings }: Given,
): Pick<Answers, 'upload' | 'fetch' | 'download'> {
  return {
    async upload(requests, { caller, signal }) {
      const owner = ownerOf(caller)
      const { row, duplicate } = await upload(requests, { owner, signal, documents, collections, blobs, settings })
      changed(row, true)
      return { document: toDocument(row), duplicate }
    },
    async fetch(request, { caller }) {
      const owner = ownerOf(caller)
      const { url, ...wanted } = readFetch(request)
      const used = await collections.used(owner)
      if (used.documents >= settings.DOCUMENT_USER_COUNT || used.bytes >= settings.DOCUMENT_USER_BYTES)
        throw fullOf(settings)
      const { row, duplicate } = await collections.addSource(
        {
          ...wanted,
          id: newId('doc'),
          owner,
          collection: wanted.collection || DEFAULT_COLLECTION,
          name: nameFrom(url, ''),
          mediaType: '',
          chunking: undefined,
        },
        url,
        usualChunking(settings),
      )
      changed(row, true)
      return { document: toDocument(row), duplicate }
    },
    async *download({ documentId }, { caller, signal }) {
      const row = there(await documents.get(ownerOf(caller), documentId), documentId)
      if (row.blob === '') throw notFound(`there is no file of "${documentId}" yet`)
      yield { part: { $case: 'document' as const, value: toDocument(row) } }
      for await (const value of blobs.open(row.blob, { signal })) yield { part: { $case: 'data' as const, value } }
    },
  }
}

function createReadHandlers(
  { documents, changes }: Parts,
  { alone }: Given,
): Pick<Answers, 'watch' | 'listDocuments' | 'getDocument' | 'listChunks' | 'getChunks'> {
  return {
    watch: ({ documentId, untilDone }, { caller, signal }) =>
      watchDocuments(documents, changes, { owner: ownerOf(caller), id: documentId, untilDone, signal, alone }),
    async listDocuments(request, { caller }) {
      const { limit, from } = readPage(request, listProblems(request))
      const { collection, text, state } = request
      const rows = await documents.list(ownerOf(caller), { collection, text, state, limit: limit + 1, before: from })
      const page = rows.slice(0, limit)
      return {
        documents: page.map(toDocument),
        nextPageToken: rows.length > limit ? String(page.at(-1)?.seq ?? '') : '',
      }
    },
    async getDocument({ documentId }, { caller }) {
      return { document: toDocument(there(await documents.get(ownerOf(caller), documentId), documentId)) }
    },
    async listChunks(request, { caller }) {
      const owner = ownerOf(caller)
      const { limit, from = 0 } = readPage(request)
      const { documentId, page } = request
      const rows = await documents.chunks(owner, documentId, { page, from, limit: limit + 1 })
      if (rows.length === 0) there(await documents.get(owner, documentId), documentId)
      const some = fitting(rows.slice(0, limit))
      const next = rows[some.length]
      return { chunks: some.map(toChunk), nextPageToken: next ? String(next.position) : '' }
    },
    async getChunks({ chunkIds }, { caller }) {
      const owner = ownerOf(caller)
      const ids = readIds(chunkIds)
      const found = new Map((await documents.chunksById(owner, ids)).map(row => [row.id, row]))
      const rows = ids.flatMap(id => found.get(id) ?? [])
      const of = await documents.getMany(owner, [...new Set(rows.map(({ document }) => document))])
      return { chunks: rows.map(toChunk), documents: of.map(toDocument) }
    },
  }
}

function createChangeHandlers({
  documents,
  changed,
}: Parts): Pick<Answers, 'updateDocument' | 'deleteDocument' | 'reindex'> {
  return {
    async updateDocument({ documentId, title, metadata }, { caller }) {
      const change = readChange({ title, metadata })
      const row = there(await documents.update(ownerOf(caller), documentId, change), documentId)
      changed(row, true)
      return { document: toDocument(row) }
    },
    async deleteDocument({ documentId }, { caller }) {
      const owner = ownerOf(caller)
      const gone = await documents.remove(owner, documentId)
      if (!gone) throw notFound(`there is no document "${documentId}"`)
      changed({ id: documentId, owner, generation: gone.generation, state: 'deleted' }, true)
      return {}
    },
    async reindex({ documentId, chunking }, { caller }) {
      const owner = ownerOf(caller)
      const { chunk_size: size, chunk_overlap: overlap } = there(await documents.get(owner, documentId), documentId)
      const row = there(await documents.reindex(owner, documentId, readCut(chunking, { size, overlap })), documentId)
      changed(row, true)
      return { document: toDocument(row) }
    },
  }
}

function there(row: DocumentRow | undefined, id: string): DocumentRow {
  if (!row) throw notFound(`there is no document "${id.slice(0, 80)}"`)
  return row
}

function fitting(rows: readonly ChunkRow[]): readonly ChunkRow[] {
  let room = MOST_CHARACTERS
  return rows.filter(({ text }, index) => {
    room -= text.length
    return index === 0 || room >= 0
  })
}
