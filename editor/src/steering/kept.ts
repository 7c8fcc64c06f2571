import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import { isObject } from '#graph/json.ts'
import type { Pin } from '#graph/run.ts'
import { tabOf } from '../document/store.ts'
import { placeOf } from '../inside/place.ts'

/** What somebody has set of a spell's runs on this machine: nodes to stop before, and what nodes are to give in place of running. By path. */
export interface Kept {
  readonly breakpoints: readonly string[]
  readonly pins: Readonly<Record<string, Pin>>
}

const NOTHING: Kept = { breakpoints: [], pins: {} }
const kept = createStore<Readonly<Record<string, Kept>>>(() => ({}))

const keyOf = (tab: string) => `spellmesh.steering.${tabOf(tab)?.spell ?? tab}`

/** That of a tab's spell. */
export function keptOf(tab: string): Kept {
  return kept.getState()[tab] ?? NOTHING
}

/** Brings back what was kept of a tab's spell; and keeps what was set before the spell had an id. */
export function loadKept(tab: string): void {
  const key = keyOf(tab)
  const before = keptOf(tab)
  if (before !== NOTHING) {
    store(key, before)
    if (!key.endsWith(tab)) localStorage.removeItem(`spellmesh.steering.${tab}`)
    return
  }
  const read = parse(localStorage.getItem(key))
  if (read) kept.setState({ [tab]: read })
}

function parse(text: string | null): Kept | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (!isObject(value)) return undefined
    const { breakpoints, pins } = value as Partial<Kept>
    return {
      breakpoints: Array.isArray(breakpoints) ? breakpoints.filter(one => typeof one === 'string') : [],
      pins: isObject(pins)
        ? (Object.fromEntries(Object.entries(pins).filter(([, pin]) => isObject(pin?.outputs))) as Kept['pins'])
        : {},
    }
  } catch {
    return undefined
  }
}

function store(key: string, { breakpoints, pins }: Kept): void {
  try {
    if (breakpoints.length === 0 && Object.keys(pins).length === 0) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify({ breakpoints, pins }))
  } catch {
    // A full store keeps it for as long as the page is open.
  }
}

function change(tab: string, next: Partial<Kept>): void {
  const all = { ...keptOf(tab), ...next }
  kept.setState({ [tab]: all })
  store(keyOf(tab), all)
}

/** A node's path in its tab's spell, from its id on a page. */
export function pathOn(page: string, id: string): string {
  return [...placeOf(page).path, id].join('/')
}

/** Sets a breakpoint before nodes, or takes it away where all of them have one. Answers those that the spell has now. */
export function toggleBreakpoints(tab: string, paths: readonly string[]): readonly string[] {
  const before = new Set(keptOf(tab).breakpoints)
  const isOff = paths.every(path => before.has(path))
  for (const path of paths)
    if (isOff) before.delete(path)
    else before.add(path)
  change(tab, { breakpoints: [...before] })
  return [...before]
}

/** Sets what a node is to give. */
export function setPin(tab: string, path: string, pin: Pin): void {
  change(tab, { pins: { ...keptOf(tab).pins, [path]: pin } })
}

/** Lets nodes run again. */
export function removePins(tab: string, paths: readonly string[]): void {
  const gone = new Set(paths)
  change(tab, { pins: Object.fromEntries(Object.entries(keptOf(tab).pins).filter(([path]) => !gone.has(path))) })
}

/** For `run.start` and `run.fork`. */
export function optionsOf(tab: string): { pins?: Kept['pins']; breakpoints?: readonly string[] } {
  const { breakpoints, pins } = keptOf(tab)
  return {
    ...(Object.keys(pins).length > 0 ? { pins } : {}),
    ...(breakpoints.length > 0 ? { breakpoints } : {}),
  }
}

/** A part of it: the component is drawn again only when that changes. */
export function useKept<T>(tab: string, part: (kept: Kept) => T): T {
  return useStore(kept, all => part(all[tab] ?? NOTHING))
}
