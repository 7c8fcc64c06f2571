import type { Run } from './page-text.ts'

/** Runs with no wide gap between them. */
export type Segment = Run

/** Segments on one base line, from left to right. */
export interface Row {
  readonly y: number
  readonly size: number
  readonly segments: readonly Segment[]
}

interface Draft {
  y: number
  size: number
  readonly runs: Run[]
}

/** In ems: a gap this wide is a blank. */
const BLANK = 0.12
/** In ems: a gap this wide is more than a blank. */
const WIDE = 1
const LOOK_BACK = 8

/** The rows of some text from the top. Small text set higher or lower belongs to the row beside it. */
export function rowsOf(runs: readonly Run[]): readonly Row[] {
  const drafts: Draft[] = []
  for (const run of runs.toSorted((a, b) => a.y - b.y || a.x - b.x)) {
    const row = drafts.slice(-LOOK_BACK).findLast(draft => belongs(run, draft))
    if (!row) drafts.push({ y: run.y, size: run.size, runs: [run] })
    else {
      row.runs.push(run)
      if (run.size > row.size * 1.2) Object.assign(row, { y: run.y, size: run.size })
    }
  }
  return drafts
    .toSorted((a, b) => a.y - b.y)
    .map(({ y, runs: own }) => ({ y, size: mainSize(own), segments: segmentsOf(own) }))
}

function belongs(run: Run, row: Draft): boolean {
  const below = run.y - row.y
  if (Math.abs(below) <= 0.3 * Math.min(run.size, row.size)) return true
  const larger = Math.max(run.size, row.size)
  if (Math.min(run.size, row.size) > 0.85 * larger) return false
  const smallBelow = run.size < row.size ? below : -below
  return smallBelow > -0.6 * larger && smallBelow < 0.3 * larger
}

/** The size that most of it is set in. */
export function mainSize(runs: readonly Run[]): number {
  const sizes = new Map<number, number>()
  for (const { size, text } of runs) {
    const rounded = Math.round(size * 2) / 2
    sizes.set(rounded, (sizes.get(rounded) ?? 0) + text.length)
  }
  let best = 0
  for (const [size, count] of sizes) if (count > (sizes.get(best) ?? 0)) best = size
  return best
}

function segmentsOf(runs: readonly Run[]): readonly Segment[] {
  const segments: Segment[] = []
  for (const run of runs.toSorted((a, b) => a.x - b.x)) {
    const last = segments.at(-1)
    const gap = last ? run.x - last.right : 0
    const em = last ? Math.max(last.size, run.size) : 0
    if (!last || (gap > WIDE * em && !isMarker(last.text))) segments.push(run)
    else segments[segments.length - 1] = joined(last, run, gap > BLANK * em)
  }
  return segments.map(segment => ({ ...segment, text: segment.text.trim() }))
}

/** Whether this is the sign or the number in front of an item of a list. */
export function isMarker(text: string): boolean {
  return /^\s*(?:[•◦▪▫●○■□‣⁃∙·\-–—*\uf0b7\uf0a7]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])\s*$/.test(text)
}

function joined(left: Segment, right: Run, blank: boolean): Segment {
  const rtl = left.text.length < right.text.length ? right.rtl : left.rtl
  const [first, second] = rtl ? [right, left] : [left, right]
  const between = blank && !/\s$/.test(first.text) && !/^\s/.test(second.text) ? ' ' : ''
  const longer = left.text.length < right.text.length ? right : left
  const indent = left.indent ?? (isMarker(left.text) ? right.x : undefined)
  return {
    ...(indent === undefined ? {} : { indent }),
    text: `${first.text}${between}${second.text}`,
    x: Math.min(left.x, right.x),
    right: Math.max(left.right, right.right),
    y: longer.y,
    size: longer.size,
    bold: left.bold && right.bold,
    mono: left.mono && right.mono,
    rtl,
  }
}
