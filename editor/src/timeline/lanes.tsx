import type { PointerEvent, ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Timeline } from '#graph/timeline.ts'
import { seek, useTabRun } from '../run/store.ts'

const ROW = 22
const NAMES = 148

/** When each node was at work: a lane per node, drawn on one canvas. Clicking goes to that moment. */
export function Lanes({ tab }: { readonly tab: string }): ReactNode {
  const { timeline, view, document, position } = useTabRun(tab)
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0, top: 0 })
  const last = timeline.last
  const lanes = useMemo(() => [...timeline.spans.keys()], [timeline, last])
  const range = useMemo(() => rangeOf(timeline), [timeline, last])

  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
    // Without a run there is nothing to measure yet.
  }, [last === 0])

  useEffect(() => {
    if (canvas.current) draw(canvas.current, timeline, lanes, range, size, position === 'live' ? undefined : view.at)
  }, [timeline, last, lanes, range, size, position, view.at])

  const first = Math.floor(size.top / ROW)
  const shown = lanes.slice(first, first + Math.ceil(size.height / ROW) + 1)
  const onPointer = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons !== 1 && event.type !== 'pointerdown') return
    const box = event.currentTarget.getBoundingClientRect()
    const at = range.from + ((event.clientX - box.left) / Math.max(1, box.width)) * (range.to - range.from)
    seek(tab, entryAt(timeline, at))
  }
  if (last === 0)
    return (
      <p className="timeline__empty">
        Run the spell: each node gets a lane here that shows when it worked, and for how long.
      </p>
    )
  return (
    <div className="lanes" ref={scroller} data-testid="lanes">
      <div style={{ height: lanes.length * ROW }}>
        <div className="lanes__window" style={{ transform: `translateY(${size.top}px)` }}>
          <ol
            className="lanes__names"
            style={{ width: NAMES, transform: `translateY(${-(size.top - first * ROW)}px)` }}
          >
            {shown.map(node => (
              <li key={node} style={{ height: ROW }} title={node}>
                {document?.nodes[node]?.title ?? node}
              </li>
            ))}
          </ol>
          <canvas ref={canvas} onPointerDown={onPointer} onPointerMove={onPointer} aria-hidden="true" />
        </div>
      </div>
    </div>
  )
}

interface Range {
  readonly from: number
  readonly to: number
}

function rangeOf(timeline: Timeline): Range {
  const from = timeline.entries[0]?.at ?? 0
  return { from, to: Math.max(from + 1, timeline.entries.at(-1)?.at ?? from) }
}

/** The last entry at or before a time. */
function entryAt(timeline: Timeline, at: number): number {
  let low = 0
  let high = timeline.last
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timeline.entries[middle]?.at ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low
}

function draw(
  canvas: HTMLCanvasElement,
  timeline: Timeline,
  lanes: readonly string[],
  range: Range,
  size: { width: number; height: number; top: number },
  now: number | undefined,
): void {
  const ratio = globalThis.devicePixelRatio || 1
  const width = Math.max(0, size.width - NAMES - 16)
  canvas.style.width = `${width}px`
  canvas.style.height = `${size.height}px`
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(size.height * ratio)
  const context = canvas.getContext('2d')
  if (!context) return
  const style = getComputedStyle(canvas)
  const colour = (name: string) => style.getPropertyValue(name).trim() || '#888'
  context.scale(ratio, ratio)
  const x = (at: number) => ((at - range.from) / (range.to - range.from)) * (width - 2)
  const first = Math.floor(size.top / ROW)
  for (let row = first; row < Math.min(lanes.length, first + size.height / ROW + 1); row++) {
    const top = row * ROW - size.top
    context.fillStyle = colour('--border')
    context.fillRect(0, top + ROW - 1, width, 1)
    for (const span of timeline.spans.get(lanes[row] ?? '') ?? []) {
      const left = x(span.from)
      context.fillStyle = colour(span.failed ? '--error' : span.to === undefined ? '--running' : '--done')
      context.beginPath()
      context.roundRect(left, top + 5, Math.max(3, x(span.to ?? range.to) - left), ROW - 11, 3)
      context.fill()
    }
  }
  if (now !== undefined) {
    context.fillStyle = colour('--accent')
    context.fillRect(x(Math.max(range.from, now)), 0, 2, size.height)
  }
}
