import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase } from 'idb'
import type { RunRecord } from '#edge/protocol.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import type { JournalStore, KeptRun } from './types.ts'

/** Keeps journals in memory: for programs, and where nothing else is there. */
export function memoryStore(most = 100): JournalStore {
  const kept = new Map<string, KeptRun>()
  return {
    async put(run, entries, blobs) {
      kept.delete(run.id)
      kept.set(run.id, { run, entries: [...entries], ...withBlobs(blobs) })
      for (const id of kept.keys()) {
        if (kept.size <= most) break
        kept.delete(id)
      }
    },
    get: async run => kept.get(run),
    list: async spell => latestFirst([...kept.values()].map(({ run }) => run).filter(run => run.spellId === spell)),
  }
}

interface Journals extends DBSchema {
  runs: { key: string; value: RunRecord; indexes: { spell: string; startedAt: number } }
  entries: { key: string; value: readonly Entry[] }
  /** The large values that the entries of a run refer to, by hash. */
  blobs: { key: string; value: Readonly<Record<string, Json>> }
}

/** Keeps journals in the browser's IndexedDB: the latest runs, for replay without a server. */
export function indexedDbStore(name: string, most = 200): JournalStore {
  let opened: Promise<IDBPDatabase<Journals>> | undefined
  const database = () =>
    (opened ??= openDB<Journals>(name, 2, {
      upgrade(made, version) {
        made.createObjectStore('blobs')
        if (version > 0) return
        const runs = made.createObjectStore('runs', { keyPath: 'id' })
        runs.createIndex('spell', 'spellId')
        runs.createIndex('startedAt', 'startedAt')
        made.createObjectStore('entries')
      },
    }))
  return {
    async put(run, entries, blobs) {
      const transaction = (await database()).transaction(['runs', 'entries', 'blobs'], 'readwrite')
      const runs = transaction.objectStore('runs')
      await Promise.all([runs.put(run), transaction.objectStore('entries').put(entries, run.id)])
      if (withBlobs(blobs).blobs) await transaction.objectStore('blobs').put(blobs ?? {}, run.id)
      const surplus = (await runs.count()) - most
      if (surplus > 0) {
        const oldest = await runs.index('startedAt').getAllKeys(undefined, surplus)
        await Promise.all(
          oldest.flatMap(id => [
            runs.delete(id),
            transaction.objectStore('entries').delete(id),
            transaction.objectStore('blobs').delete(id),
          ]),
        )
      }
      await transaction.done
    },
    async get(id) {
      const transaction = (await database()).transaction(['runs', 'entries', 'blobs'])
      const [run, entries, blobs] = await Promise.all([
        transaction.objectStore('runs').get(id),
        transaction.objectStore('entries').get(id),
        transaction.objectStore('blobs').get(id),
      ])
      return run && entries ? { run, entries, ...withBlobs(blobs) } : undefined
    },
    list: async spell => latestFirst(await (await database()).getAllFromIndex('runs', 'spell', spell)),
  }
}

function withBlobs(blobs: Readonly<Record<string, Json>> | undefined): Pick<KeptRun, 'blobs'> {
  return blobs && Object.keys(blobs).length > 0 ? { blobs } : {}
}

function latestFirst(runs: readonly RunRecord[]): RunRecord[] {
  return runs.toSorted((a, b) => b.startedAt - a.startedAt)
}
