import { escapeXml } from './office-xml.suite.ts'

/** A part of a Word document, as these tests need it. `down` and `across`: how many cells it covers. */
export type DocxBlock =
  | { readonly heading: string; readonly level: 1 | 2 | 3 }
  | { readonly text: string; readonly footnote?: string }
  | {
      readonly list: readonly (string | { readonly text: string; readonly level: number })[]
      readonly ordered?: boolean
    }
  | { readonly table: readonly (readonly DocxCell[])[] }
  | { readonly image: string }
  | { readonly styled: string; readonly style: string }

export type DocxCell = string | { readonly text: string; readonly across?: number; readonly down?: number }

export const DOCX_STYLES = [1, 2, 3]
  .map(level => style(`berschrift${level}`, `heading ${level}`, ''))
  .concat(
    style('Titel', 'Title', ''),
    style('Kapitel', 'Kapitel', '<w:basedOn w:val="berschrift2"/>'),
    style('Teil', 'Teil', '<w:pPr><w:outlineLvl w:val="2"/></w:pPr>'),
    style('Quelltext', 'HTML Preformatted', ''),
  )
  .join('')

export const DOCX_NUMBERING = ['bullet', 'decimal']
  .map((format, id) => {
    const level = (index: number): string =>
      `<w:lvl w:ilvl="${index}"><w:numFmt w:val="${format}"/><w:lvlText w:val="%1."/></w:lvl>`
    return `<w:abstractNum w:abstractNumId="${id}">${level(0)}${level(1)}</w:abstractNum>`
  })
  .concat([1, 2].map(id => `<w:num w:numId="${id}"><w:abstractNumId w:val="${id - 1}"/></w:num>`))
  .join('')

export function docxBody(blocks: readonly DocxBlock[]): string {
  let notes = 0
  return blocks
    .map(block => {
      if ('heading' in block) return paragraph(block.heading, properties(`berschrift${block.level}`))
      if ('styled' in block) return paragraph(block.styled, properties(block.style))
      if ('table' in block) return table(block.table)
      if ('image' in block) return image(block.image)
      if ('list' in block) return block.list.map(item => listItem(item, block.ordered ?? false)).join('')
      if (block.footnote === undefined) return paragraph(block.text)
      notes += 1
      return paragraph(block.text, '', `<w:r><w:footnoteReference w:id="${notes}"/></w:r>`)
    })
    .join('')
}

export function docxFootnotes(blocks: readonly DocxBlock[]): string {
  return blocks
    .flatMap(block => ('text' in block && block.footnote !== undefined ? [block.footnote] : []))
    .map((note, index) => `<w:footnote w:id="${index + 1}">${paragraph(note)}</w:footnote>`)
    .join('')
}

function style(id: string, name: string, rest: string): string {
  return `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${rest}</w:style>`
}

function properties(styleId: string): string {
  return `<w:pPr><w:pStyle w:val="${styleId}"/></w:pPr>`
}

function paragraph(text: string, front = '', behind = ''): string {
  return `<w:p>${front}<w:r><w:t xml:space="preserve">${escapeXml(text)}</w:t></w:r>${behind}</w:p>`
}

function listItem(item: string | { readonly text: string; readonly level: number }, ordered: boolean): string {
  const { text, level } = typeof item === 'string' ? { text: item, level: 0 } : item
  const number = `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${ordered ? 2 : 1}"/></w:numPr>`
  return paragraph(text, `<w:pPr>${number}</w:pPr>`)
}

function image(description: string): string {
  const pictures = 'http://schemas.openxmlformats.org/drawingml/2006'
  const blip = `<a:graphic xmlns:a="${pictures}/main"><a:graphicData><pic:pic xmlns:pic="${pictures}/picture"><pic:blipFill><a:blip r:embed="rId4"/></pic:blipFill></pic:pic></a:graphicData></a:graphic>`
  return `<w:p><w:r><w:drawing><wp:inline xmlns:wp="${pictures}/wordprocessingDrawing"><wp:docPr id="1" name="1" descr="${escapeXml(description)}"/>${blip}</wp:inline></w:drawing></w:r></w:p>`
}

function table(rows: readonly (readonly DocxCell[])[]): string {
  const merged = new Map<number, { left: number; across: number }>()
  return `<w:tbl>${rows.map(row => tableRow(row, merged)).join('')}</w:tbl>`
}

function tableRow(row: readonly DocxCell[], merged: Map<number, { left: number; across: number }>): string {
  const cells: string[] = []
  let column = 0
  const covered = (): void => {
    for (let above = merged.get(column); above; above = merged.get(column)) {
      cells.push(cell('', above.across, '<w:vMerge/>'))
      if (above.left === 1) merged.delete(column)
      else above.left -= 1
      column += above.across
    }
  }
  for (const one of row) {
    covered()
    const { text, across = 1, down = 1 } = typeof one === 'string' ? { text: one } : one
    cells.push(cell(text, across, down > 1 ? '<w:vMerge w:val="restart"/>' : ''))
    if (down > 1) merged.set(column, { left: down - 1, across })
    column += across
  }
  covered()
  return `<w:tr>${cells.join('')}</w:tr>`
}

function cell(text: string, across: number, merge: string): string {
  const span = across > 1 ? `<w:gridSpan w:val="${across}"/>` : ''
  return `<w:tc><w:tcPr>${span}${merge}</w:tcPr>${paragraph(text)}</w:tc>`
}
