import type { IDBPDatabase } from 'idb'
import { openDB } from 'idb'
import type { SpellDocument } from '#graph/document.ts'
import type { Library } from '#graph/library.ts'

/** What a run was a run of: an unsaved spell and its sub-spells are nowhere else. */
export interface RunDocuments {
  readonly document: SpellDocument
  readonly library: Library
}

const MOST = 200

let opening: Promise<IDBPDatabase> | undefined

function database(): Promise<IDBPDatabase> {
  opening ??= openDB('spellmesh-run-documents', 1, {
    upgrade(db) {
      db.createObjectStore('documents', { keyPath: ['account', 'run'] }).createIndex('keptAt', 'keptAt')
    },
  })
  return opening
}

/** Keeps the documents of a run in this browser; the oldest go. */
export async function keepDocuments(account: string, run: string, documents: RunDocuments): Promise<void> {
  const store = (await database()).transaction('documents', 'readwrite').store
  await store.put({ account, run, keptAt: Date.now(), ...documents })
  const surplus = (await store.count()) - MOST
  if (surplus <= 0) return
  for (const key of await store.index('keptAt').getAllKeys(undefined, surplus)) await store.delete(key)
}

/** Those of a run, where they are kept. */
export async function documentsOf(account: string, run: string): Promise<RunDocuments | undefined> {
  return (await (await database()).get('documents', [account, run])) as RunDocuments | undefined
}
