import type { AskedTerm, Sums, WordSearch } from './store.ts'
import { toQuery } from './store.ts'

/** A term, and how much an object that has it once gains at most. */
export interface WeighedTerm {
  readonly term: string
  readonly weight: number
}

/** How many terms count: the weightiest. */
const MOST_TERMS = 32
/** How many objects are weighed. */
const MOST_CANDIDATES = 1_200
/** Of a word that is known as it is and by its stem: what either counts. */
const OWN_SHARE = 0.3

/** How a question's words are looked for. Undefined: no object has any of them. */
export function weigh(asked: readonly AskedTerm[], sums: Sums, exact: boolean): WordSearch | undefined {
  const terms = weighedTerms(asked, sums).toSorted((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
  const counted = terms.slice(0, MOST_TERMS)
  if (counted.length === 0) return undefined
  const average = Math.max(1, sums.words / Math.max(1, sums.objects))
  if (exact || sums.objects <= MOST_CANDIDATES)
    return { candidates: oneOf(counted), most: Number.MAX_SAFE_INTEGER, terms: counted, average }
  return { ...candidatesOf(counted.toSorted((a, b) => a.objects - b.objects)), terms: counted, average }
}

interface CountedTerm extends WeighedTerm {
  readonly objects: number
}

function weighedTerms(asked: readonly AskedTerm[], { objects: all }: Sums): readonly CountedTerm[] {
  const words = [...Map.groupBy(asked, ({ word }) => word).values()]
  const telling = words.filter(forms => !forms.some(({ stop }) => stop))
  const terms = new Map<string, CountedTerm>()
  for (const forms of telling.length > 0 ? telling : words) {
    const there = forms.filter(({ objects }) => objects > 0)
    for (const { word, term, objects } of there) {
      const share = there.length === 1 ? 1 : term === word ? OWN_SHARE : 1 - OWN_SHARE
      const weight = share * rarity(objects, all) + (terms.get(term)?.weight ?? 0)
      terms.set(term, { term, objects, weight })
    }
  }
  return [...terms.values()]
}

/** BM25's inverse document frequency, which is never below zero. */
function rarity(objects: number, all: number): number {
  const rest = Math.max(0, all - objects)
  return Math.log(1 + (rest + 0.5) / (objects + 0.5))
}

/** The rarest terms choose which objects are looked at, common ones only weigh. Where even the rarest is common, what has the two rarest is looked at first. */
function candidatesOf(rarestFirst: readonly CountedTerm[]): { candidates: string; most: number } {
  let [count, sum] = [0, 0]
  for (const { objects } of rarestFirst) {
    sum += objects
    if (sum > MOST_CANDIDATES) break
    count++
  }
  if (count > 0) return { candidates: oneOf(rarestFirst.slice(0, count)), most: MOST_CANDIDATES }
  return {
    candidates: rarestFirst
      .slice(0, 2)
      .map(({ term }) => toQuery(term))
      .join(' & '),
    most: MOST_CANDIDATES,
  }
}

function oneOf(terms: readonly WeighedTerm[]): string {
  return terms.map(({ term }) => toQuery(term)).join(' | ')
}
