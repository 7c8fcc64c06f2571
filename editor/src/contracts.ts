import { useMemo } from 'react'
import type { SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { emptyDocument, setConfig } from './document/edits.ts'
import { edit, isDirty, select, useTab } from './document/store.ts'
import { ensureStored } from './save/save.ts'
import { useSession } from './session/context.ts'

/** What runs, timeline and console need of a tab. */
export interface Page {
  readonly document: SpellDocument
  /** The stored spell. */
  readonly spell: string | undefined
  /** Whether the document differs from what is stored. */
  readonly dirty: boolean
  setConfig(node: string, field: string, value: Json): void
  selectNode(node: string): void
  /** Stores the spell where the server has none yet; undefined: that was refused, and is shown. */
  ensureStored(): Promise<string | undefined>
}

const NOTHING = emptyDocument('')

export function usePage(tab: string): Page {
  const session = useSession()
  const document = useTab(tab, one => one.document) ?? NOTHING
  const spell = useTab(tab, one => one.spell)
  const dirty = useTab(tab, isDirty) ?? false
  return useMemo(
    () => ({
      document,
      spell,
      dirty,
      setConfig: (node, field, value) => edit(tab, `Change ${field}`, one => setConfig(one, node, field, value)),
      selectNode: node => select(tab, [node.split('/')[0] ?? node]),
      ensureStored: () => ensureStored(session, tab),
    }),
    [session, tab, document, spell, dirty],
  )
}
