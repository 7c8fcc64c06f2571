import { distanceOf } from '#mesh/distance.ts'

/** Letters that are one of their own in Unicode, and that people write as others. */
const LETTERS: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ı: 'i' }

/** A name as it is compared: without case, accents, dashes and superfluous spaces. Empty: nothing is left of it. */
export function foldName(name: string): string {
  return foldText(name).text.trim()
}

/** A text folded like names, and where each of its UTF-16 units comes from. */
export function foldText(text: string): { readonly text: string; readonly from: readonly number[] } {
  let folded = ''
  const from: number[] = []
  let at = 0
  for (const character of text) {
    for (const unit of foldCharacter(character)) {
      if (unit === ' ' && folded.endsWith(' ')) continue
      folded += unit
      for (let index = 0; index < unit.length; index++) from.push(at)
    }
    at += character.length
  }
  return { text: folded, from }
}

function foldCharacter(character: string): string {
  if (/[\s\p{Pd}_]/u.test(character)) return ' '
  if (/[‘’ʼ´`]/.test(character)) return "'"
  // By way of the capitals, since that makes `ss` of `ß`.
  const lower = character
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .toUpperCase()
    .toLowerCase()
  return LETTERS[lower] ?? lower.replaceAll(/[\p{M}\s]/gu, '')
}

const MOST_GRAMS = 512

/** The threes of letters of folded names, with the beginnings and ends of their words; at most 512, of the first names. Names that are alike share many. */
export function gramsOf(folded: readonly string[]): readonly string[] {
  const grams = new Set<string>()
  for (const name of folded)
    for (const word of name.split(' ')) {
      const letters = [' ', ' ', ...Array.from(word), ' ']
      for (let index = 0; index + 3 <= letters.length; index++) {
        if (grams.size >= MOST_GRAMS) return [...grams]
        grams.add(letters.slice(index, index + 3).join(''))
      }
    }
  return [...grams]
}

/** What is less alike is not meant. */
export const NEAR = 0.6
/** Of two names that are not the same. */
const MOST_LIKENESS = 0.98
const PART_OF_NAME = { least: 0.7, most: 0.9 }
const INITIAL = 0.8
const MOST_WORDS = 12

/** How alike two folded names are, 0 to 1; 1: they are the same. By their letters, or by their words, where one has all words of the other. */
export function likenessOf(one: string, other: string): number {
  if (one === other) return 1
  return Math.min(MOST_LIKENESS, Math.max(byLetters(one, other), byWords(one, other)))
}

function byLetters(one: string, other: string): number {
  const longest = Math.max(one.length, other.length)
  return longest === 0 ? 0 : 1 - distanceOf(one, other) / Math.min(longest, 200)
}

/** All words of the shorter one have to be there, in any order; the more is left over, the less it is. */
function byWords(one: string, other: string): number {
  const [few, many] = [wordsOf(one), wordsOf(other)].toSorted((a, b) => a.length - b.length) as [string[], string[]]
  if (few.length === 0) return 0
  const left = [...many]
  let sum = 0
  for (const word of few) {
    const likeness = left.map(candidate => wordLikeness(word, candidate))
    const best = Math.max(0, ...likeness)
    if (best < INITIAL) return 0
    sum += best
    left.splice(likeness.indexOf(best), 1)
  }
  const { least, most } = PART_OF_NAME
  const covered = left.length === 0 ? MOST_LIKENESS : least + (most - least) * (few.length / many.length)
  return covered * (sum / few.length)
}

const wordsOf = (name: string): string[] =>
  name
    .split(/[\s.,]+/)
    .filter(word => word !== '')
    .slice(0, MOST_WORDS)

function wordLikeness(one: string, other: string): number {
  if (one === other) return 1
  if ((one.length === 1 || other.length === 1) && one[0] === other[0]) return INITIAL
  return byLetters(one, other)
}
