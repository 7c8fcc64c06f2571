import type { WeaviateClient } from 'weaviate-client'
import { toWords } from '../pgvector/words.ts'
import { depthOf } from '../provider.ts'
import type { Answer, FoundObject, Question, StoreObject } from '../provider.ts'
import { fromKept, toFilter } from './objects.ts'
import { OWN } from './schema.ts'
import type { Place } from './schema.ts'

/**
 * Asks by vector and by words at the same time. Weaviate's own hybrid search tells no places in the two lists, which the contract promises; so the lists are
 * fused here, by the same formula for every driver.
 */
export async function ask(
  client: WeaviateClient,
  { className, tenant }: Place,
  question: Question,
  abortSignal: AbortSignal,
): Promise<Answer> {
  const { text, vector, filter, limit, exact, withVectors } = question
  // One that comes twice would weigh twice.
  const words = [...new Set(toWords(text))].join(' ')
  const { query } = client.collections.use(className).withTenant(tenant)
  const options = {
    limit: vector && words !== '' ? depthOf(limit) : limit,
    returnProperties: [OWN.kept],
    includeVector: withVectors,
    ...(filter ? { filters: toFilter(filter) } : {}),
  }
  const [near, worded] = await Promise.all([
    vector
      ? query.nearVector([...vector], { ...options, returnMetadata: ['distance'] }, { abortSignal })
      : { objects: [] },
    words === ''
      ? { objects: [] }
      : query.bm25(words, { ...options, queryProperties: [OWN.words], returnMetadata: ['score'] }, { abortSignal }),
  ])
  const found = new Map<string, FoundObject>()
  for (const [index, { properties, metadata, vectors }] of near.objects.entries()) {
    const object = toObject(properties, vectors)
    found.set(object.id, {
      ...{ object, wordsScore: undefined, vectorRank: index + 1, wordRank: 0 },
      similarity: 1 - (metadata?.distance ?? 1),
    })
  }
  for (const [index, { properties, metadata, vectors }] of worded.objects.entries()) {
    const object = toObject(properties, vectors)
    const before = found.get(object.id)
    found.set(object.id, {
      ...{ object, similarity: before?.similarity, vectorRank: before?.vectorRank ?? 0 },
      ...{ wordsScore: metadata?.score ?? 0, wordRank: index + 1 },
    })
  }
  const notice = exact && vector ? 'not exact: Weaviate looks through its index' : ''
  return { found: [...found.values()], notice }
}

function toObject(properties: unknown, vectors: Readonly<Record<string, unknown>> | undefined): StoreObject {
  const { [OWN.kept]: kept } = properties as Readonly<Record<string, unknown>>
  const vector = vectors?.['default']
  return { ...fromKept(kept), vector: Array.isArray(vector) ? (vector as readonly number[]) : undefined }
}
