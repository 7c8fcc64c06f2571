import { fusedScore } from '../fuse.ts'
import { depthOf } from '../provider.ts'
import type { Answer, Collection, FoundObject, Question } from '../provider.ts'
import type { FindingStore, Hit, WordSearch } from './store.ts'
import { weigh } from './weigh.ts'
import { toWords } from './words.ts'

/** Answers questions. */
export interface Asking {
  ask(collection: Collection, question: Question): Promise<Answer>
}

/** Of a question: how many different words are looked up. */
const MOST_WORDS = 400

/** `configurationOf`: Postgres's name for the forms of a language's words, where it has them. */
export function createAsking(store: FindingStore, configurationOf: (language: string) => string | undefined): Asking {
  async function toSearch(
    collection: Collection,
    { text, language, exact }: Question,
  ): Promise<WordSearch | undefined> {
    const words = [...new Set(toWords(text))].slice(0, MOST_WORDS)
    if (words.length === 0) return undefined
    const configuration = (language === '' ? configurationOf('en') : configurationOf(language)) ?? 'simple'
    const [sums, asked] = await Promise.all([
      store.sums([collection.id]),
      store.askedTerms(collection, words, configuration),
    ])
    return weigh(asked, sums.get(collection.id) ?? { objects: 0, words: 0 }, exact)
  }

  async function byWords(collection: Collection, question: Question, most: number) {
    const search = question.text === '' ? undefined : await toSearch(collection, question)
    const hits = search ? await store.byWords(collection, search, question.filter, most) : []
    return { search, hits }
  }

  async function byVector(collection: Collection, { vector, filter, exact }: Question, most: number) {
    if (!vector) return []
    const hits = await store.byVector(collection, { vector, exact }, filter, most)
    if (exact || !filter || hits.length >= most) return hits
    // The index gives up after a while: what fits a filter may be few among many.
    return store.byVector(collection, { vector, exact: true }, filter, most)
  }

  async function ask(collection: Collection, question: Question): Promise<Answer> {
    const { vector, text, limit, withVectors } = question
    const most = vector && text !== '' ? depthOf(limit) : limit
    const [near, { search, hits }] = await Promise.all([
      byVector(collection, question, most),
      byWords(collection, question, most),
    ])
    const [vectorRanks, wordRanks] = [toRanks(near), toRanks(hits)]
    const ids = best(vectorRanks, wordRanks, question)
    if (ids.length === 0) return { found: [], notice: '' }
    const rows = await store.read(collection, ids, { vector, words: search, withVectors })
    const found = rows.map((row): FoundObject => ({
      ...row,
      vectorRank: vectorRanks.get(row.object.id) ?? 0,
      wordRank: wordRanks.get(row.object.id) ?? 0,
    }))
    return { found, notice: '' }
  }

  return { ask }
}

function toRanks(hits: readonly Hit[]): ReadonlyMap<string, number> {
  return new Map(hits.map(({ id }, index) => [id, index + 1]))
}

/** Those that will be the answer: only they are read. */
function best(
  vectorRanks: ReadonlyMap<string, number>,
  wordRanks: ReadonlyMap<string, number>,
  { alpha, limit, vector, text }: Question,
): readonly string[] {
  const ids = [...new Set([...vectorRanks.keys(), ...wordRanks.keys()])]
  if (!vector || text === '') return ids.slice(0, limit)
  const scoreOf = (id: string) => fusedScore(vectorRanks.get(id) ?? 0, wordRanks.get(id) ?? 0, alpha)
  const scored = ids.map(id => ({ id, score: scoreOf(id) }))
  return scored
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map(({ id }) => id)
}
