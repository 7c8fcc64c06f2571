import { Parser } from 'htmlparser2'
import type { Block } from '../parsing/parser.ts'
import { createNotes } from './docx-notes.ts'
import { createHtmlLists } from './html-list.ts'
import { createHtmlTable } from './html-table.ts'
import type { HtmlTable } from './html-table.ts'
import { oneLine } from './table.ts'

/** The blocks of the HTML that mammoth writes. A footnote follows the paragraph, list or table that refers to it. */
export function readDocxHtml(html: string): readonly Block[] {
  const reader = new HtmlReader()
  const parser = new Parser({
    onopentag: (name, attributes) => reader.open(name, attributes),
    onclosetag: name => reader.close(name),
    ontext: text => reader.text(text),
  })
  parser.end(html)
  return reader.blocks()
}

const HEADINGS = [1, 2, 3, 4, 5, 6] as const

class HtmlReader {
  readonly #notes = createNotes()
  readonly #lists = createHtmlLists()
  readonly #tables: HtmlTable[] = []
  #text = ''

  open(name: string, { id = '', href = '', colspan, rowspan }: Record<string, string>): void {
    if (this.#notes.opens(name, id)) this.#text = ''
    if (name === 'a' && this.#notes.refers(href)) return
    const table = this.#tables.at(-1)
    if (name === 'table') this.#tables.push(createHtmlTable())
    else if (table) table.open(name, Number(colspan ?? 1), Number(rowspan ?? 1))
    else if (name === 'ul' || name === 'ol') {
      this.#lists.item(this.#takeLine())
      this.#lists.open(name === 'ol')
    } else if (name === 'li') this.#lists.openItem()
    else if (name === 'br') this.#text += '\n'
  }

  text(text: string): void {
    const table = this.#tables.at(-1)
    if (table) table.text(text)
    else this.#text += text
  }

  close(name: string): void {
    const table = this.#tables.at(-1)
    if (name === 'table' && table) this.#endTable(table)
    else if (table) table.close(name)
    else if (this.#notes.closes(name)) this.#notes.end(this.#takeLine())
    else if (name === 'li') this.#lists.item(this.#takeLine())
    else if (name === 'ul' || name === 'ol') this.#add({ kind: 'list', text: this.#lists.close() })
    else if (name === 'p' && this.#lists.isOpen()) this.#text += ' '
    else if (name === 'pre') {
      this.#add({ kind: 'code', text: this.#text })
      this.#text = ''
    } else if (name === 'p') this.#add({ kind: 'text', text: this.#takeLine() })
    else {
      const level = HEADINGS.find(each => name === `h${each}`)
      if (level) this.#add({ kind: 'heading', level, text: this.#takeLine() })
    }
  }

  blocks(): readonly Block[] {
    return this.#notes.blocks()
  }

  #endTable(table: HtmlTable): void {
    this.#tables.pop()
    const outer = this.#tables.at(-1)
    if (outer) outer.text(` ${table.flat()} `)
    else if (this.#lists.isOpen()) this.#text += ` ${table.flat()} `
    else for (const block of table.blocks()) this.#notes.add(block)
  }

  #takeLine(): string {
    const line = oneLine(this.#text)
    this.#text = ''
    return line
  }

  #add(block: Exclude<Block, { kind: 'page' }>): void {
    if (block.text.trim() !== '') this.#notes.add(block)
  }
}
