import { lineOf } from './lines.ts'
import { rowsOf } from './rows.ts'
import type { Row, Segment } from './rows.ts'

/** Points between two places where a gutter is looked for. */
const STEP = 3
const LEAST_LINES = 5
const LEAST_LETTERS = 18
/** Lines of a column of text fill at least this much of its width. */
const LEAST_FILL = 0.45
const MOST_DEPTH = 3
const MOST_PARTS = 50

/**
 * Regions of a page in the order of reading. Where a gutter parts text that fills its columns, the left column comes first; what stands
 * across the gutter parts the columns into those above and those below. Tables have no such gutters: their cells are short.
 */
export function regionsOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const regions: (readonly Row[])[] = []
  const budget = { parts: MOST_PARTS }
  const add = (part: readonly Row[], depth: number): void => {
    const columns = depth < MOST_DEPTH && budget.parts-- > 0 ? findColumns(part) : undefined
    if (!columns) {
      if (part.length > 0) regions.push(part)
      return
    }
    const { gutter, start, end } = columns
    const inside = part.slice(start, end).flatMap(row => row.segments)
    add(part.slice(0, start), depth)
    add(rowsOf(inside.filter(segment => isLeft(segment, gutter))), depth + 1)
    add(rowsOf(inside.filter(segment => !isLeft(segment, gutter))), depth + 1)
    add(part.slice(end), depth)
  }
  add(rows, 0)
  return regions
}

interface Columns {
  readonly gutter: number
  /** Rows from `start` to before `end` stand in columns. */
  readonly start: number
  readonly end: number
}

/** The longest run of rows that one gutter parts into two columns of text. */
function findColumns(rows: readonly Row[]): Columns | undefined {
  const segments = rows.flatMap(row => row.segments)
  const left = segments.reduce((least, { x }) => Math.min(least, x), Infinity)
  const right = segments.reduce((most, segment) => Math.max(most, segment.right), -Infinity)
  if (segments.length < 2 * LEAST_LINES || right - left > 10_000) return undefined
  let best: Columns | undefined
  let bestLines = LEAST_LINES - 1
  let sameUntil = 0
  for (let gutter = left + (right - left) * 0.2; gutter < left + (right - left) * 0.8; gutter += STEP) {
    for (const { start, end, lines } of runsAt(rows, gutter)) {
      const isSame = best && best.start === start && best.end === end && sameUntil === gutter - STEP
      if (isSame) sameUntil = gutter
      if (lines <= bestLines) continue
      bestLines = lines
      best = { gutter, start, end }
      sameUntil = gutter
    }
  }
  if (!best) return undefined
  return checked(rows, { ...best, gutter: (best.gutter + sameUntil) / 2 })
}

/** Runs of rows that nothing crosses at this place; `lines`: how many the shorter side has. */
function runsAt(rows: readonly Row[], gutter: number): readonly { start: number; end: number; lines: number }[] {
  const runs: { start: number; end: number; lines: number }[] = []
  let start = 0
  let left = 0
  let right = 0
  for (let index = 0; index <= rows.length; index++) {
    const row = rows[index]
    if (!row || row.segments.some(segment => segment.x < gutter && segment.right > gutter)) {
      if (Math.min(left, right) >= LEAST_LINES) runs.push({ start, end: index, lines: Math.min(left, right) })
      start = index + 1
      left = 0
      right = 0
    } else {
      if (row.segments.some(segment => isLeft(segment, gutter))) left += 1
      if (row.segments.some(segment => !isLeft(segment, gutter))) right += 1
    }
  }
  return runs
}

/** The rows where both columns go on, if each is text. */
function checked(rows: readonly Row[], { gutter, start, end }: Columns): Columns | undefined {
  const run = rows.slice(start, end)
  const before = run.filter(row => row.segments.some(segment => isLeft(segment, gutter)))
  const behind = run.filter(row => row.segments.some(segment => !isLeft(segment, gutter)))
  const sides = [before, behind]
  const core = {
    from: Math.max(...sides.map(side => side[0]?.y ?? 0)),
    to: Math.min(...sides.map(side => side.at(-1)?.y ?? 0)),
  }
  let top = core.from
  let bottom = core.to
  for (const side of sides) {
    const pitch = median(side.slice(1).map((row, index) => row.y - (side[index]?.y ?? 0)))
    const near = 1.5 * pitch
    for (const row of side.toReversed()) if (row.y < top && top - row.y <= near) top = row.y
    for (const row of side) if (row.y > bottom && row.y - bottom <= near) bottom = row.y
  }
  const first = start + run.findIndex(row => row.y >= top)
  const last = start + run.findLastIndex(row => row.y <= bottom)
  const inside = rows.slice(first, last + 1).flatMap(row => row.segments)
  const halves = [inside.filter(each => isLeft(each, gutter)), inside.filter(each => !isLeft(each, gutter))]
  return halves.every(isText) ? { gutter, start: first, end: last + 1 } : undefined
}

function isText(segments: readonly Segment[]): boolean {
  const lines = rowsOf(segments).map(lineOf)
  if (lines.length < LEAST_LINES) return false
  const width = Math.max(...lines.map(({ right }) => right)) - Math.min(...lines.map(({ x }) => x))
  const filled = median(lines.map(({ x, right }) => right - x))
  return filled >= width * LEAST_FILL && median(lines.map(({ text }) => text.length)) >= LEAST_LETTERS
}

function isLeft({ x, right }: Segment, gutter: number): boolean {
  return (x + right) / 2 < gutter
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
