import { lineOf } from './lines.ts'
import type { Row } from './rows.ts'

export interface LaidPage {
  /** From 1. */
  readonly page: number
  readonly rows: readonly Row[]
}

/** What is known of the pages around one. */
export interface Neighbours {
  /** The pages near it, itself too. */
  readonly pages: readonly LaidPage[]
  /** How many pages there are. */
  readonly total: number
  readonly bodySize: number
}

/** How many pages before and behind are looked at. */
export const RUNNING_WINDOW = 4
const MOST_ROWS = 3
const MOST_LETTERS = 150
/** Points: a running line stays where it is. */
const SAME_PLACE = 4

/** Leaves out what stands at the edge of pages again and again: numbers of pages always, running titles from the second time on. */
export function createRunning(): (page: LaidPage, around: Neighbours) => readonly Row[] {
  const known = new Set<string>()
  /** What a page's printed number is ahead of its place, by edge. */
  const offsets = new Set<string>()

  function isRunning(row: Row, page: LaidPage, around: Neighbours, top: boolean, inner: Row | undefined): boolean {
    const { text } = lineOf(row)
    const alone = row.segments.length === 1 || !inner || Math.abs(inner.y - row.y) > 1.8 * row.size
    if (text.length > MOST_LETTERS || row.size > around.bodySize * 1.1) return false
    const others = around.pages.filter(other => other.page !== page.page)
    const matches = others.map(other => matchOf(row, page.page, other, top))
    const own = numbersOf(text).map(number => `${top}:${number - page.page}`)
    if (matches.includes('number')) {
      for (const offset of own) offsets.add(offset)
      return true
    }
    if (alone && own.some(offset => offsets.has(offset))) return true
    const same = matches.filter(match => match === 'same').length
    if (!alone || same === 0 || same < Math.min(2, around.total - 1)) return false
    const again = known.has(text)
    known.add(text)
    return again
  }

  return (page, around) => {
    const left = new Set<Row>()
    const seen = new Set<Row>()
    for (const top of [true, false]) {
      const inward = top ? page.rows : page.rows.toReversed()
      for (const [index, row] of inward.slice(0, MOST_ROWS).entries()) {
        if (seen.has(row)) break
        seen.add(row)
        if (!isRunning(row, page, around, top, inward[index + 1])) break
        left.add(row)
      }
    }
    return page.rows.filter(row => !left.has(row))
  }
}

type Match = 'same' | 'number' | 'none'

/** How another page repeats the line at its edge. */
function matchOf(row: Row, page: number, other: LaidPage, top: boolean): Match {
  const { text } = lineOf(row)
  const edge = top ? other.rows.slice(0, MOST_ROWS) : other.rows.slice(-MOST_ROWS)
  const near = edge.filter(each => Math.abs(each.y - row.y) <= SAME_PLACE).map(each => lineOf(each).text)
  if (near.includes(text)) return 'same'
  return near.some(each => growsWithPages(text, each, other.page - page)) ? 'number' : 'none'
}

/** Whether two lines differ only in numbers, and those by as much as the pages are apart. */
function growsWithPages(one: string, other: string, pages: number): boolean {
  if (/^[ivxlc]+$/i.test(one) && /^[ivxlc]+$/i.test(other)) return true
  const parts = one.split(/(\d+)/)
  const others = other.split(/(\d+)/)
  if (parts.length !== others.length) return false
  return parts.every(
    (part, index) => part === others[index] || (index % 2 === 1 && Number(others[index]) - Number(part) === pages),
  )
}

/** The number that a line starts or ends with. */
function numbersOf(text: string): readonly number[] {
  return [/^\d{1,5}\b/, /\b\d{1,5}$/].flatMap(place => {
    const found = place.exec(text)?.[0]
    return found === undefined ? [] : [Number(found)]
  })
}
