import { CircleAlert, Play, ShieldCheck, Square } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { useTab } from '../document/store.ts'
import { formatDuration } from '../timeline/duration.ts'
import { InputForm } from './input-form.tsx'
import { RunState } from './run-state.tsx'
import { update, useTabRun } from './store.ts'
import { useRunActions } from './use-run-actions.ts'
import './run.css'

/** Run, cancel, and how the run stands. */
export function RunBar({ tab }: { readonly tab: string }): ReactNode {
  const { run, view, starting, cancelling, replay, error } = useTabRun(tab)
  const actions = useRunActions(tab)
  const isRecording = useTab(tab, one => one.fixed === 'recording') ?? false
  const warning = useTab(tab, one => one.warning)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return
      event.preventDefault()
      if (!actions.isRunning && !isRecording) actions.run()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [actions, isRecording])
  return (
    <div className="run-bar">
      {warning && (
        <span className="run-bar__unverified" data-testid="unverified" title={warning}>
          <CircleAlert size={14} aria-hidden="true" /> not verified
        </span>
      )}
      {run && !warning && (
        <span className="run-bar__status" data-testid="run-status" data-status={run.status} role="status">
          <RunState status={run.status} />
          <Elapsed from={view.startedAt || run.startedAt} to={run.endedAt || undefined} />
        </span>
      )}
      {replay.state === 'verified' && !warning && (
        <span
          className="run-bar__verified"
          data-testid="verified"
          title={
            isRecording
              ? 'This browser has repeated the run of the file by itself, entry for entry.'
              : 'Every entry arrived (number and digest agree), and this browser has repeated the run from them by itself.'
          }
        >
          <ShieldCheck size={14} aria-hidden="true" /> verified · replayed locally
        </span>
      )}
      {replay.state === 'failed' && !warning && (
        <span className="run-bar__unverified" data-testid="unverified" title={replay.message}>
          <CircleAlert size={14} aria-hidden="true" /> {replay.message}
        </span>
      )}
      {isRecording ? null : actions.isRunning ? (
        <button
          className="button"
          data-testid="cancel"
          disabled={starting || cancelling}
          onClick={actions.cancel}
          title="The run also ends 30 s after this tab is closed"
        >
          <Square size={14} aria-hidden="true" /> {cancelling ? 'Stopping…' : 'Cancel'}
        </button>
      ) : (
        <button
          className="button button--primary"
          data-testid="run"
          onClick={() => actions.run()}
          title="Run (Ctrl+Enter)"
        >
          <Play size={14} aria-hidden="true" /> Run
        </button>
      )}
      {error && <Refusal error={error} onClose={() => update(tab, { error: undefined })} />}
      <InputForm />
    </div>
  )
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
