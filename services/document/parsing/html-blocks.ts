import { Parser } from 'htmlparser2'
import { placeInProse } from '../chunking/places.ts'
import { HtmlList } from './html-list.ts'
import { HtmlTable } from './html-table.ts'
import { ParseFailure } from './parser.ts'
import type { Block } from './parser.ts'

/** A block of a page, and whether it belongs to what the page is about. */
export interface HtmlBlock {
  readonly block: Block
  readonly isMain: boolean
}

const LEFT_OUT = new Set(
  'script style noscript template svg nav iframe object embed canvas video audio select button datalist textarea dialog'.split(
    ' ',
  ),
)
const BLOCKS = new Set(
  'address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form header hgroup hr html legend li main menu ol p pre section summary table tbody td tfoot th thead title tr ul h1 h2 h3 h4 h5 h6 caption'.split(
    ' ',
  ),
)
const HIDDEN = /display\s*:\s*none|visibility\s*:\s*hidden/i
const MOST_LEVELS = 5000
const MOST_OF_TEXT = 2 ** 16

/** Makes blocks of a page as it is read: `write` what comes, then `end`; `take` what is ready. */
export class HtmlBlocks {
  readonly #parser: Parser
  readonly #onTitle: (title: string) => void
  #ready: HtmlBlock[] = []
  #depth = 0
  /** How deep what is left out, the main part and `<pre>` began; 0: none is open. */
  #leftOutAt = 0
  #mainAt = 0
  #preAt = 0
  #parts: string[] = []
  #length = 0
  #inTitle = false
  #list: HtmlList | undefined
  readonly #tables: HtmlTable[] = []

  constructor(onTitle: (title: string) => void) {
    this.#onTitle = onTitle
    this.#parser = new Parser({
      onopentag: (name, attributes) => this.#open(name, attributes),
      onclosetag: name => this.#close(name),
      ontext: text => this.#add(text),
    })
  }

  write(text: string): void {
    this.#parser.write(text)
  }

  end(): void {
    this.#parser.end()
    this.#flush()
    while (this.#tables.length > 0) this.#endTable()
    this.#endList()
  }

  /** What is ready, once. */
  take(): readonly HtmlBlock[] {
    return this.#ready.splice(0)
  }

  #open(name: string, attributes: Record<string, string>): void {
    if (++this.#depth > MOST_LEVELS)
      throw new ParseFailure('BROKEN', `the page is nested deeper than ${MOST_LEVELS} levels`)
    if (this.#leftOutAt > 0) return
    if (isLeftOut(name, attributes) || (name === 'footer' && this.#mainAt === 0)) {
      this.#flush()
      this.#leftOutAt = this.#depth
      return
    }
    if (this.#mainAt === 0 && (name === 'main' || name === 'article' || attributes['role'] === 'main')) {
      this.#flush()
      this.#mainAt = this.#depth
    }
    if (name === 'br') this.#push('\n')
    if (!BLOCKS.has(name)) return
    this.#flush()
    this.#begin(name, attributes)
  }

  #begin(name: string, attributes: Record<string, string>): void {
    if (name === 'title') this.#inTitle = true
    else if (name === 'pre' && this.#preAt === 0) this.#preAt = this.#depth
    else if (name === 'table') this.#beginTable()
    else if (name === 'ul' || name === 'ol' || name === 'menu') {
      if (!this.#table)
        (this.#list ??= new HtmlList()).begin(name === 'ol' ? Number(attributes['start'] ?? 1) : undefined)
    } else if (name === 'li') this.#list?.item()
    else if (this.#table) this.#table.open(name)
    if (/^h[1-6]$/.test(name) && this.#table) this.#unfold()
  }

  #close(name: string): void {
    const depth = this.#depth--
    if (this.#leftOutAt > 0) {
      if (depth === this.#leftOutAt) this.#leftOutAt = 0
      return
    }
    if (BLOCKS.has(name)) {
      this.#flush(name)
      this.#finish(name)
    }
    if (depth === this.#preAt) this.#preAt = 0
    if (depth === this.#mainAt) this.#mainAt = 0
  }

  #finish(name: string): void {
    if (name === 'title') this.#inTitle = false
    else if (name === 'table') this.#endTable()
    else if (name === 'ul' || name === 'ol' || name === 'menu') {
      if (this.#list?.end() === 0) this.#endList()
    } else this.#table?.close(name, block => this.#emit(block))
  }

  get #table(): HtmlTable | undefined {
    const table = this.#tables.at(-1)
    return table?.isLayout === false ? table : undefined
  }

  #beginTable(): void {
    // A table within a cell: what is around it puts things in their places, no more.
    if (this.#table) this.#unfold()
    this.#endList()
    this.#tables.push(new HtmlTable())
  }

  #unfold(): void {
    for (const block of this.#table?.unfold() ?? []) this.#emit(block)
  }

  #endTable(): void {
    const table = this.#tables.pop()
    for (const block of table?.end() ?? []) this.#emit(block)
  }

  #endList(): void {
    this.#pauseList()
    this.#list = undefined
  }

  /** What follows stands within the list, but is none of its text. */
  #pauseList(): void {
    const text = this.#list?.take() ?? ''
    if (text !== '') this.#emit({ kind: 'list', text })
  }

  #add(text: string): void {
    if (this.#leftOutAt > 0) return
    this.#push(this.#preAt > 0 ? text : text.replace(/[\s\u00ad\u200b]+/g, toSpace))
    if (this.#length <= MOST_OF_TEXT || this.#preAt > 0) return
    const all = this.#parts.join('')
    const { end, next } = placeInProse(all, all.length - 4096, all.length - 1)
    this.#parts = [all.slice(0, end)]
    this.#flush()
    this.#push(all.slice(next))
  }

  #push(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
    if (this.#preAt === 0 || this.#length <= MOST_OF_TEXT || !text.includes('\n')) return
    const all = this.#parts.join('')
    const end = all.lastIndexOf('\n')
    this.#parts = [all.slice(0, end)]
    this.#flush()
    this.#parts = [all.slice(end + 1)]
    this.#length = all.length - end - 1
  }

  /** Ends the text that was gathered; `name`: of the element that it was in. */
  #flush(name = ''): void {
    if (this.#parts.length === 0) return
    const raw = this.#parts.join('')
    this.#parts = []
    this.#length = 0
    const isCode = this.#preAt > 0
    const text = isCode ? raw.replaceAll('\u00a0', ' ').trimEnd() : toLines(raw)
    if (text.trim() === '') return
    const level = /^h[1-6]$/.test(name) ? Number(name[1]) : 0
    if (this.#inTitle) return this.#onTitle(text)
    if (this.#table) {
      if (!this.#table.add(text)) this.#unfold()
      return
    }
    if (level > 0) this.#endList()
    if (isCode) {
      this.#pauseList()
      this.#emit({ kind: 'code', text: text.replace(/^\n/, '') })
    } else if (level > 0) this.#emit({ kind: 'heading', level: level as 1, text: text.replaceAll('\n', ' ') })
    else if (this.#list) this.#list.add(text, block => this.#emit(block))
    else this.#emit({ kind: 'text', text })
  }

  #emit(block: Block): void {
    this.#ready.push({ block, isMain: this.#mainAt > 0 })
  }
}

function isLeftOut(name: string, attributes: Record<string, string>): boolean {
  if (LEFT_OUT.has(name)) return true
  if (name === 'html' || name === 'body') return false
  const { role, style = '' } = attributes
  return (
    'hidden' in attributes ||
    attributes['aria-hidden'] === 'true' ||
    role === 'navigation' ||
    role === 'search' ||
    HIDDEN.test(style)
  )
}

function toLines(raw: string): string {
  return raw.replace(/ +/g, ' ').replaceAll(' \n', '\n').replaceAll('\n ', '\n').trim()
}

/** Soft hyphens and spaces without width are nothing. */
function toSpace(run: string): string {
  return /\s/.test(run) ? ' ' : ''
}

/** The blocks of a piece of a page. */
export function blocksOfHtml(html: string): readonly Block[] {
  const blocks = new HtmlBlocks(() => {})
  blocks.write(html)
  blocks.end()
  return blocks.take().map(({ block }) => block)
}
