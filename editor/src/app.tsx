import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { SpellDocument } from '#graph/document.ts'
import { keepDrafts, markUnsaved } from './layout/autosave.ts'
import { Workbench } from './layout/workbench.tsx'
import { DEMOS } from './demos.ts'
import { addTab, pages, showTab, tabOf } from './document/store.ts'
import { loadDrafts } from './offline/drafts.ts'
import { registry } from './registry.ts'
import { start } from './run/actions.ts'
import { useSession } from './session/context.ts'
import type { Session } from './session/context.ts'
import { SessionGate } from './session/session-gate.tsx'
import { ensureStored } from './save/save.ts'
import { noteChanged, openDocument, openSpell } from './tabs/open.ts'

export function App(): ReactNode {
  return (
    <SessionGate registry={registry}>
      <Opened />
    </SessionGate>
  )
}

/** Puts back what was open, or opens the first demo and runs it. */
function Opened(): ReactNode {
  const session = useSession()
  const [ready, setReady] = useState(false)
  useEffect(() => {
    let current = true
    pages.setState({ order: [], active: '', tabs: {} })
    void begin(session).finally(() => current && setReady(true))
    const stopDrafts = keepDrafts(session)
    const stopChanged = session.client.on('changed', ({ spell, revision }) => noteChanged(spell, revision))
    const stopUrl = pages.subscribe(({ active, tabs }) => {
      const path = tabs[active]?.spell ? `/s/${tabs[active]?.spell}` : '/'
      if (location.pathname !== path) history.replaceState(null, '', path)
      document.title = tabs[active] ? `${tabs[active]?.document.name} — Spellmesh` : 'Spellmesh'
    })
    return () => {
      current = false
      stopDrafts()
      stopChanged()
      stopUrl()
    }
  }, [session])
  return ready ? <Workbench /> : null
}

const LAST = 'spellmesh.active'

async function begin(session: Session): Promise<void> {
  const wanted = /^\/s\/([A-Za-z0-9_-]{1,64})$/.exec(location.pathname)?.[1]
  const wasHere = localStorage.getItem(LAST) !== null
  await restore(session)
  if (wanted) {
    const opened = openSpell(session, wanted)
    // Without the server that takes long, and what was open is here already.
    if (pages.getState().order.length === 0) await opened
  }
  pages.subscribe(({ active, tabs }) => localStorage.setItem(LAST, tabs[active]?.spell ?? active))
  if (pages.getState().order.length > 0) return
  const [first] = DEMOS
  if (!first) return
  const { spells } = await session.rest.listSpells({ pageSize: 100 }).catch(() => ({ spells: [] }))
  // Somebody who signs in sees again what they made last, in whatever browser.
  const own = spells.find(({ name }) => DEMOS.every(demo => demo.name !== name))
  if (session.claimed && own && (await openSpell(session, own.id))) return
  const id = openDocument(first)
  // A stranger sees a real run at once; whoever was here before presses the button.
  if (session.claimed && wasHere) return
  const stored = spells.find(({ name }) => name === first.name)?.id
  if (stored) await openInstead(session, id, stored)
  const spell = await ensureStored(session, id)
  const tab = tabOf(id) ?? tabOf(pages.getState().active)
  if (spell && tab) void start(session, { id: tab.id, spell, document: tab.document, dirty: false }, {})
}

async function openInstead(session: Session, id: string, spell: string): Promise<void> {
  try {
    const { spell: record } = await session.client.openSpell(spell)
    addTab({ id, spell, revision: record.revision, document: record.document as unknown as SpellDocument })
  } catch {
    // Then the demo stays as it came, and is stored anew.
  }
}

/** The tabs as they were left. The server's version counts where nothing was changed here. */
async function restore(session: Session): Promise<void> {
  const drafts = await loadDrafts(session.account.id).catch(() => [])
  for (const draft of drafts) {
    const { id, spell, document, baseRevision, dirty } = draft
    addTab({ id, document, spell, revision: baseRevision })
    if (dirty) markUnsaved(id)
    if (spell) void reopen(session, id, spell, dirty)
  }
  const last = localStorage.getItem(LAST)
  const active = Object.values(pages.getState().tabs).find(tab => tab.spell === last || tab.id === last)
  if (active) showTab(active.id)
}

async function reopen(session: Session, id: string, spell: string, dirty: boolean): Promise<void> {
  try {
    const { spell: record } = await session.client.openSpell(spell)
    const tab = tabOf(id)
    if (!tab || record.revision <= tab.revision) return
    if (dirty) noteChanged(spell, record.revision)
    else
      addTab(
        { id, spell, revision: record.revision, document: record.document as unknown as SpellDocument },
        pages.getState().active === id,
      )
  } catch {
    // Offline, or gone: the draft is here all the same.
  }
}
