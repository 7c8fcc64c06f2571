import { GitBranch, MessageCircleQuestionMark, Pin, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { openComparison, usePair } from '../compare/store.ts'
import { isDirty, tabOf, useTab } from '../document/store.ts'
import { useOpenNode } from '../inside/use-open-node.ts'
import { watch } from '../run/actions.ts'
import { needsPerson, standingOf } from '../run/standing.ts'
import { useTabRun, useTabRunField } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { removePins, useKept } from './kept.ts'
import { useRunsOf } from './runs-of.ts'
import { openWait, openWaitOf } from './wait-dialog.tsx'
import './steering.css'

/** What somebody should know of before the next run: what waits for them, and what is pinned. */
export function Chips({ tab }: { readonly tab: string }): ReactNode {
  return (
    <>
      <WaitChip tab={tab} />
      <PinChip tab={tab} />
      <BranchChip tab={tab} />
    </>
  )
}

function WaitChip({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const { timeline, run } = useTabRun(tab)
  const waits = standingOf(timeline).waits.filter(needsPerson)
  const others = useRunsOf(tab)?.runs.filter(({ id, status }) => status === 'waiting' && id !== run?.id) ?? []
  const [first] = waits
  const [other] = others
  const openOther = () => {
    const shown = tabOf(tab)
    if (!other || !shown?.spell) return
    openWaitOf(tab, other.id)
    void watch(session, { id: tab, spell: shown.spell, document: shown.document, dirty: isDirty(shown) }, other)
  }
  return (
    <>
      {first && (
        <button
          className="chip-button chip-button--ask"
          data-testid="waits"
          title="Answer"
          onClick={() => openWait(tab, first.activation)}
        >
          <MessageCircleQuestionMark size={14} aria-hidden="true" /> {waits.length}
          <span>{waits.length === 1 ? 'question' : 'questions'}</span>
        </button>
      )}
      {other && (
        <button
          className="chip-button"
          data-testid="other-waits"
          title={`${others.length === 1 ? 'Another run waits' : `${others.length} other runs wait`}: show ${others.length === 1 ? 'it' : 'the latest'}`}
          onClick={openOther}
        >
          <MessageCircleQuestionMark size={14} aria-hidden="true" /> {others.length}
          <span>{others.length === 1 ? 'run waits' : 'runs wait'}</span>
        </button>
      )}
    </>
  )
}

function PinChip({ tab }: { readonly tab: string }): ReactNode {
  const pins = useKept(tab, kept => kept.pins)
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return undefined
    const onDown = (event: Event) => {
      if (!box.current?.contains(event.target as Element)) setOpen(false)
    }
    window.addEventListener('pointerdown', onDown, true)
    return () => window.removeEventListener('pointerdown', onDown, true)
  }, [open])
  const paths = Object.keys(pins)
  if (paths.length === 0) return null
  const text = `${paths.length} ${paths.length === 1 ? 'pin' : 'pins'}`
  return (
    <div className="chip-box" ref={box} onKeyDown={event => event.key === 'Escape' && setOpen(false)}>
      <span className="chip-button" data-testid="pins">
        <button
          className="chip-button__open"
          aria-expanded={open}
          title={`These nodes do not run: ${paths.join(', ')}`}
          onClick={() => setOpen(!open)}
        >
          <Pin size={13} aria-hidden="true" /> {text}
        </button>
        <button
          className="chip-button__remove"
          aria-label={`Remove all ${text}`}
          title="Remove all pins"
          data-testid="remove-pins"
          onClick={() => removePins(tab, paths)}
        >
          <X size={12} />
        </button>
      </span>
      {open && <PinList tab={tab} paths={paths} />}
    </div>
  )
}

function PinList({ tab, paths }: { readonly tab: string; readonly paths: readonly string[] }): ReactNode {
  const openNode = useOpenNode(tab)
  const document = useTab(tab, one => one.document)
  const isGone = (path: string) => !path.includes('/') && document !== undefined && !Object.hasOwn(document.nodes, path)
  return (
    <ul className="chip-list" aria-label="Pins">
      {paths.map(path => (
        <li key={path}>
          {isGone(path) ? (
            <span>
              {path} <small>is gone: ignored</small>
            </span>
          ) : (
            <button onClick={() => void openNode(path)}>{path.replaceAll('/', ' / ')}</button>
          )}
          <button
            className="chip-button__remove"
            aria-label={`Remove the pin of ${path}`}
            onClick={() => removePins(tab, [path])}
          >
            <X size={12} />
          </button>
        </li>
      ))}
    </ul>
  )
}

function BranchChip({ tab }: { readonly tab: string }): ReactNode {
  const run = useTabRunField(tab, 'run')
  const pair = usePair(tab)
  if (!run?.forkedFrom || (pair?.a === run.forkedFrom && pair.b === run.id)) return null
  const { forkedFrom, forkedAt, id } = run
  return (
    <button
      className="chip-button"
      data-testid="compare-branch"
      title={`This run branched off another after its entry ${forkedAt}: compare the two`}
      onClick={() => openComparison(tab, { a: forkedFrom, b: id })}
    >
      <GitBranch size={13} aria-hidden="true" /> <span>Compare</span>
    </button>
  )
}
