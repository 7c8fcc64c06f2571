import { X } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { DocumentsPanel } from '../documents/documents-panel.tsx'
import { forgetDocuments } from '../documents/store.ts'
import { forgetUploads } from '../documents/uploads.ts'
import { EntitiesPanel } from '../entities/entities-panel.tsx'
import { forgetEntities } from '../entities/store.ts'
import { MemoryPanel } from '../memory/memory-panel.tsx'
import { forgetMemory } from '../memory/store.ts'
import { forgetSearch } from '../search/store.ts'
import { useSession } from '../session/context.ts'
import { closeKnowledge, goBack, openKnowledge, useDrawer, usePlace } from './place.ts'
import type { Section } from './place.ts'
import './knowledge.css'

const SECTIONS = ['documents', 'memory', 'entities'] as const
const NAMES: Readonly<Record<Section, string>> = { documents: 'Documents', memory: 'Memory', entities: 'Entities' }

/** What the drawer holds. */
export function KnowledgePanel(): ReactNode {
  const section = useDrawer(one => one.section)
  const place = usePlace(section)
  const isReady = useOwner()
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      return stepThrough(event, event.key === 'ArrowDown' ? 1 : -1)
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return
    event.preventDefault()
    if (place.view === 'list') closeKnowledge()
    else goBack(section)
  }
  return (
    <section className="know" aria-label="Knowledge" data-testid="knowledge" onKeyDown={onKeyDown}>
      <header className="know__head">
        <Tabs section={section} />
        <button className="icon-button" aria-label="Close the knowledge drawer" title="Close" onClick={closeKnowledge}>
          <X size={15} />
        </button>
      </header>
      <div className="know__body" role="tabpanel" aria-label={NAMES[section]}>
        {isReady && <Body section={section} />}
      </div>
    </section>
  )
}

const ROWS = '.hit, .document-row, .entity-row, .chunk'

/** From the search to what it found, and from one to the next. */
function stepThrough(event: KeyboardEvent<HTMLElement>, step: 1 | -1): void {
  const { target, currentTarget } = event
  if (!(target instanceof HTMLElement) || !target.matches(`input[type='search'], ${ROWS}`)) return
  const list = [...currentTarget.querySelectorAll<HTMLElement>(ROWS)].filter(row => !row.closest('[inert]'))
  const next = list[list.indexOf(target) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}

function Tabs({ section }: { readonly section: Section }): ReactNode {
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const next = step && SECTIONS[(SECTIONS.indexOf(section) + step + SECTIONS.length) % SECTIONS.length]
    if (!next) return
    event.preventDefault()
    openKnowledge(next)
    event.currentTarget.querySelector<HTMLElement>(`[data-testid="knowledge-${next}"]`)?.focus()
  }
  return (
    <nav role="tablist" aria-label="Parts of the knowledge" onKeyDown={onKeyDown}>
      {SECTIONS.map(one => (
        <button
          key={one}
          role="tab"
          aria-selected={one === section}
          tabIndex={one === section ? 0 : -1}
          data-testid={`knowledge-${one}`}
          onClick={() => openKnowledge(one)}
        >
          {NAMES[one]}
        </button>
      ))}
    </nav>
  )
}

function Body({ section }: { readonly section: Section }): ReactNode {
  switch (section) {
    case 'documents':
      return <DocumentsPanel />
    case 'memory':
      return <MemoryPanel />
    case 'entities':
      return <EntitiesPanel />
  }
}

/** Whether what is kept here is of whoever is signed in; what was another person's is forgotten first. */
function useOwner(): boolean {
  const { account } = useSession()
  const [owner, setOwner] = useState('')
  useEffect(() => {
    if (useDrawer.getState().owner !== account.id) {
      forgetDocuments()
      forgetUploads()
      forgetSearch()
      forgetMemory()
      forgetEntities()
      useDrawer.setState({ owner: account.id })
    }
    setOwner(account.id)
  }, [account.id])
  return owner === account.id
}
