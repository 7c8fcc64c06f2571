import { readFile } from 'node:fs/promises'
import { ParseFailure } from '../parsing/parser.ts'
import type { Block, ParserInput } from '../parsing/parser.ts'
import { createFonts } from './fonts.ts'
import { findForm } from './form.ts'
import type { Form } from './form.ts'
import { readOutline, readTitle } from './outline.ts'
import { createStyle } from './page-style.ts'
import { readRuns } from './page-text.ts'
import { pageBlocks } from './paragraphs.ts'
import { openPdf, reasonOf } from './pdf-library.ts'
import type { PDFDocumentProxy } from './pdf-library.ts'
import { rowsOf } from './rows.ts'
import { createRunning, RUNNING_WINDOW } from './running.ts'
import type { LaidPage } from './running.ts'

/** A PDF as blocks, page by page; few pages are held at a time. Throws {@link ParseFailure}. */
export async function* readPdf(input: ParserInput): AsyncGenerator<Block> {
  const pdf = await openPdf(await ownBytes(input.path))
  try {
    refuseTooMany(pdf.numPages, input)
    input.pages(pdf.numPages)
    const title = await readTitle(pdf)
    if (title !== '') input.title(title)
    yield* pagesBlocks(pdf, input)
  } finally {
    await pdf.loadingTask.destroy()
  }
}

/** Bytes that nobody else looks at: pdf.js takes the memory away. */
async function ownBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path)
  return bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes)
}

function refuseTooMany(pages: number, { limits }: ParserInput): void {
  if (pages === 0) throw new ParseFailure('EMPTY', 'the PDF has no pages')
  if (pages <= limits.pages) return
  throw new ParseFailure('TOO_MANY_PAGES', `the PDF has ${pages} pages, at most ${limits.pages} are read`)
}

async function* pagesBlocks(pdf: PDFDocumentProxy, input: ParserInput): AsyncGenerator<Block> {
  const outline = await readOutline(pdf)
  const reader = createReader(pdf, await findForm(pdf))
  const withoutRunning = createRunning()
  const total = pdf.numPages
  let laid: LaidPage[] = []
  for (let page = 1; page <= total; page++) {
    const ahead = Math.min(total, page + RUNNING_WINDOW)
    for (let next = (laid.at(-1)?.page ?? 0) + 1; next <= ahead; next++) laid.push(await reader.read(next))
    laid = laid.filter(other => other.page >= page - RUNNING_WINDOW)
    yield { kind: 'page', page }
    const current = laid.find(other => other.page === page)
    const style = reader.style()
    const around = { pages: laid, total, bodySize: style.bodySize }
    if (current) yield* pageBlocks(withoutRunning(current, around), style, outline)
    const filledIn = reader.filledIn(page)
    if (filledIn.length > 0) yield { kind: 'table', text: filledIn.join('\n') }
    input.progress(page / total)
  }
  reader.tell(input)
}

function createReader(pdf: PDFDocumentProxy, form: Form) {
  const filledIn = new Map<number, readonly string[]>()
  const fonts = createFonts()
  const style = createStyle()
  let textless = 0
  let broken = 0
  let reason = ''

  async function read(number: number): Promise<LaidPage> {
    try {
      const page = await pdf.getPage(number)
      const runs = await readRuns(page, names => fonts.look(page, names))
      const lines = await form.linesOn(page)
      page.cleanup()
      style.add(runs)
      if (lines.length > 0) filledIn.set(number, lines)
      else if (runs.length === 0) textless += 1
      return { page: number, rows: rowsOf(runs) }
    } catch (error) {
      broken += 1
      reason = reasonOf(error)
      return { page: number, rows: [] }
    }
  }
  return {
    read,
    style: style.read,
    /** Of the form that it is, once. */
    filledIn(page: number): readonly string[] {
      const lines = filledIn.get(page) ?? []
      filledIn.delete(page)
      return lines
    },
    /** What was not read. Throws {@link ParseFailure} if that was all. */
    tell({ notice }: ParserInput): void {
      const total = pdf.numPages
      if (broken === total) throw new ParseFailure('BROKEN', `no page of the PDF can be read: ${reason}`)
      if (textless + broken === total) {
        const what = total === 1 ? 'its page is a picture' : `its ${total} pages are pictures`
        throw new ParseFailure(
          'NO_TEXT',
          `the PDF has no text, ${what}: text in pictures must be recognised (OCR) first`,
        )
      }
      if (broken > 0) notice(`pages that cannot be read left out: ${broken} of ${total} (${reason})`)
      if (textless > 0) notice(`pages without text, such as scans: ${textless} of ${total}`)
    },
  }
}
