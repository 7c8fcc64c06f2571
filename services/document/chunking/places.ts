/** A place where a text may be cut: what goes before ends at `end`, what follows begins at `next`; between them is white space. */
export interface Place {
  readonly end: number
  readonly next: number
}

const LETTERS_HASHED = 24
const CLOSERS = new Set(['"', "'", ')', ']', '}', '»', '”', '’', '›', '*', '_'])
const WIDE_ENDS = new Set(['。', '！', '？', '．', '｡', '」', '』'])
const FIRST_WIDE = 0x3002
const ENDS = new Set(['.', '!', '?', '…', '‽', '؟', '।', '۔'])
const ABBREVIATIONS = new Set(
  'mr mrs ms dr prof st nr vs etc eg ie fig figs eq ch sec vol pp ed eds inc ltd co jr sr approx bzw ca usw vgl evtl ggf bspw str abs art m mme p'.split(
    ' ',
  ),
)

const JOINER = 0x200d

const WORD = 2
const LINE = 3
const SENTENCE = 4

/**
 * The best place to cut prose between `from` and `to`, where what goes before ends after `from` and at `to` at the latest: where a sentence ends, else a line,
 * else a word, else anywhere but within a character. Of many that are as good it takes one by the letters before it, so that the places stay the same where
 * the text does, whatever changed before. Takes time as long as the way is.
 */
export function placeInProse(text: string, from: number, to: number): Place {
  let best = 0
  let least = 0
  let found: Place | undefined
  for (let end = from + 1; end <= to; end++) {
    const level = levelAt(text, end)
    if (level === 0 || level < best) continue
    const rank = rankAt(text, end)
    if (level === best && rank > least) continue
    best = level
    least = rank
    found = { end, next: skipSpace(text, end) }
  }
  return found ?? anywhere(text, from, to)
}

/** The same for what has lines that belong together: rows, items, code. A blank line is best, then a line that is not indented. */
export function placeInLines(text: string, from: number, to: number): Place | undefined {
  let best = 0
  let least = 0
  let found: Place | undefined
  for (let at = text.indexOf('\n', from + 1); at >= 0 && at <= to; at = text.indexOf('\n', at + 1)) {
    if (isSpace(text.charCodeAt(at - 1))) continue
    const next = skipLines(text, at)
    const level = text.lastIndexOf('\n', next - 1) > at ? 3 : isSpace(text.charCodeAt(next)) ? 1 : 2
    const rank = rankAt(text, at)
    if (level < best || (level === best && rank > least)) continue
    best = level
    least = rank
    found = { end: at, next }
  }
  return found
}

/** Where the first sentence begins at or after `from` and before `to`; -1: none does. */
export function sentenceFrom(text: string, from: number, to: number): number {
  for (let end = Math.max(1, from - 4); end < to; end++) {
    if (levelAt(text, end) !== SENTENCE) continue
    const next = skipSpace(text, end)
    if (next >= from && next < to) return next
  }
  return -1
}

/** A number by the letters that end at `end`: the same wherever they stand. */
export function rankAt(text: string, end: number): number {
  let hash = 0x811c9dc5
  for (let at = Math.max(0, end - LETTERS_HASHED); at < end; at++)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 0
}

/** How good it is to end at a place; 0: not at all. */
function levelAt(text: string, end: number): number {
  const before = text.charCodeAt(end - 1)
  if (isSpace(before)) return 0
  if (before >= FIRST_WIDE && WIDE_ENDS.has(text[end - 1] ?? '') && !WIDE_ENDS.has(text[end] ?? '')) return SENTENCE
  if (end < text.length && !isSpace(text.charCodeAt(end))) return 0
  if (endsSentence(text, end)) return SENTENCE
  return hasLineFeed(text, end) ? LINE : WORD
}

function endsSentence(text: string, end: number): boolean {
  let at = end - 1
  while (at > end - 4 && CLOSERS.has(text[at] ?? '')) at--
  const mark = text[at] ?? ''
  if (!ENDS.has(mark)) return false
  const next = text[skipSpace(text, end)] ?? ''
  if (next.toUpperCase() !== next) return false
  return mark !== '.' || at !== end - 1 || !ABBREVIATIONS.has(wordBefore(text, at))
}

/** In small letters; of one letter: as of initials, `p`, an abbreviation. */
function wordBefore(text: string, end: number): string {
  let from = end
  while (from > 0 && end - from < 8 && /[\p{L}\d]/u.test(text[from - 1] ?? '')) from--
  const word = text.slice(from, end)
  return /^\p{Lu}$/u.test(word) ? 'p' : word.toLowerCase()
}

function anywhere(text: string, from: number, to: number): Place {
  let least = Infinity
  let found = to
  for (let end = from + 1; end <= to; end++) {
    if (!isBetween(text, end)) continue
    const rank = rankAt(text, end)
    if (rank >= least) continue
    least = rank
    found = end
  }
  if (least === Infinity && isLow(text.charCodeAt(found))) found = found - 1 > from ? found - 1 : found + 1
  return { end: found, next: skipSpace(text, found) }
}

/** Between two characters as people see them: not within a pair, not before what is put on the letter before. */
function isBetween(text: string, end: number): boolean {
  const next = text.charCodeAt(end)
  if (isSpace(text.charCodeAt(end - 1)) || isLow(next)) return false
  if (next < 0x300) return true
  if (next === JOINER || text.charCodeAt(end - 1) === JOINER) return false
  return !/^\p{M}/u.test(text.slice(end, end + 2))
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}

/** The first place from here on that is no white space. */
export function skipSpace(text: string, at: number): number {
  let next = at
  while (next < text.length && isSpace(text.charCodeAt(next))) next++
  return next
}

/** The beginning of the first line from here on that is not blank. */
export function skipLines(text: string, at: number): number {
  const next = skipSpace(text, at)
  const line = text.lastIndexOf('\n', next - 1) + 1
  return next >= text.length ? next : Math.max(at, line)
}

function hasLineFeed(text: string, at: number): boolean {
  for (let next = at; next < text.length && isSpace(text.charCodeAt(next)); next++)
    if (text.charCodeAt(next) === 10) return true
  return false
}

export function isSpace(code: number): boolean {
  if (code < 0xa0) return code === 32 || (code >= 9 && code <= 13)
  return code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x2029
}
