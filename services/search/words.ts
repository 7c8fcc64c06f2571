import { languageOf, smallWordsOf } from './language.ts'

// Which words of a text are those of a query, whatever their form, case and accents. No dictionary: endings, and long common beginnings.

/** A word and where it is, UTF-16 units. */
export interface Word {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** In lower case and without accents. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss')
}

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
const WITHOUT_SPACES = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u

/** The words of a text, in order. */
export function* wordsOf(text: string): Generator<Word> {
  for (const { 0: found, index } of text.matchAll(WORD)) yield { text: found, from: index, to: index + found.length }
}

/** Endings of English, German, French, Spanish and Italian words, longest first. */
const ENDINGS =
  'ations ation ingly ments ungen ement ment ness ings edly iers ies ier ing ung ers ern est ons ait ent ant ed er es en em ly al os as is e s n a o i y'.split(
    ' ',
  )
const LEAST_STEM = 3

/** A word without its ending: the same for most forms of it. Of a folded word. */
function stemOf(word: string): string {
  if (/\d/.test(word)) return word
  let stem = word
  for (const ending of ENDINGS) {
    if (!stem.endsWith(ending) || stem.length - ending.length < LEAST_STEM) continue
    stem = stem.slice(0, -ending.length)
    break
  }
  // "mangeait" is of "manger", "running" of "run".
  if (stem.endsWith('e') && stem.length > LEAST_STEM) stem = stem.slice(0, -1)
  const last = stem.at(-1)
  return stem.length > LEAST_STEM && last === stem.at(-2) && !/[aeiou]/.test(last ?? '') ? stem.slice(0, -1) : stem
}

const COMMON_LETTERS = 5
const COMMON_PART = 0.7

/** Whether two folded words are forms of one: a common stem, or most of both in common from their beginning. */
function areForms(one: string, other: string): boolean {
  if (/\d/.test(one) || /\d/.test(other)) return false
  const least = Math.max(COMMON_LETTERS, Math.ceil(Math.max(one.length, other.length) * COMMON_PART))
  return one.length >= least && other.length >= least && one.startsWith(other.slice(0, least))
}

const MOST_WORDS = 64

/** The words that a query looks for. */
export interface QueryWords {
  /** Of the query, two letters; empty: English, or nobody can tell. */
  readonly language: string
  /** As they were typed, each once; at most 64. */
  readonly words: readonly string[]
  /** The word of the query that this one is a form of. */
  match(word: string): string | undefined
  /** Neighbouring signs of scripts without spaces. */
  readonly pairs: ReadonlySet<string>
}

export function readWords(query: string): QueryWords {
  const all = [...wordsOf(query)].map(({ text }) => ({ text, folded: fold(text) }))
  const language = languageOf(all.map(({ folded }) => folded))
  const small = smallWordsOf(language)
  const large = all.filter(({ folded }) => !small.has(folded))
  const wanted = new Map<string, string>()
  const pairs = new Set<string>()
  for (const { text, folded } of large.length > 0 ? large : all) {
    if (wanted.size + pairs.size >= MOST_WORDS) break
    if (WITHOUT_SPACES.test(text)) for (const pair of pairsOf(folded)) pairs.add(pair)
    else if (!wanted.has(folded)) wanted.set(folded, text)
  }
  return { language, words: [...wanted.values(), ...pairs], match: createMatcher(wanted), pairs }
}

/** Which two signs stand beside each other; a single one where there is one. */
function pairsOf(text: string): readonly string[] {
  const signs = Array.from(text)
  return signs.length < 2 ? signs : signs.slice(1).map((sign, index) => `${signs[index]}${sign}`)
}

/** Looks at few words of the query for each word of a text, however many there are. */
function createMatcher(wanted: ReadonlyMap<string, string>): (word: string) => string | undefined {
  const byStem = new Map<string, string>()
  const byBeginning = new Map<string, [string, string][]>()
  for (const [folded, text] of wanted) {
    // A word may be another one's stem: "Haus" of "Häuser".
    for (const stem of [folded, stemOf(folded)]) if (!byStem.has(stem)) byStem.set(stem, text)
    const beginning = folded.slice(0, COMMON_LETTERS)
    byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), [folded, text]])
  }
  return word => {
    const folded = fold(word)
    return (
      byStem.get(folded) ??
      byStem.get(stemOf(folded)) ??
      byBeginning.get(folded.slice(0, COMMON_LETTERS))?.find(([other]) => areForms(folded, other))?.[1]
    )
  }
}
