import { LibraryBig } from 'lucide-react'
import type { ComponentType, ReactNode } from 'react'
import { useCallback, useEffect, useState } from 'react'
import { Boundary } from '../layout/boundary.tsx'
import { usePanel } from '../layout/panels.ts'
import { closeKnowledge, openKnowledge, toggleKnowledge, useDrawer } from './place.ts'
import './drawer.css'

const LIMITS = [320, 960] as const

/** Opens and closes the drawer. */
export function KnowledgeButton(): ReactNode {
  const open = useDrawer(one => one.open)
  return (
    <button
      className="icon-button"
      aria-label="Knowledge"
      title="Knowledge: documents, memory, entities (K)"
      aria-pressed={open}
      data-testid="open-knowledge"
      onClick={toggleKnowledge}
    >
      <LibraryBig size={16} />
    </button>
  )
}

/** What the command palette offers of it. */
export const KNOWLEDGE_COMMANDS = [
  { name: 'Documents', note: 'K: files that spells can read; search them', run: () => openKnowledge('documents') },
  { name: 'Memory', note: 'what was said and what happened', run: () => openKnowledge('memory') },
  { name: 'Entities', note: 'who and what is known', run: () => openKnowledge('entities') },
] as const

/** Documents, memory and entities, beside the canvas. What is in it is loaded when it is first opened. */
export function KnowledgeDrawer(): ReactNode {
  const open = useDrawer(one => one.open)
  const { size, startResize } = usePanel('knowledge', 430, LIMITS, 'right', false)
  if (!open) return null
  return (
    <>
      <div className="workbench__side drawer" style={{ width: size }}>
        <Boundary name="knowledge">
          <Loaded />
        </Boundary>
      </div>
      <div
        className="edge edge--column"
        role="separator"
        aria-label="Width of the knowledge drawer"
        onPointerDown={startResize}
      />
    </>
  )
}

function Loaded(): ReactNode {
  const [loaded, setLoaded] = useState<{ readonly Panel: ComponentType } | undefined>()
  const [trouble, setTrouble] = useState('')
  const load = useCallback(() => {
    setTrouble('')
    import('./panel.tsx').then(
      ({ KnowledgePanel }) => setLoaded({ Panel: KnowledgePanel }),
      (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)),
    )
  }, [])
  useEffect(load, [load])
  if (loaded) return <loaded.Panel />
  if (trouble === '') return null
  return (
    <div className="boundary" role="alert">
      <p>This part of the page could not be loaded; where the server was updated, reload the page. {trouble}</p>
      <button className="button button--small" onClick={load}>
        Try again
      </button>{' '}
      <button className="button button--small" onClick={closeKnowledge}>
        Close
      </button>
    </div>
  )
}
