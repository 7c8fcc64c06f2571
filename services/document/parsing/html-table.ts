import type { Block } from './parser.ts'

const MOST_OF_TABLE = 2 ** 15
const MOST_OF_ROW = 2 ** 17

/** A table as rows of cells. */
export class HtmlTable {
  #rows: string[] = []
  #length = 0
  /** Letters of the row that is open. */
  #open = 0
  #cells: string[] = []
  #cell: string[] | undefined
  #isHeadRow = true
  #head: string | undefined
  #widest = 0
  #isFirst = true
  #caption: string[] = []
  #isLayout = false

  /** True: it only puts things in their places; its cells' text is text like any other. */
  get isLayout(): boolean {
    return this.#isLayout
  }

  open(name: string): void {
    if (name === 'tr') {
      this.#cells = []
      this.#isHeadRow = true
    } else if (name === 'td' || name === 'th') {
      this.#cell = []
      if (name === 'td') this.#isHeadRow = false
    }
  }

  close(name: string, emit: (block: Block) => void): void {
    if ((name === 'td' || name === 'th') && this.#cell) {
      this.#cells.push(this.#cell.join(' '))
      this.#cell = undefined
    } else if (name === 'tr') this.#endRow(emit)
  }

  /** Takes text of a cell, or of the caption. False: the row is too long for one. */
  add(text: string): boolean {
    const line = text.replace(/\s+/g, ' ')
    const where = this.#cell ?? this.#caption
    where.push(line)
    this.#open += line.length
    return this.#open <= MOST_OF_ROW
  }

  /** Its text so far as blocks; from now on it is there for the layout only. */
  unfold(): readonly Block[] {
    this.#isLayout = true
    const lines = [...this.#caption.splice(0), ...this.#rows.splice(0), ...this.#cells.splice(0), ...(this.#cell ?? [])]
    this.#cell = undefined
    return lines.filter(line => line !== '').map(text => ({ kind: 'text', text }))
  }

  end(): readonly Block[] {
    if (this.#isLayout) return []
    const blocks: Block[] = []
    this.#endRow(block => blocks.push(block))
    this.#take(block => blocks.push(block))
    return blocks
  }

  #endRow(emit: (block: Block) => void): void {
    if (this.#cell) this.#cells.push(this.#cell.join(' '))
    this.#cell = undefined
    this.#open = 0
    const cells = this.#cells.splice(0)
    if (cells.every(cell => cell === '')) return
    const row = cells.join(' | ')
    if (this.#isFirst && this.#isHeadRow && cells.length > 1) this.#head = row
    this.#isFirst = false
    this.#widest = Math.max(this.#widest, cells.length)
    this.#rows.push(row)
    this.#length += row.length
    if (this.#length > MOST_OF_TABLE) this.#take(emit)
  }

  #take(emit: (block: Block) => void): void {
    for (const text of this.#caption.splice(0)) emit({ kind: 'text', text })
    const rows = this.#rows.splice(0)
    this.#length = 0
    if (rows.length === 0) return
    const text = rows.join('\n')
    if (this.#widest < 2) emit({ kind: 'text', text })
    else emit(this.#head === undefined ? { kind: 'table', text } : { kind: 'table', text, head: this.#head })
  }
}
