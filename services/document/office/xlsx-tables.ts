import type { Block } from '../parsing/parser.ts'
import { namesColumns, rowText } from './table.ts'
import type { SheetRow } from './xlsx-rows.ts'

/** Rows of a sheet put together to tables. */
export interface Tables {
  /** What is done when this row comes. */
  row(row: SheetRow): readonly Block[]
  end(): readonly Block[]
}

/** A block ends here, so that a sheet of any length is never held. */
const BLOCK_CHARACTERS = 32_768
/** Between two cells, a wider gap shows no structure. */
const WIDEST_GAP = 16

/**
 * A table starts with the first row of two or more cells; if that row names columns it is the head. An empty row ends the table if
 * what comes then names other columns or is a single cell. Single cells before a table are text.
 */
export function createTables(): Tables {
  let lines: string[] = []
  let length = 0
  let last = 0
  let table: { readonly left: number; readonly columns: string; readonly head?: string } | undefined

  const flush = (): readonly Block[] => {
    if (lines.length === 0) return []
    const text = lines.join('\n')
    lines = []
    length = 0
    if (!table) return [{ kind: 'text', text }]
    return [{ kind: 'table', text, ...(table.head === undefined ? {} : { head: table.head }) }]
  }
  const add = (line: string): void => {
    lines.push(line)
    length += line.length
  }

  function row({ row: number, cells }: SheetRow): readonly Block[] {
    const gap = number > last + 1 && last > 0
    last = number
    const blocks: Block[] = []
    const texts = cells.map(cell => cell.text)
    if (gap && cells.length === 1 && table) {
      blocks.push(...flush())
      table = undefined
    }
    const columns = cells.map(cell => cell.column).join()
    const startsTable = cells.length > 1 && (!table || (gap && namesColumns(texts) && columns !== table.columns))
    if (startsTable || (gap && !table)) blocks.push(...flush())
    if (startsTable) {
      const left = cells[0]?.column ?? 0
      const head = namesColumns(texts) ? { head: lineOf(cells, left) } : {}
      table = { left, columns, ...head }
    }
    if (length > BLOCK_CHARACTERS) blocks.push(...flush())
    add(lineOf(cells, table?.left ?? 0))
    return blocks
  }
  return { row, end: flush }
}

function lineOf(cells: SheetRow['cells'], left: number): string {
  const texts: string[] = []
  let next = left
  for (const { column, text } of cells) {
    if (column - next <= WIDEST_GAP) for (; next < column; next++) texts.push('')
    texts.push(text)
    next = column + 1
  }
  return rowText(texts)
}
