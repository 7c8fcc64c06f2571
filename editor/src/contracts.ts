import { useMemo } from 'react'
import type { SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { emptyDocument, setConfig, setValue } from './document/edits.ts'
import { edit, isDirty, useTab } from './document/store.ts'
import { useOpenNode } from './inside/use-open-node.ts'
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
  setValue(node: string, input: string, value: Json): void
  /** Why nothing can be changed; undefined: it can. */
  readonly fixed: string | undefined
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
  const fixed = useTab(tab, one => one.fixed)
  const openNode = useOpenNode(tab)
  return useMemo(
    () => ({
      document,
      spell,
      dirty,
      setConfig: (node, field, value) => edit(tab, `Change ${field}`, one => setConfig(one, node, field, value)),
      setValue: (node, input, value) => edit(tab, `Set ${input}`, one => setValue(one, node, input, value)),
      fixed,
      selectNode: node => void openNode(node),
      ensureStored: () => ensureStored(session, tab),
    }),
    [session, tab, document, spell, dirty, fixed, openNode],
  )
}
