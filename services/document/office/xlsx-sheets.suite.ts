import { escapeXml, RELATIONS, relations } from './office-xml.suite.ts'

/** What is in a cell. A string is a shared one; dates are written as days with a number format. */
export type XlsxCell =
  | string
  | number
  | boolean
  | null
  | Date
  | { readonly inline: string }
  | { readonly formula: string; readonly value: string | number }
  | { readonly error: string }
  /** A number shown by a format of one's own. */
  | { readonly number: number; readonly format: string }

export interface XlsxSheet {
  readonly name: string
  readonly rows: readonly (readonly XlsxCell[])[]
  readonly hidden?: boolean
}

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
const DAY_MS = 86_400_000

export function xlsxParts(sheets: readonly XlsxSheet[], date1904: boolean): Record<string, string> {
  const shared: string[] = []
  const formats: string[] = []
  const writer = { shared, formats, date1904 }
  const parts: Record<string, string> = {}
  sheets.forEach((sheet, index) => {
    parts[`xl/worksheets/sheet${index + 1}.xml`] = sheetXml(sheet, writer)
  })
  const entries = sheets.map(
    ({ name, hidden }, index) =>
      `<sheet name="${escapeXml(name)}" sheetId="${index + 1}" ${hidden ? 'state="hidden"' : ''} r:id="rId${index + 1}"/>`,
  )
  const links = sheets.map((_, index) => ['worksheet', `worksheets/sheet${index + 1}.xml`] as const)
  const strings = shared.map(
    text =>
      `<si><r><t>${escapeXml(text.slice(0, 1))}</t></r><r><t xml:space="preserve">${escapeXml(text.slice(1))}</t></r><rPh><t>ルビ</t></rPh></si>`,
  )
  return {
    ...parts,
    'xl/workbook.xml': `<workbook ${MAIN} ${RELATIONS}><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>${entries.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations([
      ...links,
      ['sharedStrings', 'sharedStrings.xml'],
      ['styles', 'styles.xml'],
    ]),
    'xl/sharedStrings.xml': `<sst ${MAIN}>${strings.join('')}</sst>`,
    'xl/styles.xml': stylesXml(formats),
  }
}

interface Writer {
  readonly shared: string[]
  readonly formats: string[]
  readonly date1904: boolean
}

function stylesXml(formats: readonly string[]): string {
  const own = formats.map((code, index) => `<numFmt numFmtId="${164 + index}" formatCode="${escapeXml(code)}"/>`)
  const styles = [0, 14, 22, ...formats.map((_, index) => 164 + index)].map(id => `<xf numFmtId="${id}"/>`)
  return `<styleSheet ${MAIN}><numFmts>${own.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${styles.join('')}</cellXfs></styleSheet>`
}

function sheetXml({ rows }: XlsxSheet, writer: Writer): string {
  const lines = rows.map((row, index) => {
    const cells = row.map((cell, column) => cellXml(cell, `${columnName(column)}${index + 1}`, writer))
    return `<row r="${index + 1}">${cells.join('')}</row>`
  })
  return `<worksheet ${MAIN}><sheetData>${lines.join('')}</sheetData></worksheet>`
}

function columnName(column: number): string {
  const last = String.fromCharCode(65 + (column % 26))
  return column < 26 ? last : columnName(Math.floor(column / 26) - 1) + last
}

function cellXml(cell: XlsxCell, at: string, { shared, formats, date1904 }: Writer): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return `<c r="${at}" t="s"><v>${shared.push(cell) - 1}</v></c>`
  if (typeof cell === 'number') return `<c r="${at}"><v>${cell}</v></c>`
  if (typeof cell === 'boolean') return `<c r="${at}" t="b"><v>${cell ? 1 : 0}</v></c>`
  if (cell instanceof Date) {
    const days =
      cell.getTime() / DAY_MS - Date.UTC(date1904 ? 1904 : 1899, date1904 ? 0 : 11, date1904 ? 1 : 30) / DAY_MS
    return `<c r="${at}" s="${Number.isInteger(days) ? 1 : 2}"><v>${days}</v></c>`
  }
  if ('inline' in cell) return `<c r="${at}" t="inlineStr"><is><t>${escapeXml(cell.inline)}</t></is></c>`
  if ('error' in cell) return `<c r="${at}" t="e"><v>${cell.error}</v></c>`
  if ('format' in cell) return `<c r="${at}" s="${formats.push(cell.format) + 2}"><v>${cell.number}</v></c>`
  const type = typeof cell.value === 'string' ? 't="str"' : ''
  return `<c r="${at}" ${type}><f>${escapeXml(cell.formula)}</f><v>${escapeXml(String(cell.value))}</v></c>`
}
