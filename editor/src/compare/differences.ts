import { isBlobRef } from '#graph/blob.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { diffLines, linesOf } from '#nodes/language/diff.ts'
import type { Change } from '#nodes/language/diff.ts'
import { mediaInWords, mediaOf, textInWords } from '../media/media.ts'
import { isSame } from './same.ts'

/** A value of two runs, by its name. */
export interface Difference {
  readonly name: string
  readonly isSame: boolean
  readonly a: Json | undefined
  readonly b: Json | undefined
  /** How to make the second of the first, in pieces of text; absent where one of them is not there. */
  readonly changes: readonly Change[]
}

/** Longer texts are compared by lines, shorter ones by words. */
const MOST_WORDS = 20_000

/** What two sets of values have, name by name. */
export function differencesOf(a: JsonObject, b: JsonObject): readonly Difference[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].map(name => {
    const [left, right] = [Object.hasOwn(a, name) ? a[name] : undefined, Object.hasOwn(b, name) ? b[name] : undefined]
    const same = isSame(left, right)
    const changes = same || left === undefined || right === undefined ? [] : changesOf(left, right)
    return { name, isSame: same, a: left, b: right, changes }
  })
}

function changesOf(a: Json, b: Json): readonly Change[] {
  const isText = typeof a === 'string' && typeof b === 'string'
  const [left, right] = [textOf(a), textOf(b)]
  return isText && left.length + right.length < MOST_WORDS
    ? diffLines(wordsOf(left), wordsOf(right))
    : diffLines(linesOf(left), linesOf(right))
}

/** A value as it is shown. */
export function textOf(value: Json): string {
  const media = mediaOf(value)
  if (media) return mediaInWords(media)
  if (isBlobRef(value)) return `${value.head ?? ''}… (${value.size} characters)`
  return textInWords(value, 2)
}

/** Words, and what is between them. */
function wordsOf(text: string): readonly string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []
}
