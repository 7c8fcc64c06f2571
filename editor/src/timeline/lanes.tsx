import { Maximize2, ZoomIn, ZoomOut } from 'lucide-react'
import type { PointerEvent, ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useOpenNode } from '../inside/use-open-node.ts'
import { seek, useTabRun } from '../run/store.ts'
import { drawLanes, NAMES, ROW, RULER, spanUnder } from './draw-lanes.ts'
import { formatDuration } from './duration.ts'
import { entryAt, lanesOf, laneTitle, rangeOf } from './lane-rows.ts'
import { stop } from './playback.ts'
import { onTimelineKey } from './transport.tsx'
import type { Range } from './window.ts'
import { moved, showing, zoomed } from './window.ts'

/** When each node was at work: a lane per node, drawn on one canvas. Clicking goes to that moment; the wheel with Ctrl zooms into time. */
export function Lanes({ tab }: { readonly tab: string }): ReactNode {
  const { timeline, view, document, position } = useTabRun(tab)
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [words, setWords] = useState('')
  const [part, setPart] = useState<Range | undefined>()
  const last = timeline.last
  const lanes = useMemo(
    () => lanesOf(timeline, words, node => laneTitle(document, node)),
    [timeline, last, words, document],
  )
  const whole = useMemo(() => rangeOf(timeline), [timeline, last])
  const now = position === 'live' ? undefined : Math.max(whole.from, view.at)
  const shown = part && now !== undefined ? showing(part, whole, now) : (part ?? whole)
  const size = useSize(scroller, last === 0)
  useEffect(() => setPart(undefined), [timeline])
  useEffect(() => {
    if (canvas.current) drawLanes(canvas.current, { timeline, lanes, range: shown, origin: whole.from, size, now })
  })
  useWheel(scroller, { whole, shown, setPart, isEmpty: last === 0 })
  const zoom = (factor: number) => setPart(zoomed(shown, whole, now ?? (shown.from + shown.to) / 2, factor))
  if (last === 0)
    return (
      <p className="timeline__empty">
        Run the spell: each node gets a lane here that shows when it worked, and for how long.
      </p>
    )
  const first = Math.floor(size.top / ROW)
  return (
    <div className="lanes-panel" onKeyDown={onTimelineKey(tab)}>
      <div className="lanes__bar">
        <input
          type="search"
          aria-label="Find a lane"
          placeholder={timeline.spans.size === 1 ? 'one lane' : `${timeline.spans.size} lanes`}
          value={words}
          onChange={event => setWords(event.target.value)}
        />
        <button aria-label="Zoom into time" title="Zoom in (Ctrl+wheel)" onClick={() => zoom(0.5)}>
          <ZoomIn size={13} />
        </button>
        <button aria-label="Zoom out of time" title="Zoom out" disabled={!part} onClick={() => zoom(2)}>
          <ZoomOut size={13} />
        </button>
        <button
          aria-label="The whole run"
          title="The whole run"
          disabled={!part}
          data-testid="lanes-fit"
          onClick={() => setPart(undefined)}
        >
          <Maximize2 size={12} />
        </button>
      </div>
      <div className="lanes" ref={scroller} data-testid="lanes" tabIndex={0} role="group" aria-label="Lanes">
        <div style={{ height: lanes.length * ROW + RULER }}>
          <div className="lanes__window" style={{ transform: `translateY(${size.top}px)`, height: size.height }}>
            <Names tab={tab} lanes={lanes} first={first} top={size.top} height={size.height} />
            <LaneCanvas tab={tab} canvas={canvas} lanes={lanes} range={shown} top={size.top} />
          </div>
        </div>
      </div>
    </div>
  )
}

function Names({
  tab,
  lanes,
  first,
  top,
  height,
}: {
  readonly tab: string
  readonly lanes: readonly string[]
  readonly first: number
  readonly top: number
  readonly height: number
}): ReactNode {
  const { document } = useTabRun(tab)
  const open = useOpenNode(tab)
  const shown = lanes.slice(first, first + Math.ceil(height / ROW) + 1)
  return (
    <div className="lanes__names" style={{ width: NAMES, height, paddingTop: RULER }}>
      <ol style={{ transform: `translateY(${first * ROW - top}px)` }}>
        {shown.map(node => (
          <li key={node} style={{ height: ROW, paddingLeft: 10 * (node.split('/').length - 1) }}>
            <button tabIndex={-1} title={node} onClick={() => void open(node)}>
              {laneTitle(document, node)}
            </button>
          </li>
        ))}
      </ol>
    </div>
  )
}

function LaneCanvas({
  tab,
  canvas,
  lanes,
  range,
  top,
}: {
  readonly tab: string
  readonly canvas: { current: HTMLCanvasElement | null }
  readonly lanes: readonly string[]
  readonly range: Range
  readonly top: number
}): ReactNode {
  const { timeline, document } = useTabRun(tab)
  const [title, setTitle] = useState('')
  const timeOf = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return range.from + ((event.clientX - box.left) / Math.max(1, box.width)) * (range.to - range.from)
  }
  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    stop(tab)
    const at = entryAt(timeline, timeOf(event))
    seek(tab, at >= timeline.last ? 'live' : at)
  }
  const onMove = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons === 1) return go(event)
    const box = event.currentTarget.getBoundingClientRect()
    const node = lanes[Math.floor((event.clientY - box.top - RULER + top) / ROW)]
    const perPixel = (range.to - range.from) / Math.max(1, box.width)
    const span = node === undefined ? undefined : spanUnder(timeline, node, timeOf(event), 3 * perPixel)
    setTitle(
      span && node
        ? `${laneTitle(document, node)}: ${span.to === undefined ? 'at work' : formatDuration(span.to - span.from)}, from ${formatDuration(span.from - (timeline.entries[0]?.at ?? 0))} on`
        : '',
    )
    return undefined
  }
  return (
    <canvas
      ref={canvas}
      title={title}
      onPointerDown={go}
      onPointerMove={onMove}
      role="presentation"
      aria-hidden="true"
    />
  )
}

/** The size of what is in sight, and how far it is scrolled. */
function useSize(scroller: { current: HTMLDivElement | null }, isEmpty: boolean) {
  const [size, setSize] = useState({ width: 0, height: 0, top: 0 })
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
  }, [scroller, isEmpty])
  return size
}

/** The wheel zooms with Ctrl, and goes through time with Shift or sideways. Not passive: the page must not zoom as well. */
function useWheel(
  scroller: { current: HTMLDivElement | null },
  given: { whole: Range; shown: Range; setPart(part: Range | undefined): void; isEmpty: boolean },
): void {
  const latest = useRef(given)
  latest.current = given
  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const onWheel = (event: WheelEvent) => {
      const { whole, shown, setPart } = latest.current
      const width = Math.max(1, element.clientWidth - NAMES)
      const length = shown.to - shown.from
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX
      if (event.ctrlKey || event.metaKey) {
        const x = event.clientX - element.getBoundingClientRect().left - NAMES
        const around = shown.from + Math.min(1, Math.max(0, x / width)) * length
        setPart(zoomed(shown, whole, around, Math.exp(event.deltaY / 300)))
      } else if (sideways !== 0 && length < whole.to - whole.from) {
        setPart(moved(shown, whole, (sideways / width) * length))
      } else return
      event.preventDefault()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [scroller, given.isEmpty])
}
