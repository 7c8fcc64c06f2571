import { applyEntry, emptyView } from '#graph/view.ts'
import type { RunView } from '#graph/view.ts'
import type { Entry } from '#graph/journal.ts'
import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { notFound } from '#mesh/errors.ts'
import { journalGone } from './store.ts'
import type { EntryPage, RunRow, RunStore } from './store.ts'

/** Consecutive entries, the first of them numbered `first`. */
export interface EntryBatch {
  readonly attempt: number
  readonly first: number
  readonly texts: readonly string[]
}

/** Reads journals of runs, wherever these are at work. */
export interface Journals {
  /** At most so many entries, and about 2 MB. */
  page(owner: string, run: string, after: number, limit: number): Promise<EntryPage>
  /** From a position on, then live, until the run has ended. Ends early when the signal aborts. */
  watch(owner: string, run: string, after: number, signal: AbortSignal): AsyncGenerator<EntryBatch>
  /** Where everything stands, and the position it was read at. */
  view(owner: string, run: string): Promise<{ row: RunRow; view: RunView }>
}

const PAGE_ENTRIES = 500
const MOST_PAGE_ENTRIES = 2_000
const MOST_PAGE_BYTES = 2 * 1024 * 1024
const MOST_GATHERED = 5_000

export function createJournals(store: RunStore, bus: Bus): Journals {
  const missing = (id: string) => notFound(`there is no run "${id}"`)
  const page = async (owner: string, run: string, after: number, limit: number): Promise<EntryPage> => {
    const found = await store.entries(owner, run, after, Math.min(limit || PAGE_ENTRIES, MOST_PAGE_ENTRIES))
    if (!found) throw missing(run)
    return { ...found, texts: upToBytes(found.texts) }
  }
  return {
    page,
    async *watch(owner, run, after, signal) {
      const row = await store.find(owner, run)
      if (!row) throw missing(run)
      const live = openLive(bus, subject('ev.v1', owner, row.spell, run), signal)
      try {
        await bus.settled()
        yield* follow(after, (from: number) => page(owner, run, from, MOST_PAGE_ENTRIES), live, signal)
      } finally {
        live.close()
      }
    },
    async view(owner, run) {
      const row = await store.find(owner, run)
      if (!row) throw missing(run)
      const view = emptyView()
      const texts = await store.journal(run)
      if (texts.length < Number(row.last_seq)) throw journalGone(run)
      // The journal only grows: entries up to the position of the row are one consistent reading.
      for (const text of texts.slice(0, Number(row.last_seq))) applyEntry(view, JSON.parse(text) as Entry)
      // Of a long batch the row may know less than the entries say.
      const status = view.status === 'idle' ? row.status : view.status
      return { row: { ...row, status }, view }
    },
  }
}

function upToBytes(texts: readonly string[]): readonly string[] {
  let size = 0
  const end = texts.findIndex((text, index) => (size += Buffer.byteLength(text)) > MOST_PAGE_BYTES && index > 0)
  return end < 0 ? texts : texts.slice(0, end)
}

interface Live {
  /** What came since the last call; undefined: something may have been missed. */
  take(): readonly EntryBatch[] | undefined
  /** Resolves when there is something to take. */
  arrived(): Promise<void>
  close(): void
}

async function* follow(
  after: number,
  page: (after: number) => Promise<EntryPage>,
  live: Live,
  signal: AbortSignal,
): AsyncGenerator<EntryBatch> {
  let last = after
  let attempt = 0
  for (;;) {
    // From the database until there is nothing more, then from the bus until something is missing.
    for (;;) {
      const { texts, attempt: current, lastSeq, ended } = await page(last)
      attempt = current
      if (texts.length > 0) yield { attempt, first: last + 1, texts }
      last += texts.length
      if (ended && last >= lastSeq) return
      if (last >= lastSeq || signal.aborted) break
    }
    for (;;) {
      if (signal.aborted) return
      const batches = live.take()
      if (!batches) break
      for (const batch of batches) {
        if (batch.attempt < attempt) continue
        const known = Math.max(0, last + 1 - batch.first)
        if (batch.first > last + 1) break
        const texts = batch.texts.slice(known)
        if (texts.length === 0) continue
        attempt = batch.attempt
        yield { attempt, first: last + 1, texts }
        last += texts.length
        if (isEnd(texts.at(-1))) return
      }
      const next = batches.find(({ first }) => first > last + 1)
      if (next) break
      await live.arrived()
    }
  }
}

/** Whether this text of an entry is the journal's last. */
export function isEnd(text: string | undefined): boolean {
  return text !== undefined && /^\{"seq":\d+,"at":\d+,"kind":"run\.(?:completed|failed|cancelled)"/.test(text)
}

function openLive(bus: Bus, name: string, signal: AbortSignal): Live {
  let batches: EntryBatch[] = []
  let missed = false
  let wake = () => {}
  const decoder = new TextDecoder()
  const subscription = bus.subscribe(name, ({ payload }) => {
    if (batches.length >= MOST_GATHERED) missed = true
    else batches.push(readPublished(decoder.decode(payload)))
    wake()
  })
  let open = true
  bus.onGap(() => {
    if (!open) return
    missed = true
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  return {
    take() {
      const taken = missed ? undefined : batches
      batches = []
      missed = false
      return taken
    },
    arrived: () =>
      new Promise(resolve => {
        wake = resolve
        if (batches.length > 0 || missed || signal.aborted) resolve()
      }),
    close() {
      open = false
      signal.removeEventListener('abort', onAbort)
      subscription.unsubscribe()
    },
  }
}

/** The payload of `ev.v1.…`: a line with attempt, first number and count, then a line for each entry. */
function readPublished(payload: string): EntryBatch {
  const lines = payload.split('\n')
  const [attempt = 0, first = 0] = (lines[0] ?? '').split(' ').map(Number)
  return { attempt, first, texts: lines.slice(1) }
}
