import { ParseFailure } from '../parsing/parser.ts'
import type { Block, ParserInput } from '../parsing/parser.ts'
import { openOffice, readRelations } from './package.ts'
import type { OfficePackage } from './package.ts'
import { readSheetRows } from './xlsx-rows.ts'
import type { SheetCounts } from './xlsx-rows.ts'
import { readSharedStrings, readWorkbook } from './xlsx-workbook.ts'
import { readNumberFormats } from './xlsx-formats.ts'
import { createTables } from './xlsx-tables.ts'

/** A workbook as blocks: its sheets in their order, row by row; nothing is held but the shared texts. Throws {@link ParseFailure}. */
export async function* readXlsx(input: ParserInput): AsyncGenerator<Block> {
  const file = await openOffice(input, 'xlsx')
  try {
    yield* sheetsBlocks(input, file)
  } finally {
    await file.close()
  }
}

async function* sheetsBlocks(input: ParserInput, { zip, main }: OfficePackage): AsyncGenerator<Block> {
  const relations = await readRelations(zip, main)
  const target = (kind: string, fallback: string): string =>
    relations.find(relation => relation.kind === kind)?.target ?? fallback
  const { date1904, sheets } = await readWorkbook(zip, main)
  const parts = sheets.flatMap(({ name, relation }) => {
    const found = relations.find(({ id, kind }) => id === relation && kind === 'worksheet')
    return found && zip.has(found.target) ? [{ name, part: found.target }] : []
  })
  if (parts.length === 0) throw new ParseFailure('EMPTY', 'the workbook has no sheets with cells')
  if (parts.length > input.limits.pages) {
    throw new ParseFailure(
      'TOO_MANY_PAGES',
      `the workbook has ${parts.length} sheets, at most ${input.limits.pages} are read`,
    )
  }
  if (parts.length < sheets.length) input.notice(`sheets without cells left out: ${sheets.length - parts.length}`)
  input.pages(parts.length)
  const strings = await readSharedStrings(zip, target('sharedStrings', 'xl/sharedStrings.xml'))
  const formats = await readNumberFormats(zip, target('styles', 'xl/styles.xml'), date1904)
  const counts: SheetCounts = { uncomputed: 0, characters: 0, limit: input.limits.characters }
  const declared = parts.reduce((sum, { part }) => sum + zip.declaredBytes(part), 0)
  let read = 0
  async function* counted(part: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of zip.chunks(part)) {
      read += chunk.length
      input.progress(Math.min(1, read / Math.max(1, declared)))
      yield chunk
    }
  }
  for (const [index, { name, part }] of parts.entries()) {
    yield { kind: 'page', page: index + 1, title: name }
    const tables = createTables()
    for await (const row of readSheetRows(counted(part), part, { strings, formats, counts })) yield* tables.row(row)
    yield* tables.end()
  }
  if (counts.characters === 0) throw new ParseFailure('EMPTY', 'the workbook has no text and no numbers')
  if (counts.uncomputed > 0) input.notice(`formulas without a stored result left out: ${counts.uncomputed}`)
}
