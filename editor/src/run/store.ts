import { createStore } from 'zustand/vanilla'
import { useStore } from 'zustand'
import type { RunHandle, VerifiedRun } from '#client/types.ts'
import type { RunRecord } from '#client/index.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Chunk, Entry } from '#graph/journal.ts'
import type { Values } from '#graph/json.ts'
import type { Timeline } from '#graph/timeline.ts'
import { createTimeline } from '#graph/timeline.ts'
import type { NodeView, RunView } from '#graph/view.ts'
import { applyChunk, emptyView } from '#graph/view.ts'
import { showGiven } from './given.ts'
import { Inputs } from './inputs.ts'

/** How far the browser has come with proving and repeating a run by itself. */
export type LocalReplay =
  | { readonly state: 'none' | 'checking' | 'verified' }
  | { readonly state: 'failed'; readonly message: string }

/** A tab's run: what is shown of it, and where its slider stands. */
export interface TabRun {
  /** Raised with every run that is put into the tab: a hint to forget what belongs to the one before. */
  readonly generation: number
  readonly run: RunRecord | undefined
  readonly timeline: Timeline
  /** What the page shows: the view at the slider's position. */
  readonly view: RunView
  /** `live`: the slider is at the end and stays there. Else the number of an entry. */
  readonly position: number | 'live'
  readonly starting: boolean
  readonly cancelling: boolean
  readonly playing: boolean
  /** 0.25 to 8. */
  readonly speed: number
  readonly replay: LocalReplay
  /** What could not be: a refused start, a lost run. */
  readonly error:
    | { readonly message: string; readonly problems: readonly { path: string; message: string; node?: string }[] }
    | undefined
  /** The document that ran. */
  readonly document: SpellDocument | undefined
  readonly inputs: Inputs
}

interface RunsState {
  readonly tabs: Readonly<Record<string, TabRun>>
}

const nothing = (): TabRun => ({
  generation: 0,
  run: undefined,
  timeline: createTimeline(),
  view: emptyView(),
  position: 'live',
  starting: false,
  cancelling: false,
  playing: false,
  speed: 1,
  replay: { state: 'none' },
  error: undefined,
  document: undefined,
  inputs: new Inputs(),
})
const NOTHING = nothing()

/** All tabs' runs. */
export const runs = createStore<RunsState>(() => ({ tabs: {} }))

/** A tab's run as it is now. */
export function runOf(tab: string): TabRun {
  return runs.getState().tabs[tab] ?? NOTHING
}

/** Changes a tab's run. */
export function update(tab: string, change: Partial<TabRun>): void {
  runs.setState(({ tabs }) => ({ tabs: { ...tabs, [tab]: { ...(tabs[tab] ?? nothing()), ...change } } }))
}

/** Forgets a closed tab. */
export function forget(tab: string): void {
  release(tab)
  runs.setState(
    ({ tabs }) =>
      Object.fromEntries([
        ['tabs', Object.fromEntries(Object.entries(tabs).filter(([id]) => id !== tab))],
      ]) as unknown as RunsState,
  )
}

const attached = new Map<string, () => void>()
/** What streams at the moment, by activation: it is not in the journal. */
const streams = new Map<string, Map<string, Chunk>>()
const dirty = new Set<string>()
let scheduled = false

function release(tab: string): void {
  attached.get(tab)?.()
  attached.delete(tab)
  streams.delete(tab)
}

/** Shows a run in a tab and follows it to its end. `verified` is called before the local replay may begin. */
export function attach(
  tab: string,
  handle: RunHandle,
  document: SpellDocument | undefined,
  whenVerified: (verified: VerifiedRun) => void,
): void {
  release(tab)
  const timeline = createTimeline(handle.entries)
  update(tab, {
    ...nothing(),
    generation: runOf(tab).generation + 1,
    speed: runOf(tab).speed,
    run: handle.run,
    timeline,
    view: showGiven(timeline.at(timeline.last), document),
    document,
  })
  const live = new Map<string, Chunk>()
  streams.set(tab, live)
  const stopEntries = handle.onEntries(fresh => {
    for (const entry of fresh) push(timeline, entry, live)
    refresh(tab)
  })
  const stopChunks = handle.onChunk(chunk => {
    const before = live.get(chunk.activation)
    live.set(
      chunk.activation,
      before && chunk.fraction === undefined
        ? { ...chunk, offset: 0, text: before.text.slice(0, chunk.offset) + chunk.text }
        : chunk,
    )
    refresh(tab)
  })
  attached.set(tab, () => {
    stopEntries()
    stopChunks()
    handle.release()
  })
  handle.completed.then(
    verified => {
      for (const entry of verified.entries) push(timeline, entry, live)
      refresh(tab)
      if (runOf(tab).timeline === timeline) whenVerified(verified)
    },
    (error: unknown) => {
      if (runOf(tab).timeline === timeline)
        update(tab, { replay: { state: 'failed', message: error instanceof Error ? error.message : String(error) } })
    },
  )
}

function push(timeline: Timeline, entry: Entry, live: Map<string, Chunk>): void {
  timeline.push(entry)
  if (entry.kind === 'node.ended' || entry.kind === 'node.failed') live.delete(entry.activation)
}

/** Asks for the tab's view to be made anew with the next frame: many entries cost one. */
function refresh(tab: string): void {
  dirty.add(tab)
  if (scheduled) return
  scheduled = true
  const frame = globalThis.requestAnimationFrame ?? ((callback: () => void) => setTimeout(callback, 16))
  // A hidden page gets no frames, and still has to know how its runs end.
  const later = globalThis.document?.hidden ? setTimeout : frame
  later(() => {
    scheduled = false
    for (const one of dirty) draw(one)
    dirty.clear()
  })
}

function draw(tab: string): void {
  const { timeline, position, document } = runOf(tab)
  // While somebody looks at an earlier moment, new entries only make the slider longer.
  if (position !== 'live') return update(tab, {})
  const view = showGiven(timeline.at(timeline.last), document)
  for (const chunk of streams.get(tab)?.values() ?? []) applyChunk(view, chunk)
  update(tab, { view })
}

/** Moves the slider. */
export function seek(tab: string, position: number | 'live'): void {
  const { timeline, document } = runOf(tab)
  const wanted = position === 'live' ? 'live' : Math.max(0, Math.min(timeline.last, Math.round(position)))
  update(tab, { position: wanted, view: showGiven(timeline.at(wanted === 'live' ? timeline.last : wanted), document) })
  if (wanted === 'live') draw(tab)
}

/** What a tab shows. */
export function useTabRun(tab: string): TabRun {
  return useStore(runs, ({ tabs }) => tabs[tab] ?? NOTHING)
}
/** One field of it: the component is drawn again only when that changes. */
export function useTabRunField<K extends keyof TabRun>(tab: string, field: K): TabRun[K] {
  return useStore(runs, ({ tabs }) => (tabs[tab] ?? NOTHING)[field])
}
/** A node at the slider's position; undefined: it has not run. */
export function useNodeRun(tab: string, node: string): NodeView | undefined {
  return useStore(runs, ({ tabs }) => {
    const nodes = tabs[tab]?.view.nodes
    return nodes && Object.hasOwn(nodes, node) ? nodes[node] : undefined
  })
}
/** What a node read when it ran last before the slider's position. */
export function useNodeInputs(tab: string, node: string): Values | undefined {
  return useStore(runs, ({ tabs }) => {
    const run = tabs[tab]
    return run && run.inputs.at(node, run.view)
  })
}
