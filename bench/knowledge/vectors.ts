/** Objects made for measuring: clustered vectors, and texts whose words are as often as those of a language (Zipf's law). The same ones each time. */
export interface Material {
  /** The object of a number. Its vector is near a centre that many share. */
  object(index: number): { readonly id: string; readonly text: string; readonly vector: number[] }
  /** A question about an object: some of its words, and a vector near its own. */
  question(index: number): { readonly text: string; readonly vector: number[] }
}

const CENTRES = 1_000
const WORDS_OF_A_TEXT = 120
const VOCABULARY = 60_000
const WORDS_OF_A_QUESTION = 5

export function createMaterial(dimensions: number): Material {
  const centre = (index: number) => around(generator(index * 7 + 1), undefined, dimensions)
  const centres = Array.from({ length: CENTRES }, (_, index) => centre(index))
  const vectorOf = (index: number, salt: number) => {
    const random = generator(index * 31 + salt)
    return around(random, centres[index % CENTRES], dimensions)
  }
  const wordsOf = (index: number) => {
    const random = generator(index * 17 + 5)
    return Array.from({ length: WORDS_OF_A_TEXT }, () => toWord(rankOf(random())))
  }
  return {
    object: index => ({ id: `o${index}`, text: wordsOf(index).join(' '), vector: vectorOf(index, 2) }),
    question(index) {
      const random = generator(index * 13 + 11)
      const words = wordsOf(index)
      const asked = Array.from({ length: WORDS_OF_A_QUESTION }, () => words[Math.floor(random() * words.length)] ?? '')
      const vector = vectorOf(index, 2).map(value => value + (random() - 0.5) * 0.3)
      return { text: asked.join(' '), vector }
    },
  }
}

/** The place of a word by how often it is: the first ones make up most of a text. */
function rankOf(random: number): number {
  return Math.floor(VOCABULARY ** random) - 1
}

/** A word that nobody knows, of letters only. */
function toWord(rank: number): string {
  let [word, rest] = ['', rank + 27]
  for (; rest > 0; rest = Math.floor(rest / 20))
    word += `${'bcdfghjklmnpqrstvwxz'[rest % 20] ?? ''}${'aeiou'[(rest + word.length) % 5] ?? ''}`
  return word
}

function around(random: () => number, centre: readonly number[] | undefined, dimensions: number): number[] {
  return Array.from({ length: dimensions }, (_, index) => (centre?.[index] ?? 0) + (random() - 0.5))
}

/** Random numbers from 0 to 1, the same ones each time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
