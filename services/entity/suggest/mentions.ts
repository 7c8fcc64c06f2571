import { foldText } from '../names.ts'

/** A place in a text, in UTF-16 units. */
export interface Place {
  readonly from: number
  readonly to: number
}

/** A text in which names are looked for. */
export interface Reading {
  /** Where a name is said, whatever its case and accents, as a word of its own; in their order, at most 100. */
  placesOf(name: string): readonly Place[]
  /** Whether any word of a name is said. */
  hasWordOf(name: string): boolean
}

const MOST_PLACES = 100
/** Scripts that leave no space between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const PART_OF_WORD = /[\p{L}\p{N}]/u

export function readText(text: string): Reading {
  const { text: folded, from } = foldText(text)

  function placesOf(name: string): readonly Place[] {
    const wanted = foldText(name).text.trim()
    const places: Place[] = []
    if (wanted === '') return places
    for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
      if (!isWord(folded, at, at + wanted.length)) continue
      places.push({ from: from[at] ?? 0, to: endOf(at + wanted.length) })
      if (places.length === MOST_PLACES) break
    }
    return places
  }

  /** Behind the last character, with the marks that belong to it. */
  function endOf(at: number): number {
    let end = (from[at - 1] ?? 0) + characterAt(text, from[at - 1] ?? 0).length
    while (/^\p{M}/u.test(characterAt(text, end))) end += characterAt(text, end).length
    return end
  }

  return {
    placesOf,
    hasWordOf: name => name.split(/\s+/).some(word => placesOf(word).length > 0),
  }
}

const characterAt = (text: string, at: number): string => {
  const point = text.codePointAt(at)
  return point === undefined ? '' : String.fromCodePoint(point)
}

function isWord(text: string, from: number, to: number): boolean {
  return isEdge(lastOf(text, from), characterAt(text, from)) && isEdge(characterAt(text, to), lastOf(text, to))
}

/** Whether a word may end between these two characters, of which the second is the name's. */
function isEdge(outside: string, inside: string): boolean {
  return !PART_OF_WORD.test(outside) || !PART_OF_WORD.test(inside) || UNSPACED.test(outside) || UNSPACED.test(inside)
}

function lastOf(text: string, before: number): string {
  const pair = text.slice(Math.max(0, before - 2), before)
  return pair.codePointAt(0) !== undefined && pair.length === 2 && (pair.codePointAt(0) ?? 0) > 0xffff
    ? pair
    : text.slice(Math.max(0, before - 1), before)
}
