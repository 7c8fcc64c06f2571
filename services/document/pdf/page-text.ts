import type { PDFPageProxy } from './pdf-library.ts'

/** Some text of a page that stands in one line, in points from the upper left corner. */
export interface Run {
  readonly text: string
  readonly x: number
  readonly right: number
  /** Where the text behind the sign or number of an item starts. */
  readonly indent?: number
  /** Of its base line. */
  readonly y: number
  readonly size: number
  readonly bold: boolean
  readonly mono: boolean
  readonly rtl: boolean
}

/** Tells of a font, by the name that pdf.js gives it, whether it is bold. */
export type IsBold = (font: string) => boolean

type Quarter = 0 | 1 | 2 | 3

/**
 * The runs of a page as somebody reads it: turned as most of its text is. What stands across comes last, as lines below the page;
 * what is slanted (watermarks) is left out, and so is what was printed twice in one place to look bold.
 */
export async function readRuns(
  page: PDFPageProxy,
  isBold: (fonts: readonly string[]) => Promise<IsBold>,
): Promise<readonly Run[]> {
  const { items, styles } = await page.getTextContent()
  const viewport = page.getViewport({ scale: 1 })
  const bold = await isBold(Object.keys(styles))
  const byQuarter: Run[][] = [[], [], [], []]
  const seen = new Map<string, Run>()
  for (const item of items) {
    if (!('str' in item)) continue
    const text = readable(item.str)
    if (text.trim() === '') continue
    const [a, b, c, d, x, y] = multiplied(viewport.transform, item.transform)
    const quarter = quarterOf(a, b)
    const size = Math.hypot(c, d)
    if (quarter === undefined || size < 0.5 || !Number.isFinite(x + y + size)) continue
    const place = turned(x, y, quarter)
    const run = {
      text,
      x: place.x,
      right: place.x + item.width,
      y: place.y,
      size,
      bold: bold(item.fontName),
      mono: styles[item.fontName]?.fontFamily === 'monospace',
      rtl: item.dir === 'rtl',
    }
    const twin = seen.get(text)
    if (twin && Math.abs(twin.x - run.x) < size * 0.2 && Math.abs(twin.y - run.y) < size * 0.2) continue
    seen.set(text, run)
    byQuarter[quarter]?.push(run)
  }
  return together(byQuarter)
}

function together(byQuarter: readonly (readonly Run[])[]): readonly Run[] {
  const inOrder = byQuarter.toSorted((a, b) => letters(b) - letters(a))
  let bottom = 0
  return inOrder.flatMap(runs => {
    const top = Math.min(...runs.map(run => run.y))
    const shift = bottom === 0 ? 0 : bottom - top + 50
    const moved = runs.map(run => ({ ...run, y: run.y + shift }))
    bottom = moved.reduce((low, run) => Math.max(low, run.y), bottom)
    return moved
  })
}

function letters(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.text.length, 0)
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNREADABLE = /[\u0000-\u001f\u007f-\u009f\ufeff\ufffe\uffff]/g

function readable(text: string): string {
  return text.replaceAll(UNREADABLE, ' ').replaceAll('\u00a0', ' ')
}

type Matrix = readonly [number, number, number, number, number, number]

function multiplied(outer: readonly number[], inner: readonly number[]): Matrix {
  const [a1 = 1, b1 = 0, c1 = 0, d1 = 1, e1 = 0, f1 = 0] = outer
  const [a2 = 1, b2 = 0, c2 = 0, d2 = 1, e2 = 0, f2 = 0] = inner
  return [
    a1 * a2 + c1 * b2,
    b1 * a2 + d1 * b2,
    a1 * c2 + c1 * d2,
    b1 * c2 + d1 * d2,
    a1 * e2 + c1 * f2 + e1,
    b1 * e2 + d1 * f2 + f1,
  ]
}

/** Where the line runs to: right, down, left, up. */
function quarterOf(a: number, b: number): Quarter | undefined {
  const angle = (Math.atan2(b, a) / Math.PI) * 2
  const quarter = Math.round(angle)
  if (Math.abs(angle - quarter) > 0.06) return undefined
  const quarters: readonly Quarter[] = [0, 1, 2, 3]
  return quarters[(quarter + 4) % 4]
}

function turned(x: number, y: number, quarter: Quarter): { x: number; y: number } {
  if (quarter === 0) return { x, y }
  if (quarter === 1) return { x: y, y: -x }
  return quarter === 2 ? { x: -x, y: -y } : { x: -y, y: x }
}
