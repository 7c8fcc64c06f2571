import type { IDBPDatabase } from 'idb'
import { openDB } from 'idb'
import type { SpellDocument } from '#graph/document.ts'

/** A tab as it was left: kept in this browser until the server has it. */
export interface Draft {
  /** The tab. */
  readonly id: string
  readonly spell: string | undefined
  readonly document: SpellDocument
  readonly baseRevision: number
  readonly dirty: boolean
  readonly order: number
  readonly savedAt: number
}

let opening: Promise<IDBPDatabase> | undefined

function database(): Promise<IDBPDatabase> {
  opening ??= openDB('spellmesh-drafts', 1, {
    upgrade(db) {
      db.createObjectStore('drafts', { keyPath: ['account', 'id'] })
    },
  })
  return opening
}

/** Keeps a tab of an account. */
export async function saveDraft(account: string, draft: Draft): Promise<void> {
  await (await database()).put('drafts', { account, ...draft })
}

/** Forgets one. */
export async function removeDraft(account: string, id: string): Promise<void> {
  await (await database()).delete('drafts', [account, id])
}

/** The account's tabs, in their order. */
export async function loadDrafts(account: string): Promise<readonly Draft[]> {
  const all = (await (await database()).getAll('drafts', IDBKeyRange.bound([account], [account, []]))) as Draft[]
  return all.toSorted((a, b) => a.order - b.order)
}
