import type { UploadRequest } from '#gen/spellmesh/document/v1/document.ts'
import type { Blobs } from '#mesh/blobs.ts'
import { exhausted, invalid, isCoded, notFound } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { CollectionStore, Added, KeptFile, NewDocument } from './collections/store.ts'
import { newBlobName } from './ingest/fetch.ts'
import { DEFAULT_COLLECTION, readOptions } from './request.ts'
import type { Settings } from './settings.ts'
import type { DocumentStore } from './store.ts'

export interface UploadOptions {
  readonly owner: string
  readonly signal: AbortSignal
  readonly documents: DocumentStore
  readonly collections: CollectionStore
  readonly blobs: Blobs
  readonly settings: Settings
}

const MOST_PIECE = 1024 * 1024

/** Keeps a file as it comes, then its document. What goes wrong before the end leaves nothing behind. */
export async function upload(requests: AsyncIterable<UploadRequest>, options: UploadOptions): Promise<Added> {
  const { owner, collections, documents, settings } = options
  const parts = requests[Symbol.asyncIterator]()
  try {
    const first = await parts.next()
    if (first.done || first.value.part?.$case !== 'options')
      throw invalid([{ path: 'part', message: `expected options first, got ${first.value?.part?.$case ?? 'nothing'}` }])
    const { documentId, ...wanted } = readOptions(first.value.part.value, usualChunking(settings))
    const old = documentId === '' ? undefined : await documents.get(owner, documentId)
    if (documentId !== '' && !old) throw notFound(`there is no document "${documentId}"`)
    if (old && wanted.collection !== '' && wanted.collection !== old.collection)
      throw invalid([
        { path: 'options.collection', message: `"${documentId}" is in "${old.collection}", where it stays` },
      ])
    const room = roomOf(settings)
    const used = await collections.used(owner)
    if (!old && used.documents >= room.documents) throw fullOf(settings)
    const isNew = { ...wanted, collection: wanted.collection || DEFAULT_COLLECTION, id: newId('doc'), owner }
    return await keepFile(bytesOf(parts), options, async file => {
      if (old) {
        if (used.bytes - old.size_bytes + file.sizeBytes > room.bytes) throw fullOf(settings)
        const replaced = await collections.replace({ ...isNew, id: documentId }, file)
        if (!replaced) throw notFound(`there is no document "${documentId}"`)
        return replaced
      }
      return add(isNew, file, options)
    })
  } finally {
    await parts.return?.()
  }
}

async function add(wanted: NewDocument, file: KeptFile, { collections, settings }: UploadOptions): Promise<Added> {
  const added = await collections.add(wanted, file, usualChunking(settings), roomOf(settings))
  if (!added) throw fullOf(settings)
  return added
}

/** The file lasts before anything stands on it; where nothing does in the end, it goes. */
async function keepFile(
  bytes: AsyncIterable<Uint8Array>,
  { blobs, collections, settings, signal }: UploadOptions,
  commit: (file: KeptFile) => Promise<Added>,
): Promise<Added> {
  const blob = newBlobName()
  await collections.noteBlob(blob)
  let [isUsed, isUnclear] = [false, false]
  try {
    const file = await blobs.put(blob, bytes, { limitBytes: settings.DOCUMENT_LIMIT_BYTES, signal })
    const added = await commit({ blob, ...file }).catch((error: unknown) => {
      // It may have been committed. The note of the file knows, and who sweeps looks there.
      isUnclear = !isCoded(error) || isCoded(error, 'UNAVAILABLE')
      throw error
    })
    isUsed = added.row.blob === blob
    return added
  } finally {
    if (!isUsed && !isUnclear) {
      await blobs.remove(blob)
      await collections.forgetBlob(blob)
    }
  }
}

async function* bytesOf(parts: AsyncIterator<UploadRequest>): AsyncGenerator<Uint8Array> {
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const { part } = next.value
    if (part?.$case !== 'data')
      throw invalid([{ path: 'part', message: `expected data after the options, got ${part?.$case ?? 'nothing'}` }])
    if (part.value.byteLength > MOST_PIECE)
      throw invalid([{ path: 'data', message: `a piece of ${part.value.byteLength} bytes; at most ${MOST_PIECE}` }])
    yield part.value
  }
}

/** How texts are cut where nothing else is asked. */
export function usualChunking({ DOCUMENT_CHUNK_SIZE: size, DOCUMENT_CHUNK_OVERLAP: overlap }: Settings) {
  return { size, overlap: Math.min(overlap, Math.floor(size / 2)) }
}

function roomOf({ DOCUMENT_USER_BYTES: bytes, DOCUMENT_USER_COUNT: documents }: Settings) {
  return { bytes, documents }
}

/** What a user is told who has no room for another document. */
export function fullOf({ DOCUMENT_USER_BYTES, DOCUMENT_USER_COUNT }: Settings) {
  return exhausted(
    `no room: a user may keep ${DOCUMENT_USER_COUNT} documents and ${DOCUMENT_USER_BYTES} bytes of files`,
  )
}
