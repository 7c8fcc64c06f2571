import { ChevronLeft, ChevronRight, CornerLeftUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { Fragment } from 'react'
import { useTab } from '../document/store.ts'
import { titleOf } from '../document/edits.ts'
import { registry } from '../registry.ts'
import { chooseCall, stepOut } from '../run/inside.ts'
import type { TabRun } from '../run/store.ts'
import { documentAt, pageOf, scopesOf, useTabRun } from '../run/store.ts'
import './inside.css'

/** The way from a spell into its sub-spells, and out again; at each step, which of its calls. */
export function Breadcrumb({ tab }: { readonly tab: string }): ReactNode {
  const run = useTabRun(tab)
  const name = useTab(tab, one => one.document.name)
  const view = useViewOf(run, tab)
  const { inside } = run
  if (!inside) return null
  const scopes = scopesOf(run)
  return (
    <nav className="breadcrumb" aria-label="Where you are" data-testid="breadcrumb">
      <button
        className="breadcrumb__out"
        title="Out (Esc)"
        aria-label="Out"
        onClick={() => stepOut(tab, inside.path.length - 1)}
      >
        <CornerLeftUp size={14} />
      </button>
      <button onClick={() => stepOut(tab, 0)}>{name || 'Unnamed'}</button>
      {inside.path.map((_, index) => (
        <Fragment key={index}>
          <ChevronRight size={13} aria-hidden="true" />
          {index === inside.path.length - 1 ? (
            <b aria-current="page">{titleAt(run, inside.path.slice(0, index + 1))}</b>
          ) : (
            <button onClick={() => stepOut(tab, index + 1)}>{titleAt(run, inside.path.slice(0, index + 1))}</button>
          )}
          <Choice tab={tab} run={run} step={index} scopes={scopes} />
        </Fragment>
      ))}
      <small>{view}</small>
    </nav>
  )
}

/** What of the call is shown, in words. */
function useViewOf({ inside }: TabRun, tab: string): string {
  const { outer, view } = useTabRun(pageOf(tab, inside))
  return outer?.scope === undefined ? 'not called up to here' : view.status === 'idle' ? 'not begun' : view.status
}

function titleAt(run: TabRun, path: readonly string[]): string {
  const id = path.at(-1) ?? ''
  const node = documentAt(run, path.slice(0, -1))?.nodes[id]
  return node ? titleOf(node, registry) : id
}

function Choice({
  tab,
  run,
  step,
  scopes,
}: {
  readonly tab: string
  readonly run: TabRun
  readonly step: number
  readonly scopes: readonly string[]
}): ReactNode {
  const path = run.inside?.path.slice(0, step + 1).join('/') ?? ''
  const calls = run.calls.of(path, scopes[step - 1], run.timeline.last)
  if (calls.length < 2) return null
  const at = calls.findIndex(({ scope }) => scope === scopes[step])
  const isHeld = run.inside?.chosen[step] !== undefined
  const go = (to: number) => chooseCall(tab, step, calls[to]?.scope)
  return (
    <span className="breadcrumb__calls">
      <button aria-label="The call before" disabled={at <= 0} onClick={() => go(at - 1)}>
        <ChevronLeft size={13} />
      </button>
      <select
        aria-label="Which call"
        data-testid="call"
        value={isHeld ? String(at) : ''}
        onChange={event => go(event.target.value === '' ? -1 : Number(event.target.value))}
      >
        <option value="">{at < 0 ? 'none yet' : `call ${at + 1} of ${calls.length}, at the slider`}</option>
        {calls.slice(0, MOST).map(({ scope }, index) => (
          <option key={scope} value={index}>
            call {index + 1} of {calls.length}
          </option>
        ))}
      </select>
      <button aria-label="The next call" disabled={at >= calls.length - 1} onClick={() => go(at + 1)}>
        <ChevronRight size={13} />
      </button>
    </span>
  )
}

/** A list of thousands helps nobody; the arrows go on. */
const MOST = 500
