import { changeTab, isDirty, pages } from '../document/store.ts'
import type { Tab } from '../document/store.ts'
import { saveDraft } from '../offline/drafts.ts'
import type { Session } from '../session/context.ts'

const AFTER_MS = 2_000

/** Keeps every tab in this browser, at once when it is new and two seconds after it was changed: nothing that was typed is lost by closing the page. Answers what ends that. */
export function keepDrafts({ account }: Session): () => void {
  const kept = new Map<string, Tab>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const keep = () => {
    clearTimeout(timer)
    timer = undefined
    const { order, tabs } = pages.getState()
    order.forEach((id, index) => {
      const tab = tabs[id]
      if (!tab || tab.fixed || isSame(kept.get(id), tab)) return
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
  const stop = pages.subscribe(({ order, tabs }) => {
    if (order.some(id => !kept.has(id) && !tabs[id]?.fixed)) queueMicrotask(keep)
    else timer ??= setTimeout(keep, AFTER_MS)
  })
  window.addEventListener('pagehide', keep)
  return () => {
    stop()
    clearTimeout(timer)
    window.removeEventListener('pagehide', keep)
  }
}

function isSame(kept: Tab | undefined, tab: Tab): boolean {
  return (
    kept?.document === tab.document &&
    kept.spell === tab.spell &&
    kept.revision === tab.revision &&
    isDirty(kept) === isDirty(tab)
  )
}

/** A draft that comes back is as unsaved as it was. */
export function markUnsaved(id: string): void {
  const tab = pages.getState().tabs[id]
  if (tab) changeTab(id, { stored: { ...tab.document } })
}
