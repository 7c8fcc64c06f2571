import type { FoundObject, Question, StoreObject } from './provider.ts'

/** Keeps what is far down both lists from counting as much as what is near the top of one (reciprocal rank fusion, Cormack et al. 2009). */
const EASE = 60

/** One object of an answer. */
export interface Ranked {
  readonly object: StoreObject
  readonly score: number
  readonly similarity: number | undefined
  readonly wordsScore: number | undefined
  readonly vectorRank: number
  readonly wordRank: number
}

/** The best of what was found, best first; of equals the one whose id comes first. */
export function fuse(
  found: readonly FoundObject[],
  mode: 'vector' | 'keyword' | 'hybrid',
  { alpha, limit }: Pick<Question, 'alpha' | 'limit'>,
): readonly Ranked[] {
  const scoreOf = ({ similarity, wordsScore, vectorRank, wordRank }: FoundObject): number => {
    if (mode === 'vector') return similarity ?? 0
    if (mode === 'keyword') return wordsScore ?? 0
    return fusedScore(vectorRank, wordRank, alpha)
  }
  return found
    .map(one => ({ ...one, score: scoreOf(one) }))
    .toSorted((a, b) => b.score - a.score || (a.object.id < b.object.id ? -1 : 1))
    .slice(0, limit)
}

/** Of places in two lists, from 1; 0: not in it. First in both: 1. */
export function fusedScore(vectorRank: number, wordRank: number, alpha: number): number {
  return (alpha * partOf(vectorRank) + (1 - alpha) * partOf(wordRank)) * (EASE + 1)
}

function partOf(rank: number): number {
  return rank === 0 ? 0 : 1 / (EASE + rank)
}
