import type { Found as StoreFound, WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { isCoded } from '#mesh/errors.ts'
import { collectionOf } from '#mesh/knowledge.ts'
import type { Knowledge } from '#mesh/knowledge.ts'
import type { Client, ClientCallOptions } from '#mesh/service.ts'
import { toStoreFilter } from './fields.ts'
import { scoreOf } from './fusion.ts'
import type { Asking, Places } from './source.ts'
import type { Wish } from './wish.ts'
import { readWords } from './words.ts'

export type Store = Pick<Client<typeof WeaviateServiceDefinition>, 'query'>

/** The most that the store answers at once. */
export const MOST_FOUND = 200

/** What the store has, by id. */
export interface Candidate {
  readonly id: string
  readonly places: Places
  readonly score: number
}
interface LookedUp {
  /** The best first, each once. */
  readonly candidates: readonly Candidate[]
  readonly notices: readonly string[]
  /** There may be more than was asked for. */
  readonly more: boolean
}

/** Looks into the collections of all models at once. Places count, so that the lists can be put together. */
export async function lookUp(
  store: Store,
  { kind, models, limit }: { kind: Knowledge; models: readonly string[]; limit: number },
  wish: Wish,
  asking: Asking,
): Promise<LookedUp> {
  const lists = await Promise.all(models.map(model => lookInto(store, { kind, model, limit }, wish, asking)))
  const best = new Map<string, Candidate>()
  for (const candidate of lists.flatMap(({ candidates }) => candidates))
    if (candidate.score > (best.get(candidate.id)?.score ?? -1)) best.set(candidate.id, candidate)
  return {
    candidates: [...best.values()].toSorted(
      (one, other) =>
        other.score - one.score ||
        (other.places.similarity ?? 0) - (one.places.similarity ?? 0) ||
        Number(one.id > other.id) - Number(one.id < other.id),
    ),
    notices: [...new Set(lists.flatMap(({ notices }) => notices))],
    more: lists.some(({ more }) => more),
  }
}

const NOTHING: LookedUp = { candidates: [], notices: [], more: false }
/** So few are asked for at least, however long their texts are. */
const LEAST = 10

async function lookInto(
  store: Store,
  { kind, model, limit }: { kind: Knowledge; model: string; limit: number },
  wish: Wish,
  asking: Asking,
): Promise<LookedUp> {
  if (model === '' && wish.mode === 'vector') return NOTHING
  const { vector, notices } = await vectorFor(kind, model, wish, asking)
  const mode = vector ? wish.mode : 'keyword'
  const filter = toStoreFilter(kind, wish)
  const asked = {
    ...{ collection: collectionOf(kind, model), mode, text: wish.query, language: languageOf(wish) },
    ...(vector ? { vector, alpha: wish.alpha } : {}),
    ...(filter ? { filter } : {}),
  }
  try {
    const { found, notice, limit: most } = await queryFor(store, asked, limit, asking.options)
    const alpha = mode === 'keyword' ? 0 : wish.alpha
    return {
      // With an alpha of 0 or 1 one list counts for nothing.
      candidates: found.flatMap((one, index) => toCandidate(one, index, mode, alpha)).filter(({ score }) => score > 0),
      notices: notice === '' ? notices : [...notices, `${kind}: ${notice}`],
      more: found.length >= most,
    }
  } catch (error) {
    // Nothing was kept there yet.
    if (isCoded(error, 'NOT_FOUND')) return { ...NOTHING, notices }
    throw error
  }
}

/** Long texts may be too much for one message: then fewer are asked for. */
async function queryFor(
  store: Store,
  asked: Omit<Parameters<Store['query']>[0], 'limit'>,
  limit: number,
  options: ClientCallOptions,
): Promise<{ found: readonly StoreFound[]; notice: string; limit: number }> {
  try {
    const { found, notice } = await store.query({ ...asked, limit }, options)
    return { found, notice, limit }
  } catch (error) {
    if (!isCoded(error, 'RESOURCE_EXHAUSTED') || limit <= LEAST) throw error
    return queryFor(store, asked, Math.max(LEAST, Math.floor(limit / 4)), options)
  }
}

async function vectorFor(
  kind: Knowledge,
  model: string,
  { mode }: Wish,
  asking: Asking,
): Promise<{ vector?: readonly number[]; notices: readonly string[] }> {
  if (model === '' || mode === 'keyword') return { notices: [] }
  try {
    const { values } = await asking.vectorOf(model)
    return { vector: values, notices: [] }
  } catch (error) {
    if (mode === 'vector' || asking.signal.aborted || !isCoded(error)) throw error
    return { notices: [`${kind}: found by words alone, since the query could not be embedded: ${error.message}`] }
  }
}

function toCandidate(
  { object, ...found }: StoreFound,
  index: number,
  mode: string,
  alpha: number,
): readonly Candidate[] {
  if (!object) return []
  const places = {
    vectorRank: mode === 'vector' ? index + 1 : found.vectorRank,
    wordRank: mode === 'keyword' ? index + 1 : found.wordRank,
    ...(found.similarity === undefined ? {} : { similarity: found.similarity }),
  }
  return [{ id: object.id, places, score: scoreOf(places, alpha) }]
}

/** Who looks for texts of one language asks in it; else in what the query seems to be in. */
function languageOf({ conditions, query }: Wish): string {
  const found = conditions.find(({ field, operator }) => field === 'language' && operator === '=')
  const language = found?.values[0]
  return typeof language === 'string' && /^[a-z]{2}$/.test(language) ? language : readWords(query).language
}
