// Sentences out of a text that comes piece by piece. Own rules, the same wherever a spell runs: Intl.Segmenter follows the platform's tables.

/** Takes a text in pieces and gives its sentences as soon as each is surely over. */
export interface Sentences {
  /** The sentences that this piece brings to their end, without white space around them. How the text is cut makes no difference. */
  add(piece: string): readonly string[]
  /** There is no more: what was held back. */
  end(): readonly string[]
}

/** The most characters of one; a longer one is given in parts. */
const MOST_CHARACTERS = 10_000

export function createSentences(): Sentences {
  let rest = ''
  let from = 0
  const take = (isWhole: boolean): string[] => {
    const found: string[] = []
    for (;;) {
      const { end, from: later } = findEnd(rest, from, isWhole)
      const cut = end ?? (rest.length > MOST_CHARACTERS ? breakOf(rest) : undefined)
      if (cut === undefined) {
        from = later
        return found
      }
      found.push(rest.slice(0, cut).trim())
      rest = rest.slice(cut)
      from = 0
    }
  }
  return {
    add(piece) {
      rest += piece
      return take(false).filter(Boolean)
    },
    end() {
      const found = [...take(true), rest.trim()]
      rest = ''
      return found.filter(Boolean)
    },
  }
}

/** A line break; an end that needs no space after it; or one that does. */
const ENDS = /[\n\r\u2028\u2029]|[。！？｡]|[.!?…؟।]/g
/** What belongs to the end: more of the same, closing brackets and quotes, Markdown. */
const REST_OF_END = /[.!?…؟।。！？｡]*["'”’»)\]}」』）】》〉*_~`]*/y
/** What may stand before the first letter of the next sentence. */
const BEFORE_NEXT = /[^\S\n\r\u2028\u2029]*["'“”‘’„«»([{「『（*_~`¿¡-]*/y

/** Where the first sentence is over; absent: not yet, and nothing before `from` need be looked at again. */
function findEnd(text: string, start: number, isWhole: boolean): { end?: number; from: number } {
  ENDS.lastIndex = start
  for (let found = ENDS.exec(text); found; found = ENDS.exec(text)) {
    const at = found.index
    const [sign] = found
    if (/\s/.test(sign)) return { end: at + 1, from: 0 }
    const after = endOf(REST_OF_END, text, at)
    if (after === text.length && !isWhole) return { from: at }
    if (/[。！？｡]/.test(text.slice(at, after))) return { end: after, from: 0 }
    const next = endOf(BEFORE_NEXT, text, after)
    // After a number more must be seen: it may be a day.
    const seen = /\d/.test(text.charAt(at - 1)) ? 3 : 1
    if (next + seen > text.length && !isWhole) return { from: at }
    if (endsHere(text, at, after, next)) return { end: after, from: 0 }
    ENDS.lastIndex = after
  }
  return { from: text.length }
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  pattern.test(text)
  return pattern.lastIndex
}

/** Whether a sign such as a full stop ends a sentence: white space follows, no small letter, and what stands before is no abbreviation. */
function endsHere(text: string, at: number, after: number, next: number): boolean {
  if (after < text.length && !/\s/.test(text.charAt(after))) return false
  const following = String.fromCodePoint(text.codePointAt(next) ?? 32)
  if (/\p{Ll}/u.test(following)) return false
  return text.charAt(at) !== '.' || after > at + 1 || !isAbbreviated(text.slice(0, at), text.slice(next))
}

/** Titles and the like, which are never the end; those that can be (etc., usw., Inc.) are left to what follows. */
const NEVER_LAST = new Set(
  'mr mrs ms dr prof st mt rev hon gen col lt sgt capt fr sr sra srta dra mme mlle m ing dipl vs cf viz al ca approx fig figs abb tab vol vols nos nr art abs kap pp ed eds bd sog bzw bspw evtl ggf inkl exkl zzgl vgl tel'.split(
    ' ',
  ),
)
const GERMAN_MONTHS = /^(?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)/

/** Whether a full stop after this belongs to a short word or a number, with what comes then. */
function isAbbreviated(before: string, following: string): boolean {
  const word = /[\p{L}\p{M}\p{N}.]*$/u.exec(before.slice(-40))?.[0] ?? ''
  if (/^\p{L}$/u.test(word)) return word !== 'I'
  if (/^(?:\p{L}{1,2}\.)+\p{L}{1,2}$/u.test(word)) return true
  if (NEVER_LAST.has(word.toLowerCase())) return true
  if (!/^\d{1,3}$/.test(word)) return false
  // The number of a list's item, or of a day.
  return before.trim() === word || (word.length < 3 && GERMAN_MONTHS.test(following))
}

/** Where a text without an end in sight is cut: between words, if there are some. */
function breakOf(text: string): number {
  const space = text.slice(0, MOST_CHARACTERS).search(/\s\S*$/)
  if (space > 0) return space + 1
  return /[\ud800-\udbff]/.test(text.charAt(MOST_CHARACTERS - 1)) ? MOST_CHARACTERS - 1 : MOST_CHARACTERS
}
