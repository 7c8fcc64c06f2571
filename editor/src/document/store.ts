import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import type { SpellDocument } from '#graph/document.ts'

/** One step back or forward, by its name. */
export interface Step {
  readonly name: string
  readonly document: SpellDocument
}

/** A tab: a document on the canvas, and what the server has of it. */
export interface Tab {
  readonly id: string
  readonly document: SpellDocument
  /** The stored spell; undefined: the server has none yet. */
  readonly spell: string | undefined
  /** The revision that the document started from. */
  readonly revision: number
  /** What the server has, or the document as it was opened. */
  readonly stored: SpellDocument
  readonly undo: readonly Step[]
  readonly redo: readonly Step[]
  readonly selection: readonly string[]
  readonly saving: boolean
  readonly savedAt: number
  /** Why the last save did not work. */
  readonly trouble:
    | { readonly message: string; readonly problems: readonly { path: string; message: string; node?: string }[] }
    | undefined
  /** Somebody else's version, where a save met one. */
  readonly conflict: { readonly revision: number; readonly document: SpellDocument } | undefined
  /** A newer revision that is known of. */
  readonly newer: number
  /** What it is that cannot be changed here; undefined: a spell, which can. */
  readonly fixed: 'recording' | 'call' | undefined
  /** What is worth knowing of where it comes from, at its top. */
  readonly warning: string | undefined
  /** Where the canvas was looking when it was left. */
  readonly viewport: { readonly x: number; readonly y: number; readonly zoom: number } | undefined
}

interface Pages {
  readonly order: readonly string[]
  readonly active: string
  readonly tabs: Readonly<Record<string, Tab>>
}

const MOST_STEPS = 200
const TOGETHER_MS = 800

export const pages = createStore<Pages>(() => ({ order: [], active: '', tabs: {} }))

export const tabOf = (id: string): Tab | undefined => pages.getState().tabs[id]
export const isDirty = (tab: Tab): boolean => tab.document !== tab.stored

interface NewTab {
  readonly id: string
  readonly document: SpellDocument
  readonly spell?: string | undefined
  readonly revision?: number
  readonly stored?: SpellDocument
  readonly fixed?: Tab['fixed']
  readonly warning?: string | undefined
}

/** Opens a tab and shows it. */
export function addTab(given: NewTab, show = true): void {
  const tab = newTab(given)
  pages.setState(({ order, tabs, active }) => ({
    order: order.includes(tab.id) ? order : [...order, tab.id],
    tabs: { ...tabs, [tab.id]: tab },
    active: show ? tab.id : active,
  }))
}

/** Puts a page beside the tabs: what a tab shows instead of its own document for a while. */
export function addPage(given: NewTab): void {
  pages.setState(({ tabs }) => ({ tabs: { ...tabs, [given.id]: newTab(given) } }))
}

function newTab({ id, document, spell, revision = 0, stored = document, fixed, warning }: NewTab): Tab {
  return {
    id,
    document,
    spell,
    revision,
    stored,
    undo: [],
    redo: [],
    selection: [],
    saving: false,
    savedAt: 0,
    trouble: undefined,
    conflict: undefined,
    newer: 0,
    fixed,
    warning,
    viewport: undefined,
  }
}

export function removeTab(id: string): void {
  pages.setState(({ order, tabs, active }) => {
    const at = order.indexOf(id)
    const left = order.filter(one => one !== id)
    const { [id]: _, ...rest } = tabs
    return { order: left, tabs: rest, active: active === id ? (left[Math.min(at, left.length - 1)] ?? '') : active }
  })
}

export function showTab(id: string): void {
  pages.setState({ active: id })
}

export function changeTab(id: string, change: Partial<Tab>): void {
  pages.setState(({ tabs }) => {
    const tab = tabs[id]
    return tab ? { tabs: { ...tabs, [id]: { ...tab, ...change } } } : {}
  })
}

let last = { tab: '', name: '', at: 0 }

/** Changes a tab's document as one named step; what is fixed stays as it is. Steps of one name in quick succession — typing, dragging — become one. */
export function edit(id: string, name: string, change: (document: SpellDocument) => SpellDocument): void {
  const tab = tabOf(id)
  if (!tab || tab.fixed) return
  const document = change(tab.document)
  if (document === tab.document) return
  const now = Date.now()
  const together = last.tab === id && last.name === name && now - last.at < TOGETHER_MS && tab.undo.length > 0
  last = { tab: id, name, at: now }
  const undo = together ? tab.undo : [...tab.undo, { name, document: tab.document }].slice(-MOST_STEPS)
  changeTab(id, { document, undo, redo: [], trouble: undefined })
}

export function undo(id: string): void {
  const tab = tabOf(id)
  const step = tab?.undo.at(-1)
  if (!tab || !step) return
  last = { tab: '', name: '', at: 0 }
  changeTab(id, {
    document: step.document,
    undo: tab.undo.slice(0, -1),
    redo: [...tab.redo, { name: step.name, document: tab.document }],
  })
}

export function redo(id: string): void {
  const tab = tabOf(id)
  const step = tab?.redo.at(-1)
  if (!tab || !step) return
  last = { tab: '', name: '', at: 0 }
  changeTab(id, {
    document: step.document,
    redo: tab.redo.slice(0, -1),
    undo: [...tab.undo, { name: step.name, document: tab.document }],
  })
}

export function select(id: string, selection: readonly string[]): void {
  const tab = tabOf(id)
  if (
    !tab ||
    (tab.selection.length === selection.length && tab.selection.every((one, index) => one === selection[index]))
  )
    return
  changeTab(id, { selection })
}

/** A field of a tab: the component is drawn again only when that changes. */
export function useTab<T>(id: string, field: (tab: Tab) => T): T | undefined {
  return useStore(pages, ({ tabs }) => {
    const tab = tabs[id]
    return tab && field(tab)
  })
}
export function usePages<T>(field: (pages: Pages) => T): T {
  return useStore(pages, field)
}
