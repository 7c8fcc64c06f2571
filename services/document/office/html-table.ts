import type { Block } from '../parsing/parser.ts'
import { oneLine, rowText, tableBlocks } from './table.ts'

/** A table as its elements come. What covers several rows is repeated in each; what covers several columns stands in the first. */
export interface HtmlTable {
  open(name: string, across: number, down: number): void
  text(text: string): void
  close(name: string): void
  blocks(): readonly Block[]
  /** All of it in one line: a table within a cell. */
  flat(): string
}

const MOST_ACROSS = 200
const MOST_REPEATED = 200

export function createHtmlTable(): HtmlTable {
  const rows: string[][] = []
  /** By column: the text of a cell from above, and for how many rows more. */
  const covers = new Map<number, { readonly text: string; left: number }>()
  let cell = { text: '', across: 1, down: 1 }
  let row: string[] | undefined

  const takeCovered = (): void => {
    for (let above = row && covers.get(row.length); row && above; above = covers.get(row.length)) {
      above.left -= 1
      if (above.left === 0) covers.delete(row.length)
      row.push(above.text)
    }
  }
  const endCell = (): void => {
    takeCovered()
    if (!row) return
    for (let index = 0; index < cell.across; index++) {
      const text = index === 0 ? oneLine(cell.text) : ''
      if (cell.down > 1) covers.set(row.length, { text: text.slice(0, MOST_REPEATED), left: cell.down - 1 })
      row.push(text)
    }
  }
  return {
    open(name, across, down) {
      if (name === 'tr') row = []
      if (name === 'td' || name === 'th')
        cell = { text: '', across: Math.min(across || 1, MOST_ACROSS), down: down || 1 }
    },
    text(text) {
      cell.text += text
    },
    close(name) {
      if (name === 'td' || name === 'th') endCell()
      else if (name === 'tr' && row) {
        takeCovered()
        rows.push(row)
        row = undefined
      } else if (name === 'p' || name === 'li' || name === 'br') cell.text += ' '
    },
    blocks: () => tableBlocks(rows),
    flat: () => rows.map(rowText).join('; '),
  }
}
