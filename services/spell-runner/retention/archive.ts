import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SpellDocument } from '#graph/document.ts'
import { digestOfEntries } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { formatRecording } from '#graph/recording.ts'
import type { Recording } from '#graph/recording.ts'
import { isCoded } from '#mesh/errors.ts'
import type { SpellStore } from '../spells/store.ts'
import type { Library } from '../spells/plans.ts'
import { hashOfBlob } from '../runs/blobs.ts'
import type { RunRow, RunStore } from '../runs/store.ts'
import type { StoredRuns } from '../runs/stored.ts'

/** A folder of runs that have ended, each a `.run` file that the editor opens. */
export interface Archive {
  /** Puts a run there; what is there whole already stays. Resolves when the file is on the disk and was read back right; rejects otherwise. */
  put(row: RunRow): Promise<void>
}

export interface ArchiveOptions {
  readonly folder: string
  /** Unique to this process: two may be at it. */
  readonly instance: string
  readonly store: RunStore
  readonly stored: StoredRuns
  readonly spells: SpellStore
}

/** Keeps runs in `<folder>/<yyyy>/<mm>/<dd>/<run>.run`, by the day they began on (UTC). */
export function createArchive({ folder, instance, ...sources }: ArchiveOptions): Archive {
  return {
    async put(row) {
      const path = join(folder, ...dayOf(Number(row.started_at)), `${row.id}.run`)
      if (problemOf(await readFile(path, 'utf8').catch(() => ''), row) === undefined) return
      await mkdir(dirname(path), { recursive: true })
      const draft = `${path}.${instance}`
      try {
        await writeThrough(draft, formatRecording(await toRecording(row, sources)))
        const problem = problemOf(await readFile(draft, 'utf8'), row)
        if (problem !== undefined) throw new Error(`the recording of "${row.id}" is not right: ${problem}`)
        await rename(draft, path)
        await syncFolder(dirname(path))
      } finally {
        await rm(draft, { force: true })
      }
    },
  }
}

function dayOf(at: number): readonly string[] {
  return new Date(at).toISOString().slice(0, 10).split('-')
}

async function toRecording(row: RunRow, sources: Omit<ArchiveOptions, 'folder' | 'instance'>): Promise<Recording> {
  const { store, stored } = sources
  const entries = (await store.journal(row.id)).map(text => JSON.parse(text) as Entry)
  const [first] = entries
  if (first?.kind !== 'run.started') throw new Error(`the journal of "${row.id}" has no beginning`)
  const blobs = [...(await store.blobs(row.id))].map(([hash, text]) => [hash, JSON.parse(text) as Json] as const)
  return {
    spell: await stored.document(row),
    library: await libraryOf(row, sources.spells),
    inputs: first.inputs,
    state: first.state,
    entries,
    blobs: Object.fromEntries(blobs),
  }
}

/** The sub-spells that ran. One that was deleted since is left out: the entries say what it gave. */
async function libraryOf(row: RunRow, spells: SpellStore): Promise<Readonly<Record<string, SpellDocument>>> {
  const library: Record<string, SpellDocument> = {}
  for (const [name, [spell, revision]] of Object.entries(JSON.parse(row.library) as Library)) {
    const found = await spells.find(row.owner, spell, revision)
    if (found) library[name] = JSON.parse(found.document) as SpellDocument
  }
  return library
}

/** What is wrong with the text of a run's recording; undefined: it is whole. */
function problemOf(text: string, row: RunRow): string | undefined {
  try {
    const { entries, blobs = {} } = JSON.parse(text) as Partial<Recording>
    if (entries?.length !== Number(row.last_seq)) return `it has not ${row.last_seq} entries`
    if (digestOfEntries(entries) !== row.digest) return `its entries have not the digest ${row.digest}`
    const bad = Object.entries(blobs).find(([hash, value]) => hashOfBlob(JSON.stringify(value)) !== hash)
    return bad && `the value ${bad[0]} has another hash`
  } catch (error) {
    return isCoded(error) || error instanceof Error ? error.message : 'it cannot be read'
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** So that the name outlives a crash of the machine, where the system can do that. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}
