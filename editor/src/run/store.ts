import { createStore } from 'zustand/vanilla'
import { useStore } from 'zustand'
import type { RunHandle, VerifiedRun } from '#client/types.ts'
import type { RunRecord } from '#client/index.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Chunk, Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { findInLibrary } from '#graph/library.ts'
import type { Library } from '#graph/library.ts'
import type { Timeline } from '#graph/timeline.ts'
import { createTimeline } from '#graph/timeline.ts'
import type { NodeView, RunView } from '#graph/view.ts'
import { applyChunk, emptyView } from '#graph/view.ts'
import { Activations } from './activations.ts'
import { Calls } from './calls.ts'
import { showGiven } from './given.ts'
import { Inputs } from './inputs.ts'

/** How far the browser has come with proving and repeating a run by itself. */
export type LocalReplay =
  | { readonly state: 'none' | 'checking' | 'verified' }
  | { readonly state: 'failed'; readonly message: string }

/** The sub-spell call that a tab looks into: the path to its node, and at each step of it which call. */
export interface Inside {
  /** Node ids, from the outside in. */
  readonly path: readonly string[]
  /** A scope for each step; undefined: the latest call at the slider's position. */
  readonly chosen: readonly (string | undefined)[]
}

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
  /** Whether it was asked to pause or to go on, and has not done so yet. */
  readonly asking: boolean
  /** Forwards, backwards; undefined: the slider stands. */
  readonly playing: 1 | -1 | undefined
  /** 0.25 to 8. */
  readonly speed: number
  readonly replay: LocalReplay
  /** What could not be: a refused start, a lost run. */
  readonly error:
    | { readonly message: string; readonly problems: readonly { path: string; message: string; node?: string }[] }
    | undefined
  /** The document that ran. */
  readonly document: SpellDocument | undefined
  /** The documents of its sub-spells, as far as they are known by now. */
  readonly library: Library
  readonly blobs: Readonly<Record<string, Json>>
  readonly inputs: Inputs
  readonly activations: Activations
  readonly calls: Calls
  readonly inside: Inside | undefined
  /** Of the page of a call: the run that it is a part of. */
  readonly outer: Outer | undefined
}

/** Where a call stands in its run. */
export interface Outer {
  readonly tab: string
  /** Before the ids of its nodes. */
  readonly prefix: string
  /** Undefined: it has not begun at the slider's position. */
  readonly scope: string | undefined
  /** The number in the run of entry `position` of the call. */
  seqAt(position: number): number
}

interface RunsState {
  readonly tabs: Readonly<Record<string, TabRun>>
}

const nothing = (timeline = createTimeline()): TabRun => ({
  generation: 0,
  run: undefined,
  timeline,
  view: emptyView(),
  position: 'live',
  starting: false,
  cancelling: false,
  asking: false,
  playing: undefined,
  speed: 1,
  replay: { state: 'none' },
  error: undefined,
  document: undefined,
  library: {},
  blobs: {},
  inputs: new Inputs(),
  activations: new Activations(timeline),
  calls: new Calls(timeline),
  inside: undefined,
  outer: undefined,
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
  runs.setState(({ tabs }) => ({ tabs: withCall({ ...tabs, [tab]: { ...(tabs[tab] ?? nothing()), ...change } }, tab) }))
}

/** Forgets a closed tab. */
export function forget(tab: string): void {
  release(tab)
  runs.setState(({ tabs }) => ({
    tabs: Object.fromEntries(Object.entries(tabs).filter(([id]) => id !== tab && !id.startsWith(`${tab}/`))),
  }))
}

const attached = new Map<string, () => void>()
const handles = new Map<string, RunHandle>()
/** What streams at the moment, by activation: it is not in the journal. */
const streams = new Map<string, Map<string, Chunk>>()
const dirty = new Set<string>()
let scheduled = false

function release(tab: string): void {
  attached.get(tab)?.()
  attached.delete(tab)
  handles.delete(tab)
  streams.delete(tab)
}

/** What a tab's run can be asked with; undefined: it is followed no more, or comes from a file. */
export function handleOf(tab: string): RunHandle | undefined {
  return handles.get(tab)
}

/** What is known of a run when it is put into a tab. */
export interface Shown {
  readonly run: RunRecord
  readonly entries: readonly Entry[]
  readonly document: SpellDocument | undefined
  readonly library?: Library
  readonly blobs?: Readonly<Record<string, Json>>
}

/** Puts a run into a tab, in place of the one before. */
export function show(tab: string, { run, entries, document, library = {}, blobs = {} }: Shown): TabRun {
  release(tab)
  const timeline = createTimeline(entries)
  const { generation, speed, inside } = runOf(tab)
  update(tab, {
    ...nothing(timeline),
    ...{ generation: generation + 1, speed, run, document, library, blobs },
    view: showGiven(timeline.at(timeline.last), document),
    // Whoever looked into a sub-spell goes on looking into it.
    inside: inside && { path: inside.path, chosen: inside.path.map(() => undefined) },
  })
  return runOf(tab)
}

/** Shows a run in a tab and follows it to its end. `verified` is called before the local replay may begin. */
export function attach(
  tab: string,
  handle: RunHandle,
  given: Pick<Shown, 'document' | 'library'>,
  whenVerified: (verified: VerifiedRun) => void,
): void {
  const { timeline } = show(tab, { run: handle.run, entries: handle.entries, ...given })
  const live = new Map<string, Chunk>()
  streams.set(tab, live)
  handles.set(tab, handle)
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
  if (wanted === 'live') {
    update(tab, { position: wanted })
    return draw(tab)
  }
  update(tab, { position: wanted, view: showGiven(timeline.at(wanted), document) })
}

/** Where the slider stands, as the number of an entry. */
export function positionOf({ position, timeline }: Pick<TabRun, 'position' | 'timeline'>): number {
  return position === 'live' ? timeline.last : position
}

/** The page that a tab shows: its own, or that of the call that it looks into. */
export function pageOf(tab: string, inside: Inside | undefined): string {
  return inside ? `${tab}/${inside.path.join('/')}` : tab
}

/** The document of the sub-spell at the end of a path; undefined: it is not known here. */
export function documentAt(
  { document, library }: Pick<TabRun, 'document' | 'library'>,
  path: readonly string[],
): SpellDocument | undefined {
  let at = document
  for (const id of path) {
    const node = at && Object.hasOwn(at.nodes, id) ? at.nodes[id] : undefined
    const { spell, revision } = node?.config ?? {}
    at =
      typeof spell === 'string'
        ? findInLibrary(library, spell, typeof revision === 'number' ? revision : undefined)
        : undefined
  }
  return at
}

/** The scope of the call that is looked into, at each step; shorter than the path where a call has not begun. */
export function scopesOf({ inside, calls, ...run }: TabRun): readonly string[] {
  const scopes: string[] = []
  for (const index of inside?.path.keys() ?? []) {
    const node = inside?.path.slice(0, index + 1).join('/') ?? ''
    const list = calls.of(node, scopes.at(-1), run.timeline.last)
    const chosen = list.find(({ scope }) => scope === inside?.chosen[index])
    const found = chosen ?? list.findLast(({ seq }) => seq <= positionOf(run))
    if (!found) break
    scopes.push(found.scope)
  }
  return scopes
}

/** With the page of the call that a tab looks into, brought to the slider's position. */
function withCall(tabs: Record<string, TabRun>, tab: string): Record<string, TabRun> {
  const run = tabs[tab]
  if (!run?.inside) return tabs
  const { path } = run.inside
  const id = pageOf(tab, run.inside)
  const scopes = scopesOf(run)
  const scope = scopes.length === path.length ? scopes.at(-1) : undefined
  const call = scope === undefined ? undefined : run.calls.timelineOf(scope)
  const document = documentAt(run, path)
  const before = tabs[id]
  const timeline =
    call?.timeline ?? (before?.outer?.scope === undefined ? before?.timeline : undefined) ?? createTimeline()
  const isSame = before?.timeline === timeline
  const activations = isSame ? before.activations : new Activations(timeline)
  const position = run.position === 'live' ? timeline.last : (call?.positionAt(run.position) ?? 0)
  const view = showGiven(timeline.at(position), document)
  const prefix = `${path.join('/')}/`
  if (run.position === 'live')
    for (const chunk of streams.get(tab)?.values() ?? []) {
      const node = chunk.node.slice(prefix.length)
      if (chunk.node.startsWith(prefix) && activations.has(node, chunk.activation)) applyChunk(view, { ...chunk, node })
    }
  const outer: Outer = { tab, prefix, scope, seqAt: at => call?.seqAt(at) ?? 0 }
  return {
    ...tabs,
    [id]: {
      ...(before ?? nothing(timeline)),
      ...{ timeline, activations, view, position, document, outer },
      ...{ run: run.run, inputs: run.inputs, library: run.library, blobs: run.blobs, replay: run.replay },
    },
  }
}

/** What a tab shows. */
export function useTabRun(tab: string): TabRun {
  return useStore(runs, ({ tabs }) => tabs[tab] ?? NOTHING)
}
/** One field of it: the component is drawn again only when that changes. */
export function useTabRunField<K extends keyof TabRun>(tab: string, field: K): TabRun[K] {
  return useStore(runs, ({ tabs }) => (tabs[tab] ?? NOTHING)[field])
}
/** A node at the slider's position; undefined: it has not run. `instead`: what is answered as long as somebody cannot see it. */
export function useNodeRun(
  tab: string,
  node: string,
  instead?: { readonly current: NodeView | undefined },
): NodeView | undefined {
  return useStore(runs, ({ tabs }) => (instead ? instead.current : nodeIn(tabs[tab], node)))
}
/** A node of a run at the slider's position; undefined: it has not run. */
export function nodeIn(run: TabRun | undefined, node: string): NodeView | undefined {
  const nodes = run?.view.nodes
  return nodes && Object.hasOwn(nodes, node) ? nodes[node] : undefined
}
