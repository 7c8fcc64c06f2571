import { Document } from '#gen/spellmesh/document/v1/document.ts'
import type { WatchResponse } from '#gen/spellmesh/document/v1/document.ts'
import { notFound } from '#mesh/errors.ts'
import { openWaker } from './jobs/waker.ts'
import type { Changes } from './changes.ts'
import { isAtWork, toDocument } from './messages.ts'
import type { DocumentRow, DocumentStore } from './store.ts'

export interface WatchOptions {
  readonly owner: string
  /** Empty: all. */
  readonly id: string
  readonly untilDone: boolean
  readonly signal: AbortSignal
  /** Other processes may change what no message tells of. */
  readonly alone: boolean
}

/** Where messages may be lost, the database is looked at so often while something is at work. */
const LOOK_EVERY_MS = 5_000

/** Versions that were told, of those that are at work and of others. */
interface Told {
  readonly atWork: Map<string, number>
  readonly ended: Map<string, number>
}
const MOST_REMEMBERED = 1_000

/** How documents are and become. What changes faster than it is read is told once, as it is then. */
export async function* watchDocuments(
  store: DocumentStore,
  changes: Changes,
  options: WatchOptions,
): AsyncGenerator<Partial<WatchResponse>> {
  const { owner, id, untilDone, signal, alone } = options
  const waker = openWaker()
  const changed = new Set<string>()
  let lookAgain = false
  const subscription = changes.watch(
    owner,
    change => {
      if (id !== '' && change.id !== id) return
      changed.add(change.id)
      waker.wake()
    },
    () => {
      lookAgain = true
      waker.wake()
    },
  )
  const stop = () => waker.wake()
  signal.addEventListener('abort', stop)
  const told: Told = { atWork: new Map(), ended: new Map() }
  try {
    await subscription.settled()
    const first = await look(store, owner, id)
    if (id !== '' && first.length === 0) throw notFound(`there is no document "${id}"`)
    yield* tell(first, told)
    while (!signal.aborted) {
      const woken = waker.next()
      if (changed.size === 0 && !lookAgain) {
        if (untilDone && told.atWork.size === 0 && !(id === '' && (await store.isAtWork(owner)))) return
        await woken.orAfter(alone || told.atWork.size === 0 ? undefined : LOOK_EVERY_MS)
        if (signal.aborted) return
        lookAgain ||= changed.size === 0
      }
      const ids = new Set([...changed, ...(lookAgain ? [...told.atWork.keys(), ...(id === '' ? [] : [id])] : [])])
      const others = lookAgain && id === '' ? await store.atWork(owner) : []
      changed.clear()
      lookAgain = false
      for (const other of others) ids.delete(other.id)
      const rows = ids.size === 0 ? [] : await store.getMany(owner, [...ids])
      yield* tell([...others, ...rows], told)
      for (const { id: found } of rows) ids.delete(found)
      for (const gone of ids) {
        told.atWork.delete(gone)
        yield { document: Document.fromPartial({ id: gone }), deleted: true }
        if (id !== '') return
      }
    }
  } finally {
    signal.removeEventListener('abort', stop)
    subscription.unsubscribe()
  }
}

async function look(store: DocumentStore, owner: string, id: string): Promise<readonly DocumentRow[]> {
  if (id === '') return store.atWork(owner)
  const row = await store.get(owner, id)
  return row ? [row] : []
}

function* tell(rows: readonly DocumentRow[], told: Told): Generator<Partial<WatchResponse>> {
  for (const row of rows) {
    if (told.atWork.get(row.id) === row.version || told.ended.get(row.id) === row.version) continue
    told.atWork.delete(row.id)
    if (told.ended.size >= MOST_REMEMBERED) told.ended.clear()
    const kind = isAtWork(row) ? told.atWork : told.ended
    kind.set(row.id, row.version)
    yield { document: toDocument(row), deleted: false }
  }
}
