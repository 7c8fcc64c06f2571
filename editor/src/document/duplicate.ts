import { insert, partOf } from './edits.ts'
import { edit, select, tabOf } from './store.ts'

/** Puts a copy of what is selected beside it. */
export function duplicate(tab: string): void {
  const current = tabOf(tab)
  if (!current || current.selection.length === 0) return
  let ids: readonly string[] = []
  edit(tab, 'Duplicate', document => {
    const made = insert(document, partOf(document, new Set(current.selection)), [40, 40])
    ids = made.ids
    return made.document
  })
  select(tab, ids)
}
