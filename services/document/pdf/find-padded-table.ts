import { oneLine } from '../office/table.ts'
import type { Row, Segment } from './rows.ts'

/** Rows of a table whose cells have space above and below, so that lines of one cell stand nearer to each other than rows do. */
export interface PaddedTable {
  readonly cells: readonly (readonly string[])[]
  readonly bold: readonly boolean[]
  readonly taken: number
}

/** In ems. */
const MOST_DISTANCE = 3
/** Lines of one cell are not further apart. */
const WITHIN_ROW = 1.35
/** Nearer than lines of text are: cells that are centred beside others of more lines. */
const WITHIN_LINE = 0.95
const LEAST_GAP = 0.5

interface Interval {
  left: number
  right: number
}

/** Such a table at this row: its columns are what no text of it crosses. Nothing where rows are as near as lines of text. */
export function findPaddedTable(rows: readonly Row[], start: number): PaddedTable | undefined {
  const first = rows[start]
  if (!first || first.segments.length < 2) return undefined
  let columns = merged(first.segments, [], first.size)
  let end = start + 1
  for (let row = rows[end]; row && isNear(row, rows[end - 1]); row = rows[++end]) {
    const next = merged(row.segments, columns, first.size)
    if (next.length < 2) break
    columns = next
  }
  const groups = grouped(rows.slice(start, end))
  while (groups.length > 0 && filledColumns(groups.at(-1) ?? [], columns) < 2) groups.pop()
  const full = groups.filter(group => filledColumns(group, columns) > 1)
  if (full.length < 2 || full.length < groups.length * 0.7 || !isPadded(groups)) return undefined
  return {
    cells: groups.map(group => columns.map(column => cellText(group, column))),
    bold: groups.map(group => group.every(row => row.segments.every(segment => segment.bold))),
    taken: groups.flat().length,
  }
}

function isNear(row: Row, before: Row | undefined): boolean {
  if (!before || Math.abs(row.size - before.size) > 0.15 * row.size) return false
  return row.y - before.y <= MOST_DISTANCE * row.size
}

/** The columns after these segments were put to them, from left to right. */
function merged(segments: readonly Segment[], columns: readonly Interval[], em: number): readonly Interval[] {
  const all = [...columns, ...segments.map(({ x, right }) => ({ left: x, right }))].toSorted((a, b) => a.left - b.left)
  const result: Interval[] = []
  for (const { left, right } of all) {
    const last = result.at(-1)
    if (last && left - last.right < LEAST_GAP * em) last.right = Math.max(last.right, right)
    else result.push({ left, right })
  }
  return result
}

function grouped(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = []
  for (const row of rows) {
    const before = groups.at(-1)?.at(-1)
    if (before && row.y - before.y <= WITHIN_ROW * row.size) groups.at(-1)?.push(row)
    else groups.push([row])
  }
  return groups
}

/** Whether some cells have more lines than one, and all of those are nearer to each other than the rows of the table. */
function isPadded(groups: readonly (readonly Row[])[]): boolean {
  const distances = groups.flatMap(group =>
    group.slice(1).map((row, index) => (row.y - (group[index]?.y ?? 0)) / row.size),
  )
  const nearer = distances.filter(distance => distance <= WITHIN_LINE).length
  return distances.length > 0 && (nearer > 0 || groups.length >= 3)
}

function filledColumns(group: readonly Row[], columns: readonly Interval[]): number {
  return columns.filter(column => cellText(group, column) !== '').length
}

function cellText(group: readonly Row[], { left, right }: Interval): string {
  const segments = group.flatMap(row => row.segments).filter(segment => segment.x >= left - 0.1 && segment.x <= right)
  return oneLine(segments.map(({ text }) => text).join(' '))
}
