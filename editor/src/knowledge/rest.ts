import type { RestClient } from '#client/types.ts'
import { ApiError } from '#client/index.ts'
import type { JsonObject } from '#graph/json.ts'
import type {
  ChangeRecord,
  ChunkRecord,
  CollectionRecord,
  DocumentRecord,
  EntityRecord,
  EventRecord,
  FoundEventRecord,
  HitRecord,
} from './records.ts'

type Query = Readonly<Record<string, string | number | undefined>>

/** A path with its query; what is empty, 0 or undefined is left out. */
export function toPath(path: string, query: Query): string {
  const values = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value) values.set(name, String(value))
  return values.size > 0 ? `${path}?${values.toString()}` : path
}

/** What went wrong, in the server's words: every problem that it names. */
export function whyNot(error: unknown): string {
  if (error instanceof ApiError && error.problems.length > 0)
    return error.problems.map(({ path, message }) => [path, message].filter(Boolean).join(' ')).join('; ')
  return error instanceof Error ? error.message : String(error)
}

const id = encodeURIComponent
const DOCUMENTS = '/v1/documents'
const COLLECTIONS = '/v1/document-collections'

export const listDocuments = (rest: RestClient, query: Query) =>
  rest.call<{ documents: readonly DocumentRecord[]; nextPageToken: string }>('GET', toPath(DOCUMENTS, query))
export const getDocument = async (rest: RestClient, document: string) =>
  (await rest.call<{ document: DocumentRecord }>('GET', `${DOCUMENTS}/${id(document)}`)).document
export const updateDocument = async (rest: RestClient, document: string, change: object) =>
  (await rest.call<{ document: DocumentRecord }>('PATCH', `${DOCUMENTS}/${id(document)}`, change)).document
export const deleteDocument = (rest: RestClient, document: string) =>
  rest.call('DELETE', `${DOCUMENTS}/${id(document)}`)
export const reindexDocument = async (rest: RestClient, document: string) =>
  (await rest.call<{ document: DocumentRecord }>('POST', `${DOCUMENTS}/${id(document)}/reindex`, {})).document
export const fetchDocument = (rest: RestClient, url: string, collection: string) =>
  rest.call<{ document: DocumentRecord; duplicate: boolean }>('POST', `${DOCUMENTS}/fetch`, { url, collection })
export const listChunks = (rest: RestClient, document: string, query: Query) =>
  rest.call<{ chunks: readonly ChunkRecord[]; nextPageToken: string }>(
    'GET',
    toPath(`${DOCUMENTS}/${id(document)}/chunks`, query),
  )
/** Undefined: it is gone. */
export async function getChunk(rest: RestClient, chunk: string) {
  const asked = { chunkIds: [chunk] }
  const { chunks, documents } = await rest.call<{
    chunks: readonly ChunkRecord[]
    documents: readonly DocumentRecord[]
  }>('POST', '/v1/document-chunks', asked)
  return chunks[0] && { chunk: chunks[0], document: documents.find(one => one.id === chunks[0]?.documentId) }
}
/** The file itself, at a page of it where it has any. */
export const fileOf = (document: string, page = 0) =>
  `${DOCUMENTS}/${id(document)}/file${page > 0 ? `#page=${page}` : ''}`

export const listCollections = async (rest: RestClient) =>
  (await rest.call<{ collections: readonly CollectionRecord[] }>('GET', COLLECTIONS)).collections
export const createCollection = (rest: RestClient, name: string) => rest.call('POST', COLLECTIONS, { name })
export const deleteCollection = (rest: RestClient, name: string) => rest.call('DELETE', `${COLLECTIONS}/${id(name)}`)

export const searchKnowledge = (rest: RestClient, asked: object) =>
  rest.call<{ hits: readonly HitRecord[]; notices: readonly string[]; tookMs: number }>('POST', '/v1/search', asked)

export const listEvents = (rest: RestClient, query: Query) =>
  rest.call<{ events: readonly EventRecord[]; nextPageToken: string }>('GET', toPath('/v1/events', query))
export const searchEvents = (rest: RestClient, query: Query) =>
  rest.call<{ found: readonly FoundEventRecord[]; notice: string }>('GET', toPath('/v1/events/search', query))
export const readTranscript = (rest: RestClient, query: Query) =>
  rest.call<{ events: readonly EventRecord[]; text: string; tokens: number; more: boolean }>(
    'GET',
    toPath('/v1/events/transcript', query),
  )
export const deleteEvent = (rest: RestClient, event: string) => rest.call('DELETE', `/v1/events/${id(event)}`)

export const listEntities = (rest: RestClient, query: Query) =>
  rest.call<{ entities: readonly EntityRecord[]; nextPageToken: string }>('GET', toPath('/v1/entities', query))
/** `asOf`: milliseconds since 1970; 0: now. */
export const getEntity = (rest: RestClient, entity: string, asOf = 0) =>
  rest.call<{ entity: EntityRecord; mergedFrom: string }>('GET', toPath(`/v1/entities/${id(entity)}`, { asOf }))
export const listChanges = (rest: RestClient, entity: string, pageToken = '') =>
  rest.call<{ changes: readonly ChangeRecord[]; nextPageToken: string }>(
    'GET',
    toPath(`/v1/entities/${id(entity)}/history`, { limit: 200, pageToken }),
  )
export const putEntity = async (rest: RestClient, entity: Partial<EntityRecord>, expectVersion = 0) =>
  (
    await rest.call<{ entity: EntityRecord }>('PUT', '/v1/entities', {
      ...{ entity: entity as JsonObject, by: BY },
      ...(expectVersion > 0 ? { expectVersion, replaceAttributes: true } : {}),
    })
  ).entity
const BY = 'editor'
export const linkEntities = (rest: RestClient, from: string, kind: string, toId: string) =>
  rest.call('POST', `/v1/entities/${id(from)}/links`, { kind, toId, by: BY })
export const unlinkEntities = (rest: RestClient, from: string, kind: string, toId: string) =>
  rest.call('POST', `/v1/entities/${id(from)}/unlink`, { kind, toId, by: BY })
export const mergeEntities = (rest: RestClient, into: string, entityId: string) =>
  rest.call('POST', `/v1/entities/${id(into)}/merge`, { entityId, by: BY })
export const deleteEntity = (rest: RestClient, entity: string) => rest.call('DELETE', `/v1/entities/${id(entity)}`)
