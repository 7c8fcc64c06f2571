import { History, PencilLine, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTab } from '../document/store.ts'
import { openAsSpell } from './recording.ts'

/** In place of undo and save: what a recorded run is, and how to go on from it. */
export function RecordingBar({ tab }: { readonly tab: string }): ReactNode {
  return (
    <div className="recording-bar" data-testid="recording">
      <span title="Opened from a file: nothing here can be changed, and no server is asked.">
        <History size={14} aria-hidden="true" /> recorded run · read only
      </span>
      <button className="button" data-testid="open-as-spell" onClick={() => openAsSpell(tab)}>
        <PencilLine size={14} aria-hidden="true" /> Open its spell
      </button>
    </div>
  )
}

/** What is wrong with the file, for as long as it is shown. */
export function RecordingNote({ tab }: { readonly tab: string }): ReactNode {
  const warning = useTab(tab, one => one.warning)
  if (!warning) return null
  return (
    <p className="recording-note" role="alert" data-testid="recording-warning">
      <TriangleAlert size={15} aria-hidden="true" /> {warning}
    </p>
  )
}
