import { CircleAlert, Pause, Play, ShieldCheck, Square, StepForward } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { RunCost } from '../cost/card-cost.tsx'
import { useTab } from '../document/store.ts'
import { registry } from '../registry.ts'
import { Chips } from '../steering/chips.tsx'
import { formatDuration } from '../timeline/duration.ts'
import { whenLeft } from './actions.ts'
import { pauseRun, playRun } from './controls.ts'
import { InputForm } from './input-form.tsx'
import { RunState } from './run-state.tsx'
import { isPlayed, standingOf, statusOf } from './standing.ts'
import { update, useTabRun } from './store.ts'
import { useRunActions } from './use-run-actions.ts'
import { standingInWords } from './words.ts'
import './run.css'

/** Run, pause, step, stop; and how the run stands. */
export function RunBar({ tab }: { readonly tab: string }): ReactNode {
  const { error } = useTabRun(tab)
  const isRecording = useTab(tab, one => one.fixed === 'recording') ?? false
  return (
    <div className="run-bar">
      <Status tab={tab} isRecording={isRecording} />
      {!isRecording && <Chips tab={tab} />}
      {!isRecording && <Buttons tab={tab} />}
      {error && <Refusal error={error} onClose={() => update(tab, { error: undefined })} />}
      <InputForm />
    </div>
  )
}

function Status({ tab, isRecording }: { readonly tab: string; readonly isRecording: boolean }): ReactNode {
  const one = useTabRun(tab)
  const { run, view, timeline, replay, document } = one
  const warning = useTab(tab, ({ warning: told }) => told)
  if (warning)
    return (
      <span className="run-bar__unverified" data-testid="unverified" title={warning}>
        <CircleAlert size={14} aria-hidden="true" /> not verified
      </span>
    )
  const status = statusOf(one)
  const told = status && standingInWords(status, standingOf(timeline), document, registry)
  return (
    <>
      {run && told && (
        <span
          className="run-bar__status"
          data-testid="run-status"
          data-status={status}
          data-shown={told.shown}
          role="status"
          title={told.words}
        >
          <RunState status={told.shown} words={told.words} />
          <Elapsed
            from={run.forkedFrom ? run.startedAt : view.startedAt || run.startedAt}
            to={run.endedAt || undefined}
          />
        </span>
      )}
      {run && <RunCost tab={tab} />}
      {replay.state === 'verified' && (
        <span
          className="run-bar__verified"
          data-testid="verified"
          title={
            isRecording
              ? 'This browser has repeated the run of the file by itself, entry for entry.'
              : 'Every entry arrived (number and digest agree), and this browser has repeated the run from them by itself.'
          }
        >
          <ShieldCheck size={14} aria-hidden="true" />{' '}
          <span>
            verified<i> · replayed locally</i>
          </span>
        </span>
      )}
      {replay.state === 'failed' && (
        <span className="run-bar__unverified" data-testid="unverified" title={replay.message}>
          <CircleAlert size={14} aria-hidden="true" /> {replay.message}
        </span>
      )}
    </>
  )
}

function Buttons({ tab }: { readonly tab: string }): ReactNode {
  const one = useTabRun(tab)
  const { starting, cancelling, asking } = one
  const actions = useRunActions(tab)
  const isPaused = statusOf(one) === 'paused'
  const drawn = useTab(tab, ({ document }) => document)
  const played = isPlayed(drawn, registry)
  const goesOn = drawn !== undefined && whenLeft({ registry }, one.document ?? drawn) === 'finish'
  useRunKeys(tab, actions, isPaused)
  if (!actions.isRunning)
    return (
      <button
        className="button button--primary"
        data-testid="run"
        onClick={() => void actions.run()}
        title={
          played
            ? 'Play (Ctrl+Enter): this spell has sources, it listens to them until it is stopped'
            : 'Run (Ctrl+Enter)'
        }
      >
        <Play size={14} aria-hidden="true" /> {played ? 'Play' : 'Run'}
      </button>
    )
  return (
    <div className="run-bar__controls" role="group" aria-label="The run">
      <button
        className={isPaused ? 'button button--primary' : 'button'}
        data-testid={isPaused ? 'play-run' : 'pause-run'}
        disabled={starting || cancelling || asking}
        onClick={() => void (isPaused ? playRun(tab) : pauseRun(tab))}
        title={isPaused ? 'Go on (F8)' : 'Pause (F8): nothing more starts, what is at work ends'}
      >
        {isPaused ? <Play size={14} aria-hidden="true" /> : <Pause size={14} aria-hidden="true" />}{' '}
        <span>{isPaused ? 'Play' : 'Pause'}</span>
      </button>
      <button
        className="button"
        data-testid="step-run"
        aria-label="Step"
        disabled={!isPaused || cancelling || asking}
        onClick={() => void playRun(tab, true)}
        title="Step: run one node, and pause before the next (F10)"
      >
        <StepForward size={14} aria-hidden="true" />
      </button>
      <button
        className="button"
        data-testid="cancel"
        disabled={starting || cancelling}
        onClick={actions.cancel}
        title={
          goesOn ? 'Stop. It goes on when this page is closed' : 'Stop. It also ends 30 s after this page is closed'
        }
      >
        <Square size={13} aria-hidden="true" /> <span>{cancelling ? 'Stopping…' : 'Stop'}</span>
      </button>
    </div>
  )
}

function useRunKeys(tab: string, actions: ReturnType<typeof useRunActions>, isPaused: boolean): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return
      const act = (work: () => unknown) => {
        event.preventDefault()
        void work()
      }
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
        return act(() => (actions.isRunning ? undefined : actions.run()))
      if (event.key === 'F8')
        return act(() => (!actions.isRunning ? actions.run() : isPaused ? playRun(tab) : pauseRun(tab)))
      if (event.key === 'F10' && isPaused) return act(() => playRun(tab, true))
      return undefined
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [tab, actions, isPaused])
}

function Refusal({
  error,
  onClose,
}: {
  readonly error: NonNullable<ReturnType<typeof useTabRun>['error']>
  onClose(): void
}): ReactNode {
  return (
    <div className="refusal" role="alert" data-testid="run-error">
      <b>{error.message}</b>
      <ul>
        {error.problems.map((problem, index) => (
          <li key={index}>
            <code>{problem.path}</code> {problem.message}
          </li>
        ))}
      </ul>
      <button onClick={onClose}>Close</button>
    </div>
  )
}

function Elapsed({ from, to }: { readonly from: number; readonly to: number | undefined }): ReactNode {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (to !== undefined) return undefined
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [to])
  return <time>{formatDuration(Math.max(0, (to ?? now) - from))}</time>
}
