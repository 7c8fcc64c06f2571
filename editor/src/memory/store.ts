import { create } from 'zustand'
import type { EventRecord, FoundEventRecord, PublishedRecord } from '../knowledge/records.ts'
import { followEvents } from '../knowledge/event-stream.ts'
import { deleteEvent, listEvents, searchEvents, whyNot } from '../knowledge/rest.ts'
import type { Session } from '../session/context.ts'
import { withNewest } from './days.ts'

/** Which events are shown. Empty: any. */
export interface MemoryFilter {
  readonly channel: string
  readonly sender: string
  readonly entityId: string
  /** Milliseconds since 1970: only what happened before this; 0: up to now. */
  readonly to: number
}
interface Memory extends MemoryFilter {
  /** Newest first. Undefined: nobody has answered yet. */
  readonly events: readonly EventRecord[] | undefined
  readonly nextPage: string
  readonly query: string
  readonly found: readonly FoundEventRecord[] | undefined
  readonly notice: string
  readonly trouble: string
  /** Custom events that were told while somebody looked and are kept nowhere, newest first. */
  readonly live: readonly PublishedRecord[]
}

const ANY: MemoryFilter = { channel: '', sender: '', entityId: '', to: 0 }
const NOTHING: Memory = {
  ...ANY,
  ...{ events: undefined, nextPage: '', query: '', found: undefined, notice: '', trouble: '', live: [] },
}
export const useMemory = create<Memory>(() => NOTHING)
const { getState: state, setState: set } = useMemory
const AT_ONCE = 50
const MOST_LIVE = 30
const AFTER_MS = 200
const LEAST_FIT = 0.02
let turn = 0
/** Older pages that are on their way: looking for newer events waits for them. */
let asked = 0
let timer: ReturnType<typeof setTimeout> | undefined

export function forgetMemory(): void {
  turn++
  set(NOTHING, true)
}

/** Reads the newest events, or with `more` those before. What is late is dropped. */
export async function loadEvents(session: Session, more = false): Promise<void> {
  if (more) asked++
  try {
    await readEvents(session, more)
  } finally {
    if (more) asked--
  }
}

async function readEvents({ rest }: Session, more: boolean): Promise<void> {
  const { channel, sender, entityId, to, nextPage, events: shown = [] } = state()
  const mine = ++turn
  try {
    const pageToken = more ? nextPage : ''
    const page = await listEvents(rest, { channel, sender, entityId, to, limit: AT_ONCE, pageToken })
    if (mine !== turn) return
    if (more) return set({ events: [...shown, ...page.events], nextPage: page.nextPageToken, trouble: '' })
    const { events, isWhole } = withNewest(shown, page.events, page.nextPageToken === '')
    set({ events, trouble: '', ...(isWhole ? { nextPage: page.nextPageToken } : {}) })
  } catch (error) {
    if (mine === turn) set(({ events }) => ({ trouble: whyNot(error), events: events ?? [] }))
  }
}

/** Shows other events. */
export function filterEvents(session: Session, filter: Partial<MemoryFilter>): void {
  set({ ...filter, events: undefined, nextPage: '' })
  void loadEvents(session)
  if (state().query !== '') askMemory(session, state().query)
}

/** Shows what there is of an entity, and nothing else. */
export function showEventsOf(session: Session, entityId: string): void {
  set({ query: '', found: undefined })
  filterEvents(session, { ...ANY, entityId })
}

/** Searches asked so far: an earlier one's answer comes too late. */
let searches = 0

/** Searches a moment after the last change, by words and meaning. */
export function askMemory(session: Session, query: string): void {
  clearTimeout(timer)
  set({ query })
  if (query.trim() === '') return set({ found: undefined, notice: '', trouble: '' })
  timer = setTimeout(() => void search(session, query), AFTER_MS)
}

async function search({ rest }: Session, query: string): Promise<void> {
  const mine = ++searches
  const isLast = () => mine === searches && state().query === query
  const { channel, sender, entityId, to } = state()
  try {
    const text = query.trim()
    const { found, notice } = await searchEvents(rest, { text, channel, sender, entityId, to, limit: 20 })
    // What only is new fits nothing.
    if (isLast()) set({ found: found.filter(({ fit }) => fit > LEAST_FIT), notice, trouble: '' })
  } catch (error) {
    if (isLast()) set({ found: undefined, trouble: whyNot(error) })
  }
}

export async function forgetEvent({ rest }: Session, id: string): Promise<void> {
  await deleteEvent(rest, id)
  set(({ events, found }) => ({
    events: events?.filter(one => one.id !== id),
    found: found?.filter(one => one.event.id !== id),
  }))
}

const LOOK_MS = 6_000
const SOON_MS = 300

/** Keeps the list fresh while somebody looks: live with custom events, and by asking now and then for all others. */
export function followMemory(session: Session): () => void {
  const look = () => {
    if (document.visibilityState === 'visible' && state().to === 0 && asked === 0) void loadEvents(session)
  }
  let soon: ReturnType<typeof setTimeout> | undefined
  const stop = followEvents(session, '/v1/topics/watch', {
    onOpen: () => undefined,
    onEvent(name, value) {
      const { published } = value as { published?: PublishedRecord }
      if (name === 'ready' || name === 'gap') return look()
      if (name !== 'published' || !published) return undefined
      // One that is kept comes with the list; many that come together, with one.
      if (published.kept) {
        soon ??= setTimeout(() => ((soon = undefined), look()), SOON_MS)
        return undefined
      }
      return set(({ live }) => ({
        live: [published, ...live.filter(({ id }) => id !== published.id)].slice(0, MOST_LIVE),
      }))
    },
  })
  const looking = setInterval(look, LOOK_MS)
  void loadEvents(session)
  return () => {
    stop()
    clearTimeout(soon)
    clearInterval(looking)
  }
}
