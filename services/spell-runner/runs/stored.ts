import { hydrate } from '#graph/blob.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import type { Recall } from '#graph/known.ts'
import { downstreamOf, recall } from '#graph/recall.ts'
import { CodedError, notFound, precondition } from '#mesh/errors.ts'
import type { CompiledSpell, Library, Plans } from '../spells/plans.ts'
import type { SpellStore } from '../spells/store.ts'
import type { RunMode } from './mode.ts'
import type { RunRow, RunStore } from './store.ts'

/** A run as it is in the database, whole. */
export interface StoredRun {
  readonly row: RunRow
  readonly document: SpellDocument
  readonly compiled: CompiledSpell
  readonly texts: readonly string[]
  /** With their large values in them. */
  readonly entries: readonly Entry[]
}

/** Runs made ready to go on, or to be branched off from. */
export interface StoredRuns {
  /** Throws where its spell is gone or does not compile any more. */
  read(row: RunRow): Promise<StoredRun>
  /** The document that it ran. */
  document(row: RunRow): Promise<SpellDocument>
  /** What a run takes over of another one, as its mode says; undefined: nothing, or that run is gone. */
  recallFor(owner: string, mode: RunMode): Promise<Recall | undefined>
}

export function createStoredRuns(store: RunStore, spells: SpellStore, plans: Plans): StoredRuns {
  const document = async (row: RunRow): Promise<SpellDocument> => {
    const text =
      row.draft === null
        ? (await spells.find(row.owner, row.spell, row.revision))?.document
        : await store.draft(row.draft)
    if (text === undefined) throw notFound('its spell is gone')
    return JSON.parse(text) as SpellDocument
  }
  const read = async (row: RunRow): Promise<StoredRun> => {
    const texts = await store.journal(row.id)
    if (texts.length === 0)
      throw precondition(`the journal of the run "${row.id}" is kept no longer`, { reason: 'JOURNAL_EXPIRED' })
    const found = await document(row)
    const compiled = await plans.compileWith(row.owner, found, JSON.parse(row.library) as Library)
    const entries = texts.map(text => JSON.parse(text) as Entry)
    if (entries[0]?.kind !== 'run.started') throw new CodedError('DATA_LOSS', 'its journal has no beginning')
    return { row, document: found, compiled, texts, entries: await hydrateAll(store, row.id, entries, texts) }
  }
  return {
    document,
    read,
    async recallFor(owner, { recall: wanted }) {
      const row = wanted && (await store.find(owner, wanted.run))
      if (!wanted || !row) return undefined
      const { compiled, entries } = await read(row)
      return recallOf(compiled, entries, wanted)
    },
  }
}

/** What can be taken over of a run that is in memory. */
export function recallOf(
  { plan }: CompiledSpell,
  entries: readonly Entry[],
  { seq, from }: { readonly seq: number; readonly from?: string },
): Promise<Recall> {
  return recall(plan, seq > 0 ? entries.slice(0, seq) : entries, {
    now: () => performance.now(),
    turn: () => new Promise(resolve => setImmediate(resolve)),
    ...(from === undefined ? {} : { except: downstreamOf(plan, from) }),
  })
}

async function hydrateAll(
  store: RunStore,
  run: string,
  entries: readonly Entry[],
  texts: readonly string[],
): Promise<readonly Entry[]> {
  if (!texts.some(text => text.includes('"$blob"'))) return entries
  const values = new Map<string, Json>()
  for (const [hash, text] of await store.blobs(run)) values.set(hash, JSON.parse(text) as Json)
  return entries.map(entry => hydrate(entry, hash => values.get(hash)))
}
