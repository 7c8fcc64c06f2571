import { FileUp, History, Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import type { SpellRecord } from '#client/index.ts'
import { DEMOS } from '../demos.ts'
import { isDirty, showTab, usePages, useTab } from '../document/store.ts'
import { useTabRunField } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { closeTab, importFiles, openDocument, openNew, openSpell } from './open.ts'
import './tabs.css'

/** The open spells, and the way to others. */
export function TabBar(): ReactNode {
  const order = usePages(one => one.order)
  const active = usePages(one => one.active)
  return (
    <div className="tabs" role="tablist" aria-label="Spells" data-testid="tabs">
      {order.map(id => (
        <TabButton key={id} id={id} active={id === active} />
      ))}
      <OpenMenu />
    </div>
  )
}

function TabButton({ id, active }: { readonly id: string; readonly active: boolean }): ReactNode {
  const session = useSession()
  const name = useTab(id, one => one.document.name)
  const dirty = useTab(id, isDirty)
  const isRecording = useTab(id, one => one.fixed === 'recording')
  const run = useTabRunField(id, 'run')
  const running = run?.status === 'running'
  return (
    <div className={active ? 'tab tab--active' : 'tab'}>
      <button
        role="tab"
        aria-selected={active}
        title={running ? 'Its run is cancelled 30 s after this tab and the page are closed' : name}
        onClick={() => showTab(id)}
      >
        {running && <i className="tab__running" aria-label="running" />}
        {isRecording && <History size={13} className="tab__recording" aria-label="recorded run" />}
        <span>{name || 'Unnamed'}</span>
        {dirty && <i className="tab__dot" aria-label="not saved" />}
      </button>
      <button className="tab__close" aria-label={`Close ${name ?? ''}`} onClick={() => void closeTab(session, id)}>
        <X size={13} />
      </button>
    </div>
  )
}

function OpenMenu(): ReactNode {
  const session = useSession()
  const [open, setOpen] = useState(false)
  const [spells, setSpells] = useState<readonly SpellRecord[]>([])
  const box = useRef<HTMLDivElement>(null)
  const file = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!open) return undefined
    session.rest.listSpells({ pageSize: 100 }).then(
      ({ spells: all }) => setSpells(all),
      () => setSpells([]),
    )
    const onDown = (event: Event) => {
      if (!box.current?.contains(event.target as Element)) setOpen(false)
    }
    window.addEventListener('pointerdown', onDown, true)
    return () => window.removeEventListener('pointerdown', onDown, true)
  }, [open, session.rest])
  const then = (work: () => unknown) => () => {
    setOpen(false)
    void work()
  }
  return (
    <div className="open-menu" ref={box} onKeyDown={event => event.key === 'Escape' && setOpen(false)}>
      <button
        className="icon-button"
        data-testid="open-menu"
        aria-label="New, import, open"
        title="New, import, open"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Plus size={16} />
      </button>
      <input
        ref={file}
        type="file"
        hidden
        multiple
        accept=".json,.thoth,.spell,.run,.rivet-project,.rivet-graph,.rivet-recording,application/json"
        onChange={event => {
          void importFiles(session, [...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      {open && (
        <div className="open-menu__list" role="menu">
          <button role="menuitem" data-testid="new" onClick={then(() => openNew())}>
            <Plus size={14} aria-hidden="true" /> New spell
          </button>
          <button role="menuitem" data-testid="import" onClick={then(() => file.current?.click())}>
            <FileUp size={14} aria-hidden="true" /> Open or import a file…
          </button>
          <h3>
            Demos <small>on the built-in demo model</small>
          </h3>
          {DEMOS.map(demo => (
            <button key={demo.name} role="menuitem" title={demo.description} onClick={then(() => openDocument(demo))}>
              {demo.name}
            </button>
          ))}
          {spells.length > 0 && <h3>Your spells</h3>}
          {spells.map(spell => (
            <button key={spell.id} role="menuitem" onClick={then(() => openSpell(session, spell.id))}>
              {spell.name || 'Unnamed'} <small>r{spell.revision}</small>
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
