import { namesColumns, oneLine } from '../office/table.ts'
import { findPaddedTable } from './find-padded-table.ts'
import type { Row, Segment } from './rows.ts'

export interface FoundTable {
  readonly cells: readonly (readonly string[])[]
  /** Whether its first row is the head: bold as no other one is, or the only one that has just names. */
  readonly hasHead: boolean
  /** How many rows of the page it takes. */
  readonly taken: number
}

interface Column {
  left: number
  right: number
  readonly segments: Segment[]
}

interface Draft {
  readonly columns: Column[]
  readonly rows: Map<Column, string>[]
  readonly bold: boolean[]
  /** The usual distance of its rows. */
  pitch: number
}

/** In ems: rows further apart belong to no table. */
const MOST_DISTANCE = 2.8
/** In ems: cells this near to a common edge are aligned. */
const ALIGNED = 0.5

/** A table that starts with this row: two or more rows whose cells stand in two or more aligned columns. */
export function findTable(rows: readonly Row[], start: number): FoundTable | undefined {
  const first = rows[start]
  if (!first || first.segments.length < 2) return undefined
  const padded = findPaddedTable(rows, start)
  if (padded) return { cells: padded.cells, hasHead: startsWithHead(padded.cells, padded.bold), taken: padded.taken }
  const draft: Draft = { columns: [], rows: [], bold: [], pitch: 0 }
  addRow(draft, first)
  let end = start + 1
  for (let row = rows[end]; row && continues(draft, rows, end); row = rows[++end]) {
    const distance = row.y - (rows[end - 1]?.y ?? 0)
    if (row.segments.length > 1) {
      draft.pitch = draft.pitch === 0 ? distance : Math.min(draft.pitch, distance)
      addRow(draft, row)
    } else addWrapped(draft, row)
  }
  const size = first.size
  const aligned = draft.columns.filter(column => isAligned(column, size)).length
  if (draft.rows.length < 2 || draft.columns.length < 2 || aligned < 2) return undefined
  const columns = draft.columns.toSorted((a, b) => a.left - b.left)
  const cells = draft.rows.map(row => columns.map(column => oneLine(row.get(column) ?? '')))
  return { cells, hasHead: startsWithHead(cells, draft.bold), taken: end - start }
}

function startsWithHead(
  [first = [], ...rest]: readonly (readonly string[])[],
  [bold, ...others]: readonly boolean[],
): boolean {
  if (bold) return !others.includes(true)
  return namesColumns(first) && rest.some(row => !namesColumns(row))
}

function continues({ columns, pitch }: Draft, rows: readonly Row[], index: number): boolean {
  const row = rows[index]
  const before = rows[index - 1]
  if (!row || !before) return false
  const distance = row.y - before.y
  if (distance > MOST_DISTANCE * Math.max(row.size, before.size) || Math.abs(row.size - before.size) > 2.5) return false
  if (row.segments.some(segment => touched(columns, segment).length > 1)) return false
  const places = new Set(row.segments.flatMap(segment => touched(columns, segment)))
  if (row.segments.length > 1) return places.size > 1 || (places.size === 1 && pitch > 0)
  if (places.size === 0) return false
  const isFirst = columns.every(column => column.left >= (row.segments[0]?.right ?? 0) || places.has(column))
  if (pitch > 0 && distance < pitch * 0.85) return true
  return !isFirst && distance <= row.size * 1.4
}

function touched(columns: readonly Column[], { x, right }: Segment): readonly Column[] {
  return columns.filter(column => x < column.right && right > column.left)
}

function addRow({ columns, rows, bold }: Draft, row: Row): void {
  const cells = new Map<Column, string>()
  for (const segment of row.segments) {
    const column = touched(columns, segment)[0] ?? { left: segment.x, right: segment.right, segments: [] }
    if (column.segments.length === 0) columns.push(column)
    column.left = Math.min(column.left, segment.x)
    column.right = Math.max(column.right, segment.right)
    column.segments.push(segment)
    cells.set(column, `${cells.get(column) ?? ''} ${segment.text}`)
  }
  rows.push(cells)
  bold.push(row.segments.every(segment => segment.bold))
}

/** A line below a row that belongs to one of its cells. */
function addWrapped({ columns, rows }: Draft, { segments }: Row): void {
  const [segment] = segments
  const cells = rows.at(-1)
  if (!segment || !cells) return
  const [column] = touched(columns, segment)
  if (column) cells.set(column, `${cells.get(column) ?? ''} ${segment.text}`)
}

function isAligned({ segments }: Column, size: number): boolean {
  const edges = [
    segments.map(({ x }) => x),
    segments.map(({ right }) => right),
    segments.map(({ x, right }) => (x + right) / 2),
  ]
  return edges.some(places => {
    const median = places.toSorted((a, b) => a - b)[Math.floor(places.length / 2)] ?? 0
    return places.filter(place => Math.abs(place - median) <= ALIGNED * size).length >= places.length * 0.6
  })
}
