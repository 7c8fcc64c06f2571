import { oneLine } from '../office/table.ts'
import { titleKey } from './headings.ts'
import type { Level, Outline } from './headings.ts'
import type { PDFDocumentProxy } from './pdf-library.ts'

const MOST_TITLES = 5000
const LEVELS: readonly Level[] = [1, 2, 3, 4, 5, 6]

type Item = Awaited<ReturnType<PDFDocumentProxy['getOutline']>>[number]

/** The titles of a PDF's table of contents with their levels. */
export async function readOutline(pdf: PDFDocumentProxy): Promise<Outline> {
  const outline = new Map<string, Level>()
  const add = (items: readonly Item[], depth: number): void => {
    const level = LEVELS[depth]
    if (level === undefined) return
    for (const { title, items: below } of items) {
      if (outline.size >= MOST_TITLES) return
      const key = titleKey(title)
      if (key !== '' && !outline.has(key)) outline.set(key, level)
      add(below, depth + 1)
    }
  }
  // An outline is a help and no more: a broken one is as good as none.
  const items = await pdf.getOutline().catch(() => null)
  add(items ?? [], 0)
  return outline
}

/** The title in a PDF's properties, without what programs write there by themselves. */
export async function readTitle(pdf: PDFDocumentProxy): Promise<string> {
  const found = await pdf.getMetadata().catch(() => undefined)
  const info: object = found?.info ?? {}
  const own: unknown = 'Title' in info ? info.Title : ''
  const extended: unknown = found?.metadata?.get('dc:title')
  const titles = [own, extended].map(title => (typeof title === 'string' ? cleaned(title) : ''))
  return titles.find(title => title !== '') ?? ''
}

function cleaned(title: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const text = oneLine(title.replaceAll(/[\u0000-\u001f\ufffd]/g, ' ')).replace(
    /^Microsoft (Word|PowerPoint|Excel) - /,
    '',
  )
  return /^(untitled|unbenannt|.{0,3})$/i.test(text) ? '' : text
}
