import { ParseFailure } from '../parsing/parser.ts'
import { oneLine } from './table.ts'
import type { ShowNumber } from './xlsx-formats.ts'
import { readXml } from './xml.ts'
import type { XmlHandler } from './xml.ts'

/** A row with something in it. */
export interface SheetRow {
  /** From 1. */
  readonly row: number
  /** Column from 0, and what is shown there: never empty, in the order of columns. */
  readonly cells: readonly { readonly column: number; readonly text: string }[]
}

/** Counted over all sheets. */
export interface SheetCounts {
  uncomputed: number
  characters: number
  /** Most characters. */
  readonly limit: number
}

interface SheetContext {
  readonly strings: readonly string[]
  readonly formats: ShowNumber
  readonly counts: SheetCounts
}

const MOST_COLUMNS = 16_384

/** The rows of a sheet as they are read. Throws {@link ParseFailure}: TOO_LONG when cells repeat more text than is read. */
export function readSheetRows(
  chunks: AsyncIterable<Uint8Array>,
  part: string,
  context: SheetContext,
): AsyncGenerator<SheetRow> {
  return readXml<SheetRow>(chunks, part, emit => rowsHandler(emit, context))
}

function rowsHandler(emit: (row: SheetRow) => void, context: SheetContext): XmlHandler {
  let row = 0
  let cells: SheetRow['cells'][number][] = []
  let cell = { column: 0, type: 'n', style: 0, value: '', hasFormula: false }
  let inValue = false
  let inReading = false
  return {
    open(name, attributes) {
      if (name === 'row') {
        row = Number(attributes['r'] ?? row + 1) || row + 1
        cells = []
      } else if (name === 'c') {
        const { r, t = 'n', s = '0' } = attributes
        const next = (cells.at(-1)?.column ?? -1) + 1
        cell = { column: columnOf(r) ?? next, type: t, style: Number(s), value: '', hasFormula: false }
      } else if (name === 'f') cell.hasFormula = true
      else if (name === 'v' || name === 't') inValue = true
      else if (name === 'rPh') inReading = true
    },
    text(piece) {
      if (inValue && !inReading) cell.value += piece
    },
    close(name) {
      if (name === 'v' || name === 't') inValue = false
      else if (name === 'rPh') inReading = false
      else if (name === 'c') endCell()
      else if (name === 'row' && cells.length > 0) emit({ row, cells })
    },
  }

  function endCell(): void {
    const text = shownText(cell, context)
    if (text === '' && cell.hasFormula && cell.value === '' && cell.type !== 'str') context.counts.uncomputed += 1
    if (text === '' || cell.column >= MOST_COLUMNS) return
    context.counts.characters += text.length
    const { characters, limit } = context.counts
    if (characters > limit) {
      throw new ParseFailure(
        'TOO_LONG',
        `the workbook has more than ${limit} characters of text, at most ${limit} are read`,
      )
    }
    cells.push({ column: cell.column, text })
  }
}

function shownText(
  { type, style, value }: { type: string; style: number; value: string },
  { strings, formats }: SheetContext,
): string {
  if (type === 's') return strings[Number(value)] ?? ''
  if (type === 'b') return value === '1' ? 'TRUE' : value === '0' ? 'FALSE' : ''
  if (type !== 'n' || value === '') return oneLine(value)
  const number = Number(value)
  return Number.isFinite(number) ? formats(style, number) : oneLine(value)
}

function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0]
  if (letters === undefined) return undefined
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1
}
