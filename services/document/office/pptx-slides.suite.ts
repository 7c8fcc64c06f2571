import { escapeXml, RELATIONS, relations } from './office-xml.suite.ts'

export interface PptxSlide {
  readonly title?: string
  /** Paragraphs of the slide's body; two blanks in front for each level. */
  readonly lines?: readonly string[]
  readonly table?: readonly (readonly string[])[]
  readonly notes?: string
  readonly hidden?: boolean
}

const P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
const A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'

/** The files of a presentation. The slides' file names run against their order, as they do after somebody moved slides. */
export function pptxParts(slides: readonly PptxSlide[]): Record<string, string> {
  const file = (index: number): number => slides.length - index
  const ids = slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="rId${index + 1}"/>`)
  const links = slides.map((_, index) => ['slide', `slides/slide${file(index)}.xml`] as const)
  const parts: Record<string, string> = {
    'ppt/presentation.xml': `<p:presentation ${P} ${RELATIONS}><p:sldIdLst>${ids.join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(links),
  }
  slides.forEach((slide, index) => {
    const number = file(index)
    parts[`ppt/slides/slide${number}.xml`] = slideXml(slide)
    if (slide.notes === undefined) return
    parts[`ppt/slides/_rels/slide${number}.xml.rels`] = relations([
      ['notesSlide', `../notesSlides/notesSlide${number}.xml`],
    ])
    const shapes = shape('sldNum', [String(index + 1)]) + shape('body', [slide.notes])
    parts[`ppt/notesSlides/notesSlide${number}.xml`] = tree('notes', '', shapes)
  })
  return parts
}

function slideXml({ title, lines, table, hidden }: PptxSlide): string {
  const shapes = [
    lines ? shape('body', lines) : '',
    table ? tableFrame(table) : '',
    title === undefined ? '' : shape('ctrTitle', [title]),
    shape('sldNum', ['99']),
  ]
  return tree('sld', hidden ? 'show="0"' : '', shapes.join(''))
}

function tree(root: string, attributes: string, shapes: string): string {
  return `<p:${root} ${P} ${A} ${attributes}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:${root}>`
}

function shape(placeholder: string, lines: readonly string[]): string {
  const type = placeholder === 'body' ? 'idx="1"' : `type="${placeholder}"`
  const front = `<p:nvSpPr><p:cNvPr id="2" name="x"/><p:nvPr><p:ph ${type}/></p:nvPr></p:nvSpPr>`
  return `<p:sp>${front}<p:txBody>${lines.map(paragraph).join('')}</p:txBody></p:sp>`
}

function paragraph(line: string): string {
  const text = line.trimStart()
  const level = (line.length - text.length) / 2
  return `<a:p><a:pPr lvl="${level}"/><a:r><a:t>${escapeXml(text)}</a:t></a:r></a:p>`
}

function tableFrame(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => `<a:tc><a:txBody>${paragraph(text)}</a:txBody></a:tc>`
  const lines = rows.map(row => `<a:tr>${row.map(cell).join('')}</a:tr>`)
  return `<p:graphicFrame><a:graphic><a:graphicData><a:tbl>${lines.join('')}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>`
}
