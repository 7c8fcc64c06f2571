import type { Span, Timeline } from '#graph/timeline.ts'
import { formatDuration } from './duration.ts'
import { marksOf } from './marks.ts'
import type { Range } from './window.ts'
import { ticksOf } from './window.ts'

/** Heights of a lane and of the ruler above, and the width of the names, in pixels. */
export const ROW = 22
export const RULER = 18
export const NAMES = 160

interface Drawing {
  readonly timeline: Timeline
  readonly lanes: readonly string[]
  readonly range: Range
  /** When the run began. */
  readonly origin: number
  readonly size: { readonly width: number; readonly height: number; readonly top: number }
  /** Where the slider stands; undefined: at the end. */
  readonly now: number | undefined
}

/** Draws the lanes in sight. */
export function drawLanes(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const { size } = drawing
  const ratio = globalThis.devicePixelRatio || 1
  const width = Math.max(0, size.width - NAMES - 12)
  canvas.style.width = `${width}px`
  canvas.style.height = `${size.height}px`
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(size.height * ratio)
  const context = canvas.getContext('2d')
  if (!context) return
  const style = getComputedStyle(canvas)
  const colour = (name: string) => style.getPropertyValue(name).trim() || '#888'
  context.scale(ratio, ratio)
  const ticks = ticksOf(drawing.range, drawing.origin, Math.max(2, Math.floor(width / 90)))
  const x = (at: number) => ((at - drawing.range.from) / (drawing.range.to - drawing.range.from)) * (width - 2)
  context.fillStyle = colour('--border')
  for (const tick of ticks) context.fillRect(x(tick), RULER - 5, 1, size.height)
  context.save()
  context.beginPath()
  context.rect(0, RULER, width, size.height)
  context.clip()
  drawRows(context, drawing, width, x, colour)
  context.restore()
  drawRuler(context, drawing, ticks, width, x, colour)
  if (drawing.now !== undefined) {
    context.fillStyle = colour('--accent')
    context.fillRect(x(drawing.now), 0, 2, size.height)
  }
}

type Scale = (at: number) => number
type Colour = (name: string) => string

function drawRows(
  context: CanvasRenderingContext2D,
  { timeline, lanes, range, size }: Drawing,
  width: number,
  x: Scale,
  colour: Colour,
): void {
  const first = Math.floor(size.top / ROW)
  const colours = {
    line: colour('--border'),
    failed: colour('--error'),
    running: colour('--running'),
    done: colour('--done'),
  }
  for (let row = first; row < Math.min(lanes.length, first + size.height / ROW + 1); row++) {
    const top = row * ROW - size.top + RULER
    context.fillStyle = colours.line
    context.fillRect(0, top + ROW - 1, width, 1)
    let drawnTo = -1
    for (const span of inSight(timeline.spans.get(lanes[row] ?? '') ?? [], range)) {
      const left = Math.max(-4, x(span.from))
      const right = Math.min(width + 4, Math.max(left + 3, x(span.to ?? range.to)))
      // Thousands of short ones on one pixel are one.
      if (right <= drawnTo + 0.5 && !span.failed) continue
      drawnTo = right
      context.fillStyle = span.failed ? colours.failed : span.to === undefined ? colours.running : colours.done
      context.beginPath()
      context.roundRect(left, top + 5, right - left, ROW - 11, 3)
      context.fill()
    }
  }
  drawWaits(context, { timeline, lanes, range, size }, x, colour)
}

/** Spans begin in the order of time: those before the range are passed over quickly. */
function inSight(spans: readonly Span[], { from, to }: Range): readonly Span[] {
  if (spans.length < 200) return spans.filter(span => span.from <= to && (span.to ?? to) >= from)
  const found: Span[] = []
  for (const span of spans) {
    if (span.from > to) break
    if ((span.to ?? to) >= from) found.push(span)
  }
  return found
}

/** While a node waited for somebody or something, its lane is hatched. */
function drawWaits(
  context: CanvasRenderingContext2D,
  { timeline, lanes, range, size }: Pick<Drawing, 'timeline' | 'lanes' | 'range' | 'size'>,
  x: Scale,
  colour: Colour,
): void {
  const { all } = marksOf(timeline)
  for (const [index, { kind, node, seq }] of all.entries()) {
    if (kind !== 'waiting') continue
    const row = lanes.indexOf(node)
    if (row < 0) continue
    const from = timeline.entries[seq - 1]?.at ?? range.from
    const end = all.slice(index + 1).find(mark => mark.kind === 'answered' && mark.node === node)
    const to = end ? (timeline.entries[end.seq - 1]?.at ?? range.to) : range.to
    const top = row * ROW - size.top + RULER
    context.save()
    context.beginPath()
    context.rect(x(from), top + 5, Math.max(3, x(to) - x(from)), ROW - 11)
    context.clip()
    context.strokeStyle = colour('--panel')
    context.lineWidth = 2
    context.beginPath()
    for (let at = x(from) - ROW; at < x(to); at += 6) {
      context.moveTo(at, top + ROW)
      context.lineTo(at + ROW, top)
    }
    context.stroke()
    context.restore()
  }
}

function drawRuler(
  context: CanvasRenderingContext2D,
  { origin }: Drawing,
  ticks: readonly number[],
  width: number,
  x: Scale,
  colour: Colour,
): void {
  context.font = '10px ui-sans-serif, system-ui, sans-serif'
  context.textBaseline = 'middle'
  context.fillStyle = colour('--muted')
  for (const tick of ticks)
    context.fillText(formatDuration(tick - origin), Math.min(x(tick) + 4, width - 40), RULER / 2)
}

/** The piece of work of a node at a moment, give or take. */
export function spanUnder({ spans }: Timeline, node: string, at: number, slack: number): Span | undefined {
  return spans.get(node)?.findLast(({ from, to }) => from - slack <= at && (to === undefined || to + slack >= at))
}
