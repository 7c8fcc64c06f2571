import { zipSync } from 'fflate'
import { docxBody, docxFootnotes, DOCX_NUMBERING, DOCX_STYLES } from './docx-body.suite.ts'
import type { DocxBlock } from './docx-body.suite.ts'
import { escapeXml, RELATIONS, relations, W } from './office-xml.suite.ts'
import { pptxParts } from './pptx-slides.suite.ts'
import type { PptxSlide } from './pptx-slides.suite.ts'
import { xlsxParts } from './xlsx-sheets.suite.ts'
import type { XlsxSheet } from './xlsx-sheets.suite.ts'

/** A zip archive of these files. */
export function zipOf(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([name, content]) => [name, Buffer.from(content)] as const)
  return zipSync(Object.fromEntries(entries.map(([name, content]) => [name, new Uint8Array(content)])))
}

/** A Word document. */
export function docxOf(blocks: readonly DocxBlock[], options: { readonly title?: string } = {}): Uint8Array {
  return zipOf(docxFiles(blocks, options))
}

/** The files inside a Word document, by name. */
export function docxFiles(blocks: readonly DocxBlock[], { title }: { title?: string } = {}): Record<string, string> {
  return {
    ...packageOf('word/document.xml', title),
    'word/_rels/document.xml.rels': relations([
      ['styles', 'styles.xml'],
      ['numbering', 'numbering.xml'],
      ['footnotes', 'footnotes.xml'],
      ['image', 'media/image1.png'],
    ]),
    'word/document.xml': `<w:document ${W} ${RELATIONS}><w:body>${docxBody(blocks)}</w:body></w:document>`,
    'word/styles.xml': `<w:styles ${W}>${DOCX_STYLES}</w:styles>`,
    'word/numbering.xml': `<w:numbering ${W}>${DOCX_NUMBERING}</w:numbering>`,
    'word/footnotes.xml': `<w:footnotes ${W}>${docxFootnotes(blocks)}</w:footnotes>`,
    'word/media/image1.png': 'not read by anybody',
  }
}

/** A presentation. */
export function pptxOf(slides: readonly PptxSlide[], options: { readonly title?: string } = {}): Uint8Array {
  return zipOf({ ...packageOf('ppt/presentation.xml', options.title), ...pptxParts(slides) })
}

/** A workbook. `date1904`: days are counted as old Macintoshes did. */
export function xlsxOf(
  sheets: readonly XlsxSheet[],
  options: { readonly title?: string; readonly date1904?: boolean } = {},
): Uint8Array {
  const parts = xlsxParts(sheets, options.date1904 ?? false)
  return zipOf({ ...packageOf('xl/workbook.xml', options.title), ...parts })
}

/** A Word document which unpacks to so many million bytes of nothing. */
export function zipBomb(megabytes: number): Uint8Array {
  return zipOf({ ...docxFiles([]), 'word/document.xml': new Uint8Array(megabytes * 1_000_000) })
}

/** What Office writes when a file gets a password: no zip, but an OLE container with the sealed one in it. */
export function officeWithPassword(): Uint8Array {
  return oleOf('EncryptedPackage')
}

/** A file of Office 97. */
export function oldOfficeFile(): Uint8Array {
  return oleOf('WordDocument')
}

function oleOf(stream: string): Uint8Array {
  const bytes = Buffer.alloc(2048)
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(bytes)
  Buffer.from(stream, 'utf16le').copy(bytes, 1152)
  return bytes
}

function packageOf(main: string, title: string | undefined): Record<string, string> {
  const types = 'http://schemas.openxmlformats.org/package/2006'
  return {
    '[Content_Types].xml': `<Types xmlns="${types}/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/></Types>`,
    '_rels/.rels': relations([['officeDocument', main]]),
    'docProps/core.xml': `<cp:coreProperties xmlns:cp="${types}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${escapeXml(title ?? '')}</dc:title></cp:coreProperties>`,
  }
}
