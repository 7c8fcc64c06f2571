// Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009): what is found counts by its places, not by scores, which no two lists measure alike.
import type { Found, Places } from './source.ts'
import { SOURCES } from './wish.ts'

/** How soon a place counts less; the paper's. */
const DEPTH = 60

/** `alpha / (60 + vector rank) + (1 - alpha) / (60 + word rank)`, made to be 1 where it is first in both; of the web by its one rank. */
export function scoreOf({ vectorRank, wordRank, webRank = 0 }: Places, alpha: number): number {
  if (webRank > 0) return part(webRank)
  return alpha * part(vectorRank) + (1 - alpha) * part(wordRank)
}

const part = (rank: number) => (rank === 0 ? 0 : (DEPTH + 1) / (DEPTH + rank))

/** The better first; where they are equal: the more similar, then the source's order, then the id. So the same search has the same order. */
export function byScore(one: Found, other: Found): number {
  return (
    other.score - one.score ||
    (other.places.similarity ?? 0) - (one.places.similarity ?? 0) ||
    SOURCES.indexOf(one.source) - SOURCES.indexOf(other.source) ||
    Number(one.id > other.id) - Number(one.id < other.id)
  )
}
