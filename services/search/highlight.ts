import { fold, wordsOf } from './words.ts'
import type { QueryWords, Word } from './words.ts'

/** Where the words of a query are in a text. */
export interface Highlighted {
  /** The text, or the piece of it with most of the words where it is long. */
  readonly text: string
  /** In order, none over another; at most 200. */
  readonly highlights: readonly { readonly from: number; readonly to: number }[]
  /** The query's words that are there, as they were typed, in the query's order. */
  readonly words: readonly string[]
}

/** A stretch of a text, and the words of the query that it has. */
interface Found {
  readonly from: number
  readonly to: number
  readonly of: readonly string[]
}

const MOST_HIGHLIGHTS = 200
const MOST_CHARACTERS = 8_000
const PIECE = 2_000

/** Finds the words of a query in a text; one pass. */
export function highlight(text: string, query: QueryWords): Highlighted {
  const found: Found[] = []
  for (const word of wordsOf(text)) {
    const match = query.match(word.text)
    if (match !== undefined) found.push({ from: word.from, to: word.to, of: [match] })
    else if (query.pairs.size > 0) found.push(...findPairs(word, query.pairs))
  }
  const [from, to] = text.length > MOST_CHARACTERS ? pieceOf(text, found) : [0, text.length]
  const inside = found.filter(word => word.from >= from && word.to <= to)
  const words = new Set(inside.flatMap(({ of }) => of))
  return {
    text: text.slice(from, to),
    highlights: inside.slice(0, MOST_HIGHLIGHTS).map(word => ({ from: word.from - from, to: word.to - from })),
    words: query.words.filter(word => words.has(word)),
  }
}

const SIGN = /[\p{L}\p{N}]\p{M}*/gu

/** Stretches of a word of a script without spaces that are in the query. */
function findPairs(word: Word, pairs: ReadonlySet<string>): readonly Found[] {
  const signs = [...word.text.matchAll(SIGN)].map(({ 0: sign, index }) => ({
    folded: fold(sign),
    from: word.from + index,
    to: word.from + index + sign.length,
  }))
  const found: (Found & { to: number; of: string[] })[] = []
  const add = (from: number, to: number, of: string) => {
    const before = found.at(-1)
    if (before && before.to >= from) {
      before.to = Math.max(before.to, to)
      before.of.push(of)
    } else found.push({ from, to, of: [of] })
  }
  signs.forEach((sign, index) => {
    if (pairs.has(sign.folded)) add(sign.from, sign.to, sign.folded)
    const next = signs[index + 1]
    if (next && pairs.has(sign.folded + next.folded)) add(sign.from, next.to, sign.folded + next.folded)
  })
  return found
}

/** The piece of a long text that has most of the query's different words, and then most words at all; cut between words. */
function pieceOf(text: string, found: readonly Found[]): [number, number] {
  let best = { start: 0, different: 0, all: 0 }
  const within = new Map<string, number>()
  let first = 0
  found.forEach((word, last) => {
    for (const one of word.of) within.set(one, (within.get(one) ?? 0) + 1)
    for (let begin = found[first]; begin && word.to - begin.from > PIECE / 2; begin = found[++first])
      for (const one of begin.of) {
        const left = (within.get(one) ?? 0) - 1
        if (left > 0) within.set(one, left)
        else within.delete(one)
      }
    const all = last - first + 1
    if (within.size > best.different || (within.size === best.different && all > best.all))
      best = { start: found[first]?.from ?? 0, different: within.size, all }
  })
  const from = cut(text, Math.max(0, Math.min(best.start - PIECE / 4, text.length - PIECE)))
  return [from, cut(text, Math.min(text.length, from + PIECE))]
}

/** The next place between words, if one is near; never within a pair of surrogates. */
function cut(text: string, at: number): number {
  if (at === 0 || at >= text.length) return at
  for (let place = at; place < Math.min(text.length, at + 40); place++) if (/\s/.test(text[place] ?? '')) return place
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at
}
