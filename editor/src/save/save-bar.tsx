import { CloudUpload, Redo2, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { changeTab, isDirty, redo, select, undo, useTab } from '../document/store.ts'
import type { Tab } from '../document/store.ts'
import { useSession } from '../session/context.ts'
import { differencesOf } from './difference.ts'
import { save, takeTheirs } from './save.ts'
import './save.css'

/** Undo, redo, save, and how the saving stands. */
export function SaveBar({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const back = useTab(tab, one => one.undo.at(-1)?.name)
  const forth = useTab(tab, one => one.redo.at(-1)?.name)
  const dirty = useTab(tab, isDirty) ?? false
  const saving = useTab(tab, one => one.saving) ?? false
  return (
    <div className="save-bar">
      <button
        className="icon-button"
        data-testid="undo"
        aria-label="Undo"
        title={back ? `Undo: ${back} (Ctrl+Z)` : 'Nothing to undo'}
        disabled={!back}
        onClick={() => undo(tab)}
      >
        <Undo2 size={16} />
      </button>
      <button
        className="icon-button"
        data-testid="redo"
        aria-label="Redo"
        title={forth ? `Redo: ${forth} (Ctrl+Shift+Z)` : 'Nothing to redo'}
        disabled={!forth}
        onClick={() => redo(tab)}
      >
        <Redo2 size={16} />
      </button>
      <SaveStatus tab={tab} dirty={dirty} saving={saving} />
      <button
        className="button"
        data-testid="save"
        disabled={saving || !dirty}
        title="Save (Ctrl+S)"
        onClick={() => void save(session, tab)}
      >
        <CloudUpload size={14} aria-hidden="true" /> Save
      </button>
      <Trouble tab={tab} />
      <Conflict tab={tab} />
    </div>
  )
}

function SaveStatus({
  tab,
  dirty,
  saving,
}: {
  readonly tab: string
  readonly dirty: boolean
  readonly saving: boolean
}): ReactNode {
  const savedAt = useTab(tab, one => one.savedAt) ?? 0
  const spell = useTab(tab, one => one.spell)
  const newer = useTab(tab, one => one.newer) ?? 0
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 10_000)
    return () => clearInterval(timer)
  }, [savedAt])
  const ago = Math.max(0, Math.round((now - savedAt) / 1000))
  const text = saving
    ? 'saving…'
    : newer > 0
      ? `revision ${newer} is newer`
      : dirty
        ? 'not saved'
        : savedAt > 0
          ? `saved ${ago < 10 ? 'just now' : ago < 60 ? `${ago} s ago` : `${Math.round(ago / 60)} min ago`}`
          : spell
            ? 'saved'
            : 'not stored yet'
  return (
    <span className="save-bar__status" role="status" data-testid="save-status">
      {text}
    </span>
  )
}

function Trouble({ tab }: { readonly tab: string }): ReactNode {
  const trouble = useTab(tab, one => one.trouble)
  if (!trouble) return null
  return (
    <div className="refusal" role="alert" data-testid="save-error">
      <b>Not saved. {trouble.problems.length === 0 && trouble.message}</b>
      <ul>
        {trouble.problems.map((problem, index) => (
          <li key={index}>
            <code>{problem.path}</code> {problem.message}{' '}
            {problem.node && <button onClick={() => select(tab, [problem.node ?? ''])}>Show</button>}
          </li>
        ))}
      </ul>
      <button onClick={() => changeTab(tab, { trouble: undefined })}>Close</button>
    </div>
  )
}

function Conflict({ tab }: { readonly tab: string }): ReactNode {
  const conflict = useTab(tab, one => one.conflict)
  return conflict ? <ConflictDialog tab={tab} conflict={conflict} /> : null
}

function ConflictDialog({
  tab,
  conflict,
}: {
  readonly tab: string
  readonly conflict: NonNullable<Tab['conflict']>
}): ReactNode {
  const session = useSession()
  const dialog = useRef<HTMLDialogElement>(null)
  const document = useTab(tab, one => one.document)
  const differences = useMemo(() => (document ? differencesOf(document, conflict.document) : []), [document, conflict])
  useEffect(() => dialog.current?.showModal(), [])
  const close = () => changeTab(tab, { conflict: undefined })
  return (
    <dialog
      ref={dialog}
      className="dialog conflict"
      onCancel={close}
      aria-labelledby="conflict-title"
      data-testid="conflict"
    >
      <h2 id="conflict-title">Somebody else has saved this spell</h2>
      <p>Revision {conflict.revision} was made after you opened it. Nothing of yours is lost: choose what to keep.</p>
      <div className="conflict__list">
        <table>
          <thead>
            <tr>
              <th>Where</th>
              <th>Yours</th>
              <th>Revision {conflict.revision}</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ where, mine, theirs }) => (
              <tr key={where}>
                <th>{where}</th>
                <td>{mine}</td>
                <td>{theirs}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <footer>
        <button className="button" onClick={close}>
          Decide later
        </button>
        <button className="button" data-testid="take-theirs" onClick={() => takeTheirs(tab)}>
          Take theirs
        </button>
        <button
          className="button button--primary"
          data-testid="keep-mine"
          onClick={() => void save(session, tab, conflict.revision)}
        >
          Save mine on top
        </button>
      </footer>
    </dialog>
  )
}
