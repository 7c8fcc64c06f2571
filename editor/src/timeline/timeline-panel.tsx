import { ChevronDown, ChevronUp, FastForward, Pause, Play, SkipBack, SkipForward, TriangleAlert } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { Suspense, useMemo, useState } from 'react'
import { ConsolePanel } from '../console/console-panel.tsx'
import { seek, update, useTabRun } from '../run/store.ts'
import { RunList } from '../run/run-list.tsx'
import { Hint } from './hint.tsx'
import { Lanes } from './lanes.tsx'
import { formatDuration } from './duration.ts'
import { failuresOf, neighbour, play, stop } from './playback.ts'
import './timeline.css'

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8]
type Section = 'lanes' | 'console' | 'runs'

/** The bottom of the page: the slider over the run, and below it lanes, console or past runs. */
export function TimelinePanel({ tab }: { readonly tab: string }): ReactNode {
  const [section, setSection] = useState<Section>('lanes')
  const [open, setOpen] = useState(true)
  const choose = (one: Section) => {
    setOpen(open && section === one ? false : true)
    setSection(one)
  }
  return (
    <section className={open ? 'timeline' : 'timeline timeline--closed'} aria-label="Timeline">
      <Transport tab={tab} />
      <nav className="timeline__sections" role="tablist" aria-label="Timeline sections">
        {(['lanes', 'console', 'runs'] as const).map(one => (
          <button
            key={one}
            role="tab"
            aria-selected={open && section === one}
            data-testid={`section-${one}`}
            onClick={() => choose(one)}
          >
            {{ lanes: 'Lanes', console: 'Console', runs: 'Runs' }[one]}
          </button>
        ))}
        <button className="timeline__toggle" aria-label={open ? 'Collapse' : 'Expand'} onClick={() => setOpen(!open)}>
          {open ? <ChevronDown size={14} /> : <ChevronUp size={14} />}
        </button>
      </nav>
      {open && (
        <div className="timeline__body" role="tabpanel">
          <Suspense fallback={null}>
            {section === 'lanes' ? (
              <Lanes tab={tab} />
            ) : section === 'console' ? (
              <ConsolePanel tab={tab} />
            ) : (
              <RunList tab={tab} />
            )}
          </Suspense>
        </div>
      )}
    </section>
  )
}

function Transport({ tab }: { readonly tab: string }): ReactNode {
  const { timeline, position, playing, speed, view } = useTabRun(tab)
  const last = timeline.last
  const at = position === 'live' ? last : position
  const failures = useMemo(() => failuresOf(timeline), [timeline, last])
  const toggle = () => (playing ? stop(tab) : play(tab))
  const onKeyDown = (event: KeyboardEvent) => {
    const direction =
      event.key === 'ArrowRight' || event.key === 'ArrowUp'
        ? 1
        : event.key === 'ArrowLeft' || event.key === 'ArrowDown'
          ? -1
          : undefined
    if (direction) seek(tab, neighbour(timeline, at, direction, event.shiftKey ? 'node' : 'entry'))
    else if (event.key === ' ') toggle()
    else if (event.key === 'Home') seek(tab, 0)
    else if (event.key === 'End') seek(tab, 'live')
    else return
    event.preventDefault()
  }
  const label = describe(timeline.entries[at - 1], view.startedAt)
  const slide = (value: number) => {
    stop(tab)
    seek(tab, value >= last ? 'live' : value)
  }
  return (
    <div className="transport">
      <div className="transport__buttons">
        <button aria-label="To the start" disabled={last === 0} onClick={() => seek(tab, 0)}>
          <SkipBack size={15} />
        </button>
        <button
          aria-label={playing ? 'Pause' : 'Play'}
          data-testid="timeline-play"
          disabled={last === 0}
          onClick={toggle}
        >
          {playing ? <Pause size={15} /> : <Play size={15} />}
        </button>
        <button
          aria-label="To the end"
          data-testid="timeline-live"
          disabled={last === 0}
          aria-pressed={position === 'live'}
          onClick={() => seek(tab, 'live')}
        >
          {view.status === 'running' ? <FastForward size={15} /> : <SkipForward size={15} />}
        </button>
        {failures.length > 0 && (
          <button
            className="transport__failure"
            aria-label="To the next error"
            onClick={() => seek(tab, failures.find(seq => seq > at) ?? failures[0] ?? 0)}
          >
            <TriangleAlert size={15} />
          </button>
        )}
      </div>
      <div className="transport__track">
        {failures.map(seq => (
          <i key={seq} className="transport__mark" style={{ left: `${(seq / Math.max(1, last)) * 100}%` }} />
        ))}
        <input
          type="range"
          data-testid="timeline-slider"
          aria-label="Position in the run"
          aria-valuetext={label}
          min={0}
          max={last}
          step={1}
          value={at}
          disabled={last === 0}
          style={{ '--fill': `${last === 0 ? 0 : (at / last) * 100}%` } as Record<string, string>}
          onKeyDown={onKeyDown}
          onChange={event => slide(Number(event.target.value))}
        />
        <Hint show={last > 0 && view.status !== 'running'} />
      </div>
      <output className="transport__label" title={label}>
        {last === 0 ? (
          'No run yet'
        ) : (
          <>
            <b>{at}</b> / {last}
            <span>{label}</span>
          </>
        )}
      </output>
      <label className="transport__speed">
        <span className="visually-hidden">Speed</span>
        <select value={speed} onChange={event => update(tab, { speed: Number(event.target.value) })}>
          {SPEEDS.map(one => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}

function describe(
  entry: { readonly kind: string; readonly at: number; readonly node?: string } | undefined,
  startedAt: number,
): string {
  if (!entry) return 'before the start'
  const what = entry.node ? `${entry.node} ${WORDS[entry.kind] ?? entry.kind}` : (WORDS[entry.kind] ?? entry.kind)
  return `${what} · ${formatDuration(entry.at - startedAt)}`
}

const WORDS: Readonly<Record<string, string>> = {
  'run.started': 'run started',
  'node.started': 'started',
  'node.value': 'evaluated',
  'node.emitted': 'emitted',
  'node.ended': 'done',
  'node.failed': 'failed',
  'node.log': 'logged',
  'state.changed': 'changed state',
  'scope.opened': 'next turn',
  'run.completed': 'run completed',
  'run.failed': 'run failed',
  'run.cancelled': 'run cancelled',
  'run.waiting': 'waiting',
  'run.answered': 'answered',
}
