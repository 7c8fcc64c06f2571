import type { Row } from './rows.ts'

/** A line of text. */
export interface Line {
  readonly text: string
  readonly x: number
  readonly right: number
  /** Where its text starts, behind the sign or number of an item. */
  readonly indent: number
  readonly y: number
  readonly size: number
  readonly bold: boolean
  readonly mono: boolean
}

/** All of a row as one line. */
export function lineOf({ segments, y, size }: Row): Line {
  const rtl = segments.filter(segment => segment.rtl).length * 2 > segments.length
  const inOrder = rtl ? segments.toReversed() : segments
  const mono = segments.every(segment => segment.mono)
  const x = Math.min(...segments.map(segment => segment.x))
  const text = mono ? spaced(segments) : inOrder.map(segment => segment.text.trim()).join(' ')
  return {
    text: text.replaceAll(LEADER, ' … '),
    x,
    indent: segments[0]?.indent ?? x,
    right: Math.max(...segments.map(({ right }) => right)),
    y,
    size,
    bold: segments.every(({ bold }) => bold),
    mono,
  }
}

/** The dots between a title and its page. */
const LEADER = /\s*(?:\. ?){4,}\s*/g

export function hasLeader(text: string): boolean {
  return /(?:\. ?){4}/.test(text)
}

/** Whether this is a line of a table of contents. */
export function isEntry({ text }: Line): boolean {
  return / … \S{1,6}$/.test(text)
}

/** Characters of one width keep their distance. */
function spaced(segments: Row['segments']): string {
  let line = ''
  let end = segments[0]?.x ?? 0
  for (const { text, x, right } of segments) {
    const width = (right - x) / Math.max(1, text.length)
    line += ' '.repeat(Math.min(100, Math.max(line === '' ? 0 : 1, Math.round((x - end) / Math.max(1, width))))) + text
    end = right
  }
  return line
}

/** Two lines of a paragraph as one text: a word that was divided is whole again; Chinese and Japanese have no blanks. */
export function continued(text: string, next: string): string {
  if (/[\p{L}][\u00ad\u2010-]$/u.test(text) && /^\p{Ll}/u.test(next) && !/\d-$/.test(text))
    return text.slice(0, -1) + next
  if (/[-\u2010\u2013\u2014/]$/.test(text) && /\S[-\u2010\u2013\u2014/]$/.test(text)) return text + next
  return NO_BLANK.test(text.slice(-1)) && NO_BLANK.test(next.slice(0, 1)) ? text + next : `${text} ${next}`
}

const NO_BLANK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u
