import type { Candidate } from './store.ts'

/** What the vector store says of one. */
export interface Hit {
  readonly id: string
  /** Cosine similarity of what is meant; absent: unknown. */
  readonly similarity?: number | undefined
  /** Greater is better, within one answer. */
  readonly score: number
}

export interface Ranked extends Candidate {
  readonly score: number
  readonly fit: number
  readonly newness: number
}

export interface RankOptions {
  /** How much being new counts. */
  readonly recency: number
  readonly halfLifeMs: number
  readonly now: number
}

/** Where similarities lie nearer together than this, they say little. */
const LEAST_SPREAD = 0.25
/** What the most similar one must have at least for it to be a good one. */
const GOOD_SIMILARITY = 0.35

/**
 * Orders what was found, best first; of those that are as good, the newer first. `fit` is the mean of how near the meaning is and of the part of the words asked for
 * that it has, where rare words count more. Where the meaning is not known, it is the words alone; where it is known of none, and no word is, the place that the
 * vector store gave it.
 */
export function rank(
  candidates: readonly Candidate[],
  hits: readonly Hit[],
  words: readonly string[],
  { recency, halfLifeMs, now }: RankOptions,
): readonly Ranked[] {
  const nearness = nearnessOf(hits)
  const share = shareOf(candidates, words)
  return candidates
    .map(one => {
      const near = nearness.get(one.id)
      const has = share(one.matched)
      const fit = words.length === 0 ? (near ?? 0) : near === undefined ? has : (near + has) / 2
      const newness = 0.5 ** (Math.max(0, now - one.at) / halfLifeMs)
      return { ...one, fit, newness, score: fit * (1 - recency) + newness * recency }
    })
    .toSorted((one, other) => other.score - one.score || other.at - one.at || other.seq - one.seq)
}

/** 0 to 1: how near each is, beside the nearest one. Similarities of one model lie between 0.1 and 0.6, those of another between 0.7 and 0.9. */
function nearnessOf(hits: readonly Hit[]): ReadonlyMap<string, number> {
  const similarities = hits.flatMap(({ similarity }) => (similarity === undefined ? [] : [similarity]))
  if (similarities.length === 0) return new Map(hits.map(({ id, score }) => [id, clamped(score)]))
  const best = Math.max(...similarities)
  const spread = Math.max(best - Math.min(...similarities), LEAST_SPREAD)
  const good = clamped(best / GOOD_SIMILARITY)
  return new Map(
    hits.flatMap(({ id, similarity }) =>
      similarity === undefined ? [] : [[id, good * clamped(1 - (best - similarity) / spread)] as const],
    ),
  )
}

/** 0 to 1: the part of the words, by how rare they are among the candidates. */
function shareOf(candidates: readonly Candidate[], words: readonly string[]) {
  const counts = new Map<string, number>()
  for (const { matched } of candidates) for (const word of matched) counts.set(word, (counts.get(word) ?? 0) + 1)
  const weightOf = (word: string) => Math.log(1 + (candidates.length + 1) / ((counts.get(word) ?? 0) + 0.5))
  const all = words.reduce((sum, word) => sum + weightOf(word), 0)
  return (matched: readonly string[]) => clamped(matched.reduce((sum, word) => sum + weightOf(word), 0) / (all || 1))
}

function clamped(number: number): number {
  return Math.min(1, Math.max(0, number))
}
