import { create } from 'zustand'
import type { CollectionRecord, DocumentRecord } from '../knowledge/records.ts'
import { standingOf } from './jobs.ts'
import { followEvents } from '../knowledge/event-stream.ts'
import { deleteDocument, getDocument, listCollections, listDocuments, whyNot } from '../knowledge/rest.ts'
import type { Session } from '../session/context.ts'

interface Documents {
  /** Undefined: nobody has answered yet. */
  readonly collections: readonly CollectionRecord[] | undefined
  /** All that are known, by id. */
  readonly known: Readonly<Record<string, DocumentRecord>>
  /** What the list shows, newest first. Undefined: nobody has answered yet. */
  readonly list: readonly string[] | undefined
  readonly nextPage: string
  /** Empty: all collections. */
  readonly collection: string
  /** Part of a name. */
  readonly text: string
  /** What could not be. */
  readonly trouble: string
  /** What has come to its end last, for those who do not see the list. */
  readonly told: string
}

const NOTHING: Documents = {
  ...{
    collections: undefined,
    known: {},
    list: undefined,
    nextPage: '',
    collection: '',
    text: '',
    trouble: '',
    told: '',
  },
}
export const useDocuments = create<Documents>(() => NOTHING)
const { getState: state, setState: set } = useDocuments
const PAGE = 50
let turn = 0
/** Raised with every document that was not known before. */
let news = 0

/** Forgets everything: somebody else is here. */
export function forgetDocuments(): void {
  turn++
  set(NOTHING, true)
}

/** Puts what was told of a document where it is shown. */
export function noteDocument(document: DocumentRecord, isNew = false): void {
  if (!Object.hasOwn(state().known, document.id)) news++
  set(({ known, list, collection, text }) => {
    const fits =
      (collection === '' || document.collection === collection) &&
      `${document.title} ${document.name}`.toLowerCase().includes(text.toLowerCase())
    const isListed = list?.includes(document.id) ?? true
    const before = known[document.id]?.job?.state
    const { state: now } = document.job ?? {}
    const isOver = before !== undefined && before !== now && /^(?:ready|failed|skipped)$/.test(now ?? '')
    return {
      ...(isOver ? { told: `${document.title || document.name}: ${standingOf(document.job).words}` } : {}),
      known: { ...known, [document.id]: document },
      ...(!isListed && fits && (isNew || !Object.hasOwn(known, document.id))
        ? { list: [document.id, ...(list ?? [])] }
        : {}),
    }
  })
}

function dropDocument(id: string): void {
  set(({ known, list }) => ({
    known: Object.fromEntries(Object.entries(known).filter(([one]) => one !== id)),
    list: list?.filter(one => one !== id),
  }))
}

/** Reads the list anew, or with `more` its next page. An answer that is late is dropped. */
export async function loadDocuments(session: Session, more = false): Promise<void> {
  const { collection, text, nextPage } = state()
  const mine = ++turn
  const before = news
  try {
    const page = await listDocuments(session.rest, { collection, text, pageToken: more ? nextPage : '', limit: PAGE })
    if (mine !== turn) return undefined
    // What came meanwhile may be missing in this answer.
    if (before !== news && !more) return loadDocuments(session)
    const ids = page.documents.map(({ id }) => id)
    set(({ known, list }) => ({
      known: { ...known, ...Object.fromEntries(page.documents.map(one => [one.id, latest(known[one.id], one)])) },
      list: more ? [...new Set([...(list ?? []), ...ids])] : ids,
      nextPage: page.nextPageToken,
      trouble: '',
    }))
  } catch (error) {
    if (mine === turn) set(({ list }) => ({ trouble: whyNot(error), list: list ?? [] }))
  }
  return undefined
}

/** An answer may be older than what was told meanwhile. */
function latest(known: DocumentRecord | undefined, read: DocumentRecord): DocumentRecord {
  return known && known.updatedAt > read.updatedAt ? known : read
}

export async function loadCollections({ rest }: Session): Promise<void> {
  const collections = await listCollections(rest).catch(() => undefined)
  if (collections) set({ collections })
}

/** Shows other documents. */
export function chooseDocuments(session: Session, chosen: Partial<Pick<Documents, 'collection' | 'text'>>): void {
  set(chosen)
  void loadDocuments(session)
}

/** Reads one that is not known, or is known by a list only. Resolves to why that cannot be; empty: it is there. */
export async function loadDocument({ rest }: Session, id: string): Promise<string> {
  try {
    noteDocument(await getDocument(rest, id))
    return ''
  } catch (error) {
    return whyNot(error)
  }
}

export async function removeDocument(session: Session, id: string): Promise<void> {
  await deleteDocument(session.rest, id)
  dropDocument(id)
  void loadCollections(session)
}

const LOOK_MS = 4_000
const MOST_LOOKED_AT = 8

/** What is told while nobody listens yet, or while the line is down, is not told again: what is at work is looked at now and then. */
async function lookAgain(session: Session): Promise<void> {
  const { list = [], known } = state()
  const atWork = list.filter(id => /^(?:waiting|working)$/.test(standingOf(known[id]?.job).kind))
  if (document.visibilityState !== 'visible') return
  for (const id of atWork.slice(0, MOST_LOOKED_AT)) await loadDocument(session, id)
}

/** Keeps the list as it is on the server until the returned function is called. */
export function followDocuments(session: Session): () => void {
  let counting: ReturnType<typeof setTimeout> | undefined
  const count = () => {
    counting ??= setTimeout(() => {
      counting = undefined
      void loadCollections(session)
    }, 400)
  }
  const load = () => {
    // Pages that somebody asked for stay.
    if ((state().list?.length ?? 0) <= PAGE) void loadDocuments(session)
    void loadCollections(session)
  }
  load()
  const stop = followEvents(session, '/v1/documents/watch', {
    onOpen() {
      load()
    },
    onEvent(name, value) {
      const { document } = value as { document?: DocumentRecord }
      if (!document) return
      if (name === 'deleted') dropDocument(document.id)
      else if (name === 'document') noteDocument(document)
      if (name === 'deleted' || document.job?.state === 'ready' || document.job?.state === 'failed') count()
    },
  })
  const looking = setInterval(() => void lookAgain(session), LOOK_MS)
  return () => {
    stop()
    clearInterval(looking)
    clearTimeout(counting)
  }
}
