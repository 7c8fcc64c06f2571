import type { Block } from '../parsing/parser.ts'

/** What is between two cells of a row. */
const BETWEEN = ' | '

/** A row as a line of text. Cells at the end that are empty are left out. */
export function rowText(cells: readonly string[]): string {
  let end = cells.length
  while (end > 0 && cells[end - 1] === '') end--
  return cells.slice(0, end).join(BETWEEN)
}

/** A table as a block, its first row as the head if it has one. A table of one column is text. */
export function tableBlocks(
  rows: readonly (readonly string[])[],
  hasHead: boolean = namesColumns(rows[0] ?? []),
): readonly Block[] {
  const filled = rows.filter(row => row.some(cell => cell !== ''))
  const text = filled.map(rowText).join('\n')
  if (text === '') return []
  const width = Math.max(...filled.map(row => row.findLastIndex(cell => cell !== '') + 1))
  if (width === 1) return [{ kind: 'text', text }]
  const [first = []] = filled
  if (filled.length < 2 || !hasHead) return [{ kind: 'table', text }]
  return [{ kind: 'table', text, head: rowText(first) }]
}

/** Whether a row looks like the names of columns: two or more short texts, no numbers but years, no dates. */
export function namesColumns(cells: readonly string[]): boolean {
  const filled = cells.filter(cell => cell !== '')
  const words = filled.filter(cell => cell.length <= 80 && /\p{L}/u.test(cell) && !/^\d/.test(cell))
  const years = filled.filter(cell => /^(19|20)\d\d$/.test(cell))
  return filled.length >= 2 && words.length > 0 && words.length + years.length === filled.length
}

/** White space of all kinds as single blanks. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
