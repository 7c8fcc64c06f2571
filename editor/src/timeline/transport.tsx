import {
  ChevronLeft,
  ChevronRight,
  ChevronsLeft,
  ChevronsRight,
  FastForward,
  GitBranch,
  Pause,
  Play,
  SkipBack,
  SkipForward,
  TriangleAlert,
} from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useMemo } from 'react'
import { positionOf, seek, update, useTabRun } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { branchPoint, forkHere } from '../steering/branch.ts'
import { useRunsOf } from '../steering/runs-of.ts'
import { describeEntry } from './words.ts'
import { Hint } from './hint.tsx'
import { forksOf, marksOf, thinned } from './marks.ts'
import type { Move } from './moves.ts'
import { move, moveOfKey } from './moves.ts'
import { SPEEDS, stop } from './playback.ts'

const MOST_MARKS = 300

/** For the key-downs of what belongs to the timeline. Fields keep their own keys, and a button its space bar. */
export function onTimelineKey(tab: string): (event: KeyboardEvent) => void {
  return event => {
    const target = event.target as HTMLElement
    const isField = /^(SELECT|TEXTAREA)$/.test(target.tagName) || isTextInput(target)
    if (isField || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.key === ' ' && target.tagName === 'BUTTON') return
    // A slider's own arrows for up and down.
    const isSlider = target instanceof HTMLInputElement
    const key = isSlider ? (SAME[event.key] ?? event.key) : event.key
    const wanted = moveOfKey(key, event.shiftKey)
    if (!wanted) return
    event.preventDefault()
    move(tab, wanted)
  }
}

const SAME: Readonly<Record<string, string>> = { ArrowUp: 'ArrowRight', ArrowDown: 'ArrowLeft' }

function isTextInput(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && target.type !== 'range'
}

/** The slider over the run, and the buttons that move it. */
export function Transport({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const { timeline, position, playing, view, speed } = useTabRun(tab)
  const last = timeline.last
  const at = positionOf({ position, timeline })
  const entry = timeline.entries[at - 1]
  const label = describeEntry(entry, timeline.entries[0]?.at ?? 0)
  const slide = (value: number) => {
    stop(tab)
    seek(tab, value >= last ? 'live' : value)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const isFork = event.key === 'f' && !event.ctrlKey && !event.metaKey && !event.altKey
    if (!isFork) return onTimelineKey(tab)(event)
    event.preventDefault()
    return void forkHere(session, tab)
  }
  return (
    <div className="transport" onKeyDown={onKeyDown} role="group" aria-label="Replay">
      <Buttons tab={tab} last={last} playing={playing} isLive={position === 'live'} status={view.status} />
      <div className="transport__track">
        <MarkRow tab={tab} />
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
          onChange={event => slide(Number(event.target.value))}
        />
        <Hint show={last > 0 && view.status !== 'running'} />
      </div>
      <output className="transport__label" title={label} data-testid="timeline-position">
        {last === 0 ? (
          'No run yet'
        ) : (
          <>
            <b>{at}</b> / {last}
            <span>{label}</span>
          </>
        )}
      </output>
      <ForkButton tab={tab} />
      <label className="transport__speed">
        <span className="visually-hidden">Speed</span>
        <select
          data-testid="timeline-speed"
          value={speed}
          title="Speed (+ and -)"
          onChange={event => update(tab, { speed: Number(event.target.value) })}
        >
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

function Buttons({
  tab,
  last,
  playing,
  isLive,
  status,
}: {
  readonly tab: string
  readonly last: number
  readonly playing: 1 | -1 | undefined
  readonly isLive: boolean
  readonly status: string
}): ReactNode {
  const { timeline } = useTabRun(tab)
  const { errors } = marksOf(timeline)
  const button = (name: string, key: string, testId: string, wanted: Move, icon: ReactNode, pressed?: boolean) => (
    <button
      aria-label={name}
      title={`${name} (${key})`}
      data-testid={testId}
      disabled={last === 0}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      onClick={() => move(tab, wanted)}
    >
      {icon}
    </button>
  )
  const isRunning = status === 'running'
  return (
    <div className="transport__buttons">
      {button('To the start', 'Home', 'timeline-start', { kind: 'start' }, <SkipBack size={15} />)}
      {button('Back to the last node', 'Shift+←', 'timeline-node-back', BACK.node, <ChevronsLeft size={16} />)}
      {button('Back by an entry', '←', 'timeline-back', BACK.entry, <ChevronLeft size={16} />)}
      {button(
        playing === -1 ? 'Pause' : 'Play backwards',
        'Shift+Space',
        'timeline-play-back',
        BACK.play,
        playing === -1 ? <Pause size={15} /> : <Play size={15} className="transport__mirrored" />,
      )}
      {button(
        playing === 1 ? 'Pause' : 'Play',
        'Space',
        'timeline-play',
        FORTH.play,
        playing === 1 ? <Pause size={15} /> : <Play size={15} />,
      )}
      {button('On by an entry', '→', 'timeline-forth', FORTH.entry, <ChevronRight size={16} />)}
      {button('On to the next node', 'Shift+→', 'timeline-node-forth', FORTH.node, <ChevronsRight size={16} />)}
      {button(
        isRunning ? 'To now, and stay there' : 'To the end',
        'End',
        'timeline-live',
        { kind: 'live' },
        isRunning ? <FastForward size={15} /> : <SkipForward size={15} />,
        isLive,
      )}
      {errors.length > 0 && (
        <span className="transport__errors">
          {button('To the error before', 'Shift+E', 'timeline-error-back', BACK.error, <ChevronLeft size={13} />)}
          <TriangleAlert size={14} aria-label={errors.length === 1 ? 'one error' : `${errors.length} errors`} />
          {button('To the next error', 'E', 'timeline-error-forth', FORTH.error, <ChevronRight size={13} />)}
        </span>
      )}
    </div>
  )
}

/** Starts a run that goes on from where the slider stands. */
function ForkButton({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  // Drawn anew with the slider.
  useTabRun(tab)
  const seq = branchPoint(tab)
  return (
    <button
      className="transport__fork"
      data-testid="fork"
      disabled={seq === undefined}
      title="Fork here: a new run goes on from the slider’s position, with the spell as it is drawn now (F)"
      onClick={() => void forkHere(session, tab)}
    >
      <GitBranch size={14} aria-hidden="true" /> <span>Fork here</span>
    </button>
  )
}

const moves = (direction: 1 | -1) =>
  ({
    entry: { kind: 'entry', direction },
    node: { kind: 'node', direction },
    play: { kind: 'play', direction },
    error: { kind: 'error', direction },
  }) as const
const BACK = moves(-1)
const FORTH = moves(1)

function MarkRow({ tab }: { readonly tab: string }): ReactNode {
  const { timeline, run } = useTabRun(tab)
  const list = useRunsOf(tab)
  const { all } = marksOf(timeline)
  const last = timeline.last
  const shown = useMemo(() => thinned(marksOf(timeline), last, MOST_MARKS), [timeline, all.length, last])
  const began = timeline.entries[0]?.at ?? 0
  const forks = useMemo(
    () => (run ? forksOf(run, list?.runs ?? [], began < run.startedAt) : []).filter(({ seq }) => seq <= last),
    [run, list, began, last],
  )
  return (
    <div className="transport__marks" aria-hidden="true">
      {[...shown, ...forks].map(({ seq, kind, title }) => (
        <i
          key={`${kind} ${seq}`}
          className={`transport__mark transport__mark--${kind}`}
          data-kind={kind}
          title={title}
          style={{ left: `${(seq / Math.max(1, last)) * 100}%` }}
        />
      ))}
    </div>
  )
}
