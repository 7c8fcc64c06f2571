import { parse } from 'csv-parse'
import { rankAt } from '../chunking/places.ts'
import { findDelimiter } from '../parsing/delimiter.ts'
import type { Block, Parser, ParserInput } from '../parsing/parser.ts'
import { readText } from '../parsing/text-stream.ts'

/** A quote that is never closed would take all the rest. */
const MOST_OF_ROW = 2 ** 20
const MOST_OF_BLOCK = 2 ** 14
/** One row of so many ends a block, by what it says: so the blocks stay the same where the rows do. */
const ROWS_OF_BLOCK = 32

/** Tables: what stands between the cells is found out, a first row of names is the head. */
const parser: Parser = {
  type: 'csv',
  async *parse(input) {
    const table = new Table()
    for await (const rows of readRows(input)) for (const row of rows) yield* table.add(row)
    yield* table.end()
  },
}
export default parser

class Table {
  #head: string | undefined
  #isFirst = true
  #rows: string[] = []
  #length = 0

  add(cells: readonly string[]): readonly Block[] {
    const texts = cells.map(cell => cell.replace(/\s+/g, ' ').trim())
    if (texts.every(text => text === '')) return []
    const row = texts.join(' | ')
    if (this.#isFirst && isHead(texts)) this.#head = row
    this.#isFirst = false
    this.#rows.push(row)
    this.#length += row.length + 1
    return this.#length > MOST_OF_BLOCK || rankAt(row, row.length) % ROWS_OF_BLOCK === 0 ? this.end() : []
  }

  end(): readonly Block[] {
    if (this.#rows.length === 0) return []
    const text = this.#rows.splice(0).join('\n')
    this.#length = 0
    return [this.#head === undefined ? { kind: 'table', text } : { kind: 'table', text, head: this.#head }]
  }
}

/** Names, not figures. */
function isHead(cells: readonly string[]): boolean {
  return cells.length > 1 && cells.every(cell => cell !== '' && !/^[-+]?[\d.,]+\s*[%€$£]?$/.test(cell))
}

async function* readRows(input: ParserInput): AsyncGenerator<readonly (readonly string[])[]> {
  const [start = ''] = readText({ ...input, progress: () => {} })
  const told = /^sep=(.)\n/.exec(start)?.[1]
  const delimiter = told ?? findDelimiter(start, 1) ?? (/\.(?:tsv|tab)$/i.test(input.name) ? '\t' : ',')
  const skipped = told === undefined ? 0 : 1
  let rows: string[][] = []
  let lines = skipped
  const reader = parse({
    delimiter,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MOST_OF_ROW,
    from_line: skipped + 1,
    on_record: (record: string[], context) => {
      rows.push(record)
      lines = context.lines
      return null
    },
  })
  const failure = new Promise<string>(resolve => reader.once('error', error => resolve(error.message)))
  for (const text of readText(input)) {
    const why = await written(reader, text, failure)
    yield rows
    rows = []
    if (why !== undefined) return yield* afterFailure(input, lines, delimiter)
  }
  const ended = new Promise<undefined>(resolve => reader.once('finish', () => resolve(undefined)))
  reader.end()
  const why = await Promise.race([ended, failure])
  yield rows
  if (why !== undefined) yield* afterFailure(input, lines, delimiter)
}

/** Why it could not go on; undefined: it can. */
function written(
  reader: ReturnType<typeof parse>,
  text: string,
  failure: Promise<string>,
): Promise<string | undefined> {
  return new Promise(resolve => {
    void failure.then(resolve)
    reader.write(text, error => resolve(error?.message))
  })
}

/** What follows a quote that is never closed: lines, in which quotes are letters. */
async function* afterFailure(
  input: ParserInput,
  lines: number,
  delimiter: string,
): AsyncGenerator<readonly (readonly string[])[]> {
  input.notice(
    `after line ${lines} a quote is never closed, or a row is longer than 1 MB: from there on quotes are letters`,
  )
  let line = 0
  let held = ''
  for (const text of readText({ ...input, progress: () => {} })) {
    const found = (held + text).split('\n')
    held = found.pop() ?? ''
    const rows = found.slice(Math.max(0, lines - line)).map(one => one.split(delimiter))
    line += found.length
    yield rows
  }
  if (line >= lines && held !== '') yield [held.split(delimiter)]
}
