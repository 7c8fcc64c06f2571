import { ParseFailure } from '../parsing/parser.ts'
import type { Block, ParserInput } from '../parsing/parser.ts'
import { readDocxHtml } from './docx-html.ts'
import { docxStyleMap } from './docx-styles.ts'
import { openOffice } from './package.ts'
import type { OfficePackage } from './package.ts'
import { checkXml } from './xml.ts'

/** A Word document as blocks: mammoth makes HTML of its text parts, which are all it is given. Throws {@link ParseFailure}. */
export async function* readDocx(input: ParserInput): AsyncGenerator<Block> {
  const file = await openOffice(input, 'docx')
  let html: string
  let pictures: number
  try {
    input.progress(0.1)
    ;({ html, pictures } = await toHtml(file))
  } finally {
    await file.close()
  }
  input.progress(0.8)
  if (pictures > 0) input.notice(`pictures left out: ${pictures}`)
  const blocks = readDocxHtml(html)
  if (blocks.length === 0) {
    throw pictures > 0
      ? new ParseFailure(
          'NO_TEXT',
          'the document has pictures and no text: text in pictures must be recognised (OCR) first',
        )
      : new ParseFailure('EMPTY', 'the document has no text')
  }
  yield* blocks
  input.progress(1)
}

async function toHtml(file: OfficePackage): Promise<{ html: string; pictures: number }> {
  const { default: mammoth } = await import('mammoth')
  const buffer = await textParts(file)
  let pictures = 0
  const convertImage = mammoth.images.imgElement(async () => {
    pictures += 1
    return { src: '' }
  })
  try {
    const styleMap = await docxStyleMap(file)
    const result = await mammoth.convertToHtml({ buffer }, { convertImage, styleMap, externalFileAccess: false })
    return { html: result.value, pictures }
  } catch (error) {
    if (error instanceof ParseFailure) throw error
    throw new ParseFailure(
      'BROKEN',
      `the Word document cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** An archive of the XML parts alone, stored and checked, so that no library opens what somebody sent. */
async function textParts({ zip }: OfficePackage): Promise<Buffer> {
  const { zipSync } = await import('fflate')
  const names = zip.names().filter(name => /\.(xml|rels)$/i.test(name) && !/^customXml\//i.test(name))
  const parts: Record<string, Uint8Array> = {}
  for (const name of names) {
    const bytes = await zip.bytes(name)
    await checkXml(bytes, name)
    parts[name] = bytes
  }
  return Buffer.from(zipSync(parts, { level: 0 }))
}
