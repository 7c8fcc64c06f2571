// For tests: the service as its callers see it, with something to find.
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import type { Document, UploadOptions } from '#gen/spellmesh/document/v1/document.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import type { DeepPartial, Event } from '#gen/spellmesh/event/v1/event.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import type { SearchResponse } from '#gen/spellmesh/search/v1/search.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Client } from '#mesh/service.ts'
import type { Clients } from '#mesh/testing.ts'

export type Search = Client<typeof SearchServiceDefinition>

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
export const readJson = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'))

/** Long enough for a machine that is busy. */
export const PATIENT = { SEARCH_TIMEOUT_MS: '60000', SEARCH_RERANK_TIMEOUT_MS: '60000' }
export const ASK = { deadlineMs: 80_000 }

/** The service as this user calls it, patiently. */
export function searchOf(where: { as(user: string): Clients }, user: string): Search {
  const client = where.as(user).client(SearchServiceDefinition)
  return { ...client, search: (request, options) => client.search(request, { ...ASK, ...options }) }
}

type Options = Partial<Omit<UploadOptions, 'metadata'>> & { readonly metadata?: object }

/** A document when it is ready. */
export async function upload(user: Clients, text: string, options: Options = {}): Promise<Document> {
  const documents = user.client(DocumentServiceDefinition)
  const { metadata = {}, ...rest } = options
  const parts = async function* () {
    yield { part: { $case: 'options' as const, value: { name: 'note.md', ...rest, metadata: json(metadata) } } }
    yield { part: { $case: 'data' as const, value: Buffer.from(text) } }
  }
  const { document } = await documents.upload(parts(), ASK)
  let last = document
  for await (const answer of documents.watch({ documentId: document?.id ?? '', untilDone: true }))
    last = answer.document
  if (last?.job?.state !== 'ready') throw new Error(`it is ${last?.job?.state}: ${last?.job?.message}`)
  return last
}

/** Keeps events, and waits until all are found by meaning. */
export async function remember(user: Clients, events: readonly DeepPartial<Event>[]): Promise<readonly Event[]> {
  const client = user.client(EventServiceDefinition)
  const { events: kept } = await client.append({ events: [...events] }, ASK)
  await until(async () => (await client.query({ limit: 500 })).events.every(({ indexed }) => indexed))
  return kept
}

interface Known {
  readonly kind: string
  readonly name: string
  readonly about?: string
  readonly attributes?: object
}

/** Keeps entities, and waits until the vector store has as many. */
export async function know(user: Clients, entities: readonly Known[]): Promise<readonly string[]> {
  const client = user.client(EntityServiceDefinition)
  const ids: string[] = []
  for (const { attributes = {}, ...entity } of entities) {
    const answer = await client.upsert({ entity: { ...entity, attributes: json(attributes) } }, ASK)
    ids.push(answer.entity?.id ?? '')
  }
  const store = user.client(WeaviateServiceDefinition)
  await until(async () => {
    const { collections } = await store.stats({})
    const kept = collections.filter(({ collection }) => collection.startsWith('entities_'))
    return kept.reduce((sum, { objects }) => sum + objects, 0) >= entities.length
  })
  return ids
}

/** Asks again and again until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 20))
}

/** The hits' texts with the query's words in brackets. */
export function marked({ hits }: SearchResponse): readonly string[] {
  return hits.map(({ text, highlights }) =>
    highlights.reduceRight(
      (all, { from, to }) => `${all.slice(0, from)}[${all.slice(from, to)}]${all.slice(to)}`,
      text,
    ),
  )
}
