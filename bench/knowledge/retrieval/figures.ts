/** What a passage is worth to a question: 2 answers it, 1 helps. */
export type Grades = ReadonlyMap<string, number>

/** How good an order is, each 0 to 1. */
export interface Figures {
  readonly ndcg: number
  readonly recall: number
  readonly mrr: number
}

const DEPTH = 10

/**
 * Of the first ten: nDCG with gains `2^grade - 1` and a discount of `log2(place + 1)`, against the best possible order (Järvelin, Kekäläinen 2002; the usual
 * variant of gains, Burges 2005); recall: the part of the passages that answer or help; MRR: 1 / the place of the first that answers.
 */
export function figuresOf(order: readonly string[], grades: Grades): Figures {
  const first = order.slice(0, DEPTH)
  const best = [...grades.values()].toSorted((one, other) => other - one).slice(0, DEPTH)
  const place = first.findIndex(id => grades.get(id) === 2)
  return {
    ndcg: gainOf(first.map(id => grades.get(id) ?? 0)) / gainOf(best),
    recall: first.filter(id => grades.has(id)).length / Math.min(DEPTH, grades.size),
    mrr: place < 0 ? 0 : 1 / (place + 1),
  }
}

function gainOf(grades: readonly number[]): number {
  return grades.reduce((sum, grade, index) => sum + (2 ** grade - 1) / Math.log2(index + 2), 0)
}

/** Of all questions alike. */
export function meanOf(figures: readonly Figures[]): Figures {
  const mean = (key: keyof Figures) => figures.reduce((sum, one) => sum + one[key], 0) / figures.length
  return { ndcg: mean('ndcg'), recall: mean('recall'), mrr: mean('mrr') }
}
