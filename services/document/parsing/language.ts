import type { Piece } from './parser.ts'

const SAMPLE_CHARACTERS = 1000
const MOST_SAMPLES = 6
const LEAST_LETTERS = 40

/** Finds the language of a text that is shown to it piece by piece. */
export class LanguageFinder {
  readonly #samples: string[] = []
  #seen = 0
  #next = 0

  /** Keeps some of the pieces: the first ones, and ever fewer of those that follow. */
  show(piece: Piece): void {
    if (piece.kind === 'code' || this.#samples.length >= MOST_SAMPLES) return
    if (this.#seen++ < this.#next) return
    this.#next = this.#next * 3 + 1
    this.#samples.push(piece.text.slice(0, SAMPLE_CHARACTERS).toWellFormed())
  }

  /** Two letters; empty: nobody knows. */
  async find(): Promise<string> {
    const samples = this.#samples.filter(sample => (sample.match(/\p{L}/gu)?.length ?? 0) >= LEAST_LETTERS)
    if (samples.length === 0) return ''
    const { eld } = await import('eld/extrasmall')
    const votes = new Map<string, number>()
    for (const sample of samples) {
      const found = eld.detect(sample)
      if (found.isReliable()) votes.set(found.language, (votes.get(found.language) ?? 0) + 1)
    }
    const [first, second] = [...votes].sort(([, a], [, b]) => b - a)
    return first && first[1] > (second?.[1] ?? 0) && first[1] * 2 >= samples.length ? first[0] : ''
  }
}
