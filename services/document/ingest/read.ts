import { createHash } from 'node:crypto'
import type { Blobs } from '#mesh/blobs.ts'
import { isCoded } from '#mesh/errors.ts'
import { Later, Lost } from '../jobs/outcome.ts'
import type { Claim } from '../jobs/store.ts'
import type { Piece, Reading, ReadingThreads } from '../parsing/parser.ts'
import type { Settings } from '../settings.ts'
import type { DocumentRow, Found } from '../store.ts'
import type { IngestStore, NewChunk } from './store.ts'
import { turn } from './turn.ts'

export interface ReadOptions {
  readonly blobs: Blobs
  readonly threads: ReadingThreads
  readonly store: IngestStore
  readonly settings: Settings
  readonly signal: AbortSignal
  progress(fraction: number): Promise<void>
}

/** Reads a document's file through and keeps its pieces beside the ones that are shown. What an attempt before left in the middle goes first: only a file's end tells that nothing is missing. */
export async function readThrough(row: DocumentRow, claim: Claim, options: ReadOptions): Promise<Found> {
  const { blobs, store } = options
  while ((await store.dropChunks(claim, row.shown)) > 0) await turn()
  const file = await blobs.file(row.blob).catch((error: unknown) => {
    if (isCoded(error, 'UNAVAILABLE')) throw new Later('waits for the store of files', error)
    throw error
  })
  try {
    return await keepPieces(row, claim, file.path, options)
  } finally {
    await file.release()
  }
}

async function keepPieces(row: DocumentRow, claim: Claim, path: string, options: ReadOptions): Promise<Found> {
  const { store, threads, signal } = options
  const idOf = createIds(row.id)
  let [position, kept, type, encoding] = [0, 0, '', '']
  for await (const reading of threads.read(toRequest(row, path, options.settings), signal)) {
    if (reading.kind === 'type') [type, encoding] = [reading.type, reading.encoding]
    else if (reading.kind === 'end') {
      return toFound(reading, { type, encoding, chunks: position, kept })
    } else {
      const chunks = reading.pieces.map(piece => toChunk(piece, position++, idOf))
      const alike = await store.stage(claim, chunks)
      if (alike === undefined) throw new Lost()
      kept += alike
      await options.progress(reading.progress)
      await turn()
    }
  }
  throw new Error('a reading has no end')
}

function toRequest(row: DocumentRow, path: string, settings: Settings) {
  return {
    path,
    name: row.name,
    mediaType: row.media_type,
    chunking: { size: row.chunk_size, overlap: row.chunk_overlap },
    limits: {
      pages: settings.DOCUMENT_PAGES,
      unpackedBytes: settings.DOCUMENT_UNPACKED_BYTES,
      characters: settings.DOCUMENT_CHARACTERS,
      timeMs: settings.DOCUMENT_READ_MS,
    },
  }
}

function toFound(
  { title, language, pages, characters, notices }: Extract<Reading, { kind: 'end' }>,
  rest: Pick<Found, 'type' | 'encoding' | 'chunks' | 'kept'>,
): Found {
  return {
    ...rest,
    title: toText(title.trim()).slice(0, 500),
    language,
    pages,
    characters,
    notices: notices.map(toText),
  }
}

function toChunk(
  piece: Piece,
  position: number,
  idOf: (headings: readonly string[], text: string) => string,
): NewChunk {
  const text = toText(piece.text)
  const headings = piece.headings.map(toText)
  const { page, lastPage: last_page, from: begins, to: ends, kind } = piece
  return { position, id: idOf(headings, text), text, page, last_page, headings, begins, ends, kind }
}

/** What the database takes: no NUL, no half of a surrogate pair. Each is one unit before and after. */
function toText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed()
}

/** Ids that stay while the text does: made of the document, the text with its headings, and how many such pieces came before. */
function createIds(document: string): (headings: readonly string[], text: string) => string {
  // By 48 bits of their hashes, which take a tenth of the room: where two texts share them, the second one is counted as if it were the first again, and its id is still its own.
  const seen = new Map<number, number>()
  return (headings, text) => {
    const hash = hashOf(JSON.stringify([document, headings, text]))
    const short = hash.readUIntBE(0, 6)
    const before = seen.get(short) ?? 0
    seen.set(short, before + 1)
    return `c_${before === 0 ? toKey(hash) : toKey(hashOf(`${toKey(hash)} ${before}`))}`
  }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest()
const toKey = (hash: Buffer) => hash.toString('base64url', 0, 17).slice(0, 22)
