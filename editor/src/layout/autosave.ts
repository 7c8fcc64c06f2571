import { changeTab, isDirty, pages } from '../document/store.ts'
import type { Tab } from '../document/store.ts'
import { saveDraft } from '../offline/drafts.ts'
import type { Session } from '../session/context.ts'

const AFTER_MS = 2_000

/** Keeps every tab in this browser, two seconds after it was changed: nothing that was typed is lost by closing the page. Answers what ends that. */
export function keepDrafts({ account }: Session): () => void {
  const kept = new Map<string, Tab>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const keep = () => {
    timer = undefined
    const { order, tabs } = pages.getState()
    order.forEach((id, index) => {
      const tab = tabs[id]
      if (!tab || kept.get(id)?.document === tab.document) return
      kept.set(id, tab)
      const { spell, document, revision } = tab
      void saveDraft(account.id, {
        id,
        spell,
        document,
        baseRevision: revision,
        dirty: isDirty(tab),
        order: index,
        savedAt: Date.now(),
      }).catch(() => {})
    })
  }
  const stop = pages.subscribe(() => {
    timer ??= setTimeout(keep, AFTER_MS)
  })
  window.addEventListener('pagehide', keep)
  return () => {
    stop()
    clearTimeout(timer)
    window.removeEventListener('pagehide', keep)
  }
}

/** A draft that comes back is as unsaved as it was. */
export function markUnsaved(id: string): void {
  const tab = pages.getState().tabs[id]
  if (tab) changeTab(id, { stored: { ...tab.document } })
}
