import { oneLine } from './table.ts'
import { readXml } from './xml.ts'
import type { XmlHandler } from './xml.ts'

/** Something on a slide that has text. `other`: dates, numbers and footers, which every slide repeats. */
export interface Shape {
  readonly kind: 'title' | 'body' | 'text' | 'table' | 'picture' | 'other'
  readonly lines: readonly { readonly text: string; readonly level: number }[]
  readonly rows: readonly (readonly string[])[]
}

const MOST_LEVEL = 8

/** The shapes of a slide, a page of notes or a diagram, in the order of the file. */
export function readShapes(chunks: AsyncIterable<Uint8Array>, part: string): AsyncGenerator<Shape> {
  return readXml<Shape>(chunks, part, shapesHandler)
}

function shapesHandler(emit: (shape: Shape) => void): XmlHandler {
  let kind: Shape['kind'] = 'text'
  let lines: { text: string; level: number }[] = []
  let rows: string[][] = []
  let text = ''
  let level = 0
  let inText = false
  let skipped = 0
  const end = (what: Shape['kind']): void => {
    if (lines.length > 0 || rows.length > 0 || what === 'picture') emit({ kind: what, lines, rows })
    lines = []
    rows = []
    kind = 'text'
  }
  return {
    open(name, attributes) {
      if (name === 'Fallback' || skipped > 0) skipped += 1
      if (skipped > 0) return
      if (name === 'ph') kind = placeholderKind(attributes['type'])
      else if (name === 'tr') rows.push([])
      else if (name === 'tc') rows.at(-1)?.push('')
      else if (name === 'p') {
        text = ''
        level = 0
      } else if (name === 'pPr') level = Math.min(Number(attributes['lvl'] ?? 0) || 0, MOST_LEVEL)
      else if (name === 't') inText = true
      else if (name === 'br' || name === 'tab') text += ' '
    },
    text(piece) {
      if (inText && skipped === 0) text += piece
    },
    close(name) {
      if (skipped > 0) {
        skipped -= 1
        return
      }
      if (name === 't') inText = false
      else if (name === 'p') {
        const line = oneLine(text)
        const row = rows.at(-1)
        if (row) row.push(oneLine(`${row.pop() ?? ''} ${line}`))
        else if (line !== '') lines.push({ text: line, level })
      } else if (name === 'sp' || name === 'dataModel') end(kind)
      else if (name === 'tbl') end('table')
      else if (name === 'pic') end('picture')
    },
  }
}

function placeholderKind(type: string | undefined): Shape['kind'] {
  if (type === 'title' || type === 'ctrTitle') return 'title'
  if (type === 'dt' || type === 'sldNum' || type === 'ftr' || type === 'hdr' || type === 'sldImg') return 'other'
  return 'body'
}
