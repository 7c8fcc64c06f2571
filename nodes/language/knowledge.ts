// What the nodes of document/, memory/, entity/, search/ and event/ have in common.
import type { SearchResponse } from '#gen/spellmesh/search/v1/search.ts'
import type { NodeContext, Schema, Sockets } from '#graph/define.ts'
import { NodeFailure } from '#graph/define.ts'
import { createDigest } from '#graph/digest.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import '../services.ts'

/** A value as services take it. */
export function toBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** A value as services give it; nothing there: null. */
export function toValue(bytes: Uint8Array): Json {
  return bytes.length === 0 ? null : (JSON.parse(new TextDecoder().decode(bytes)) as Json)
}

/** An id that is the same in every attempt at a node's activation. */
export function keptId({ idempotencyKey }: Pick<NodeContext, 'idempotencyKey'>): string {
  const digest = createDigest()
  digest.add(idempotencyKey)
  return `node-${digest.hex()}`
}

/** Milliseconds since 1970 of a number, or of a date as text; absent: 0. Throws `BAD_INPUT`. */
export function toTime(value: Json | undefined, input: string): number {
  if (value === undefined || value === null || value === '') return 0
  const time = typeof value === 'string' && !/^\d+$/.test(value) ? Date.parse(value) : Number(value)
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new NodeFailure(
    'BAD_INPUT',
    `"${input}": expected milliseconds since 1970 or a date such as 2026-11-21T12:00:00Z, got ${JSON.stringify(value)}`,
    { retry: false },
  )
}

/** Settings of every search. */
export const SEARCH_CONFIG = {
  mode: {
    type: 'string',
    title: 'By',
    enum: ['hybrid', 'vector', 'keyword'],
    default: 'hybrid',
    description: 'Meaning and words, meaning alone, or words alone',
  },
  collections: {
    type: 'array',
    title: 'Collections',
    items: { type: 'string' },
    default: [],
    description: 'Of documents; none: all',
  },
  types: {
    type: 'array',
    title: 'Types',
    items: { type: 'string' },
    default: [],
    description: 'pdf, markdown … of documents; of events theirs; of entities their kinds',
  },
  most: { type: 'integer', title: 'At most', minimum: 1, maximum: 100, default: 5 },
  perDocument: {
    type: 'integer',
    title: 'Of one document',
    minimum: 0,
    maximum: 100,
    default: 0,
    description: 'At most so many pieces; 0: any number',
  },
  rerank: {
    type: 'string',
    title: 'Put in order again',
    enum: ['none', 'embedding', 'completion'],
    default: 'none',
    description: 'By the vectors of whole pieces, or by a language model',
  },
} as const satisfies Readonly<Record<string, Schema>>

export const SEARCH_INPUTS = {
  query: { type: 'string', required: true, about: 'What is looked for' },
  filters: {
    type: 'array',
    about: 'e.g. `[{"field": "metadata.year", "value": 2026}]`; operators: = != < <= > >= in, as the field allows',
  },
} as const satisfies Sockets

export const SEARCH_OUTPUTS = {
  hits: { type: 'array', about: 'The best first, with text, title, score and the reason of their place' },
  context: { type: 'string', about: 'Their texts under [1], [2] …: for a prompt' },
  citations: { type: 'array', about: 'What [1], [2] … stand for: the editor opens them' },
  best: { type: 'any', about: 'The first of them; null: none' },
  count: { type: 'number' },
} as const satisfies Sockets

export interface SearchSettings {
  readonly mode: string
  readonly collections: readonly string[]
  readonly types: readonly string[]
  readonly most: number
  readonly perDocument: number
  readonly rerank: string
}

type Context = Pick<NodeContext, 'services' | 'signal' | 'log' | 'node' | 'idempotencyKey'>

/** Searches, and gives what {@link SEARCH_OUTPUTS} says along `found` or `missing`. */
export async function search(
  sources: readonly string[],
  { query, filters }: { readonly query: string; readonly filters?: readonly Json[] | undefined },
  settings: SearchSettings,
  { services, signal, log, node, idempotencyKey }: Context,
) {
  const { mode, collections, types, most, perDocument, rerank } = settings
  const asked = { query, mode, collections: [...collections], types: [...types], limit: most, perDocument, rerank }
  const answer = await services.search.search(
    { ...asked, sources: [...sources], filters: (filters ?? []).map(toFilter), origin: { nodeId: node } },
    { signal, metadata: { 'idempotency-key': idempotencyKey } },
  )
  for (const notice of answer.notices) log('warn', notice)
  const hits = answer.hits.map(toHit)
  return {
    outputs: {
      hits,
      context: answer.hits.map(toPassage).join('\n\n'),
      citations: answer.hits.map(toCitation),
      best: hits[0] ?? null,
      count: hits.length,
    },
    pulse: hits.length > 0 ? 'found' : 'missing',
  }
}

function toFilter(given: Json) {
  const { field, operator = '=', value } = (typeof given === 'object' && given !== null ? given : {}) as JsonObject
  if (typeof field === 'string' && typeof operator === 'string' && value !== undefined)
    return { field, operator, value: toBytes(value) }
  throw new NodeFailure(
    'BAD_INPUT',
    `"filters": expected {"field": …, "operator": …, "value": …}, got ${JSON.stringify(given).slice(0, 200)}`,
    { retry: false },
  )
}

type Hit = SearchResponse['hits'][number]

function toHit(hit: Hit): JsonObject {
  const { source, id, title, text, score, page, headings, url, type, at, reason, documentId, collection } = hit
  return {
    ...{ source, id, title, text, type, at },
    score: Math.round(score * 1e6) / 1e6,
    metadata: toValue(hit.metadata),
    ...(reason ? { reason: reason.text, words: [...reason.words] } : {}),
    ...(source === 'documents' ? { documentId, chunkId: id, collection, page, headings: [...headings] } : {}),
    ...(url ? { url } : {}),
  }
}

function toPassage({ title, text, page, at, source }: Hit, index: number): string {
  const day = source === 'events' && at > 0 ? `, ${new Date(at).toISOString().slice(0, 10)}` : ''
  return `[${index + 1}] ${title}${page > 0 ? `, page ${page}` : ''}${day}\n${text}`
}

/** What the editor makes a link of. */
function toCitation({ source, id, documentId, title, page, text, url, score }: Hit, index: number): JsonObject {
  return {
    n: index + 1,
    source,
    ...(source === 'documents' ? { chunkId: id, documentId } : { id }),
    title,
    ...(page > 0 ? { page } : {}),
    text,
    ...(url ? { url } : {}),
    score: Math.round(score * 1e6) / 1e6,
  }
}
