import { oneLine } from './table.ts'
import { collect, readXml } from './xml.ts'
import type { Zip } from './zip.ts'

export interface Workbook {
  /** Whether days are counted from 1904. */
  readonly date1904: boolean
  readonly sheets: readonly { readonly name: string; readonly relation: string }[]
}

export async function readWorkbook(zip: Zip, part: string): Promise<Workbook> {
  let date1904 = false
  const sheets = await collect(
    readXml<Workbook['sheets'][number]>(zip.chunks(part), part, emit => ({
      open(element, attributes) {
        if (element === 'workbookPr') date1904 = /^(1|true)$/.test(attributes['date1904'] ?? '')
        if (element === 'sheet') emit({ name: attributes['name'] ?? '', relation: attributes['r:id'] ?? '' })
      },
      close: () => undefined,
    })),
  )
  return { date1904, sheets }
}

/** The texts that cells refer to by number: runs joined, readings of Japanese left out. */
export async function readSharedStrings(zip: Zip, part: string): Promise<readonly string[]> {
  return collect(
    readXml<string>(zip.chunks(part), part, emit => {
      let text = ''
      let inText = false
      let inReading = false
      return {
        open(name) {
          if (name === 'si') text = ''
          if (name === 't') inText = true
          if (name === 'rPh') inReading = true
        },
        text(piece) {
          if (inText && !inReading) text += piece
        },
        close(name) {
          if (name === 't') inText = false
          if (name === 'rPh') inReading = false
          if (name === 'si') emit(oneLine(text))
        },
      }
    }),
  )
}
