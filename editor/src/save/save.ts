import { ApiError } from '#client/index.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'
import { changeTab, isDirty, tabOf } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import type { Session } from '../session/context.ts'

/** A session's frames are 64 KB: a larger draft does not go into one. */
const DRAFT_LIMIT_BYTES = 60_000

/**
 * Stores the spell of a tab that the server does not know yet, or that is too large to run as a draft. Answers its id; undefined: that was
 * refused, and the tab says why.
 */
export async function ensureStored(session: Session, id: string): Promise<string | undefined> {
  const tab = tabOf(id)
  if (tab?.spell && !(isDirty(tab) && bytesOf(tab.document) > DRAFT_LIMIT_BYTES)) return tab.spell
  const spell = await save(session, id)
  if (spell && tab?.spell) say('Saved: a spell of this size runs as it is stored.')
  return spell
}

function bytesOf(document: SpellDocument): number {
  return new Blob([JSON.stringify(document)]).size
}

/** Saves a tab as a new revision. Answers the spell's id; undefined: it was refused, and the tab says why. Nothing that was typed meanwhile is lost. */
export async function save(session: Session, id: string, over?: number): Promise<string | undefined> {
  const tab = tabOf(id)
  if (!tab || tab.saving) return tab?.spell
  if (tab.spell && !isDirty(tab) && over === undefined) return tab.spell
  const { document } = tab
  changeTab(id, { saving: true, trouble: undefined, conflict: undefined })
  try {
    const sent = document as unknown as JsonObject
    const { id: spell, revision } = tab.spell
      ? await session.rest.updateSpell(tab.spell, over ?? tab.revision, sent)
      : await session.rest.createSpell(sent)
    changeTab(id, { spell, revision, stored: document, saving: false, savedAt: Date.now(), newer: 0 })
    if (!tab.spell) await session.client.openSpell(spell).catch(() => {})
    return spell
  } catch (error) {
    changeTab(id, { saving: false, ...troubleOf(error) })
    return undefined
  }
}

function troubleOf(error: unknown) {
  if (error instanceof ApiError && error.status === 409) {
    const { current } = error.details as { current?: { revision: number; document: SpellDocument } }
    if (current) return { conflict: { revision: current.revision, document: current.document } }
  }
  const problems = error instanceof ApiError ? error.problems : []
  return { trouble: { message: error instanceof Error ? error.message : String(error), problems } }
}

/** Takes what the server has instead of the tab's own version; undo brings that back. */
export function takeTheirs(id: string): void {
  const tab = tabOf(id)
  if (!tab?.conflict) return
  const { revision, document } = tab.conflict
  changeTab(id, {
    document,
    stored: document,
    revision,
    conflict: undefined,
    newer: 0,
    undo: [...tab.undo, { name: 'Take the other version', document: tab.document }],
    redo: [],
  })
}
