import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Blobs } from '#mesh/blobs.ts'
import { isCoded } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { Client } from '#mesh/service.ts'
import { embedPieces } from '../ingest/embed.ts'
import { fetchSource } from '../ingest/fetch.ts'
import { readThrough } from '../ingest/read.ts'
import type { IngestStore } from '../ingest/store.ts'
import type { VectorStore } from '../ingest/vector-store.ts'
import { writeObjects } from '../ingest/write.ts'
import type { ReadingThreads } from '../parsing/parser.ts'
import type { Settings } from '../settings.ts'
import type { CollectionStore } from '../collections/store.ts'
import type { DocumentRow, Found } from '../store.ts'
import { Ended, Lost, Yielded } from './outcome.ts'
import type { Claim, JobStore, Step } from './store.ts'

export interface JobOptions {
  readonly jobs: JobStore
  readonly ingest: IngestStore
  readonly collections: CollectionStore
  readonly blobs: Blobs
  readonly outbound: Outbound
  readonly completion: Client<typeof CompletionServiceDefinition>
  readonly vectors: VectorStore
  readonly settings: Settings
  threads(): Promise<ReadingThreads>
  /** Tells people of a change. */
  told(row: DocumentRow): void
}

/** A file that ends the process that reads it is not read for ever. */
const MOST_CRASHES = 3
const TOLD_EVERY_MS = 500

/** Takes a document as far as it can be taken, from wherever it is. Rejects with what stops it. */
export async function runReading(claimed: DocumentRow, claim: Claim, options: JobOptions, signal: AbortSignal) {
  const { jobs } = options
  let row = held(await jobs.begin(claim), options)
  if (claimed.crashes > MOST_CRASHES)
    throw new Ended(
      'failed',
      'CRASH',
      `reading it ended the process ${claimed.crashes} times: the file is kept, nothing of it was read`,
    )
  if (row.refetch !== '') {
    const gotten = await fetchFirst(row, claim, options, signal)
    if (!gotten) return
    row = gotten
  }
  let found = row.reading
  if (!found) {
    const progress = teller(claim, options, 'parsing')
    await progress(0, true)
    const { blobs, ingest: store, settings } = options
    const threads = await options.threads()
    found = await readThrough(row, claim, { blobs, threads, store, settings, signal, progress })
    row = held(await jobs.parsed(claim, found, row.shown === 0), options)
  }
  await index(row, claim, found, options, signal)
}

/** Undefined: there is nothing new to read. */
async function fetchFirst(
  row: DocumentRow,
  claim: Claim,
  options: JobOptions,
  signal: AbortSignal,
): Promise<DocumentRow | undefined> {
  const { jobs, collections, blobs, outbound, settings } = options
  held(await jobs.tell(claim, { state: 'pending', progress: 0, message: `gets ${new URL(row.source).host}` }), options)
  const got = await fetchSource(row, {
    outbound,
    blobs,
    limitBytes: settings.DOCUMENT_LIMIT_BYTES,
    timeoutMs: settings.DOCUMENT_FETCH_MS,
    signal,
    note: blob => collections.noteBlob(blob),
  })
  if (!got) {
    if (row.refetch === 'read') return held(await jobs.got(claim, asItWas(row)), options)
    held(await jobs.unchanged(claim, 'nothing has changed at its source'), options)
    return undefined
  }
  const same = await collections.sameFile(row, got.hash)
  if (same) {
    await blobs.remove(got.blob)
    throw new Ended('skipped', 'DUPLICATE', `the same file as "${same.title}" (${same.id})`)
  }
  return held(await jobs.got(claim, got), options)
}

function asItWas({
  blob,
  size_bytes: sizeBytes,
  hash,
  name,
  media_type: mediaType,
  etag,
  last_modified: lastModified,
}: DocumentRow) {
  return { blob, sizeBytes, hash, name, mediaType, etag, lastModified }
}

/** From pieces to what is found: vectors, the vector store, and then everybody sees them. */
async function index(row: DocumentRow, claim: Claim, found: Found, options: JobOptions, signal: AbortSignal) {
  const { jobs, ingest: store, completion, vectors, settings } = options
  const tell = teller(claim, options, 'embedding')
  const yieldInTurn = yielder(claim, options)
  const progress = async (fraction: number) => {
    await tell(fraction)
    await yieldInTurn()
  }
  const wordsOnly = settings.DOCUMENT_EMBED
    ? (await vectors.keepsVectors(row.owner, signal))
      ? ''
      : 'the vector store keeps no vectors here: PostgreSQL has no pgvector'
    : 'vectors are turned off here (DOCUMENT_EMBED)'
  const title = row.title_given ? row.title : found.title
  const shown = title || row.name
  if (row.shown > 0) await store.freshenFirst(claim, shown !== row.title)
  const embedded = await embedPieces(row, claim, {
    completion,
    store,
    wordsOnly,
    title,
    chunks: found.chunks,
    signal,
    progress: fraction => progress(fraction / 2),
  })
  const refused = await writeObjects(row, claim, {
    vectors,
    store,
    of: { ...found, title: shown },
    reading: row.generation,
    chunks: found.chunks,
    signal,
    progress: fraction => progress(0.5 + fraction / 2),
  })
  const notices = [
    ...(embedded.wordsOnly === '' ? [] : [`found by words alone: ${embedded.wordsOnly}`]),
    ...(refused.count === 0 ? [] : [`${refused.count} pieces are not found: ${refused.why}`]),
    ...found.notices,
  ]
  const end = { model: embedded.model, byWords: embedded.wordsOnly !== '', message: notices.join('; ').slice(0, 2_000) }
  held(await jobs.ready(claim, found, end), options)
}

function held(row: DocumentRow | undefined, { told }: JobOptions): DocumentRow {
  if (!row) throw new Lost()
  told(row)
  return row
}

/** Tells how far it is, not more often than people can see. */
function teller(claim: Claim, options: JobOptions, state: Step['state']) {
  let next = 0
  return async (progress: number, now = false) => {
    if (!now && performance.now() < next) return
    next = performance.now() + TOLD_EVERY_MS
    held(await options.jobs.tell(claim, { state, progress, message: '' }), options)
  }
}

/** Large documents are indexed for minutes: smaller ones do not wait for that. Where it stood, whoever comes goes on. */
function yielder(claim: Claim, { jobs, settings: { DOCUMENT_TURN_MS } }: JobOptions) {
  let next = performance.now() + DOCUMENT_TURN_MS
  return async () => {
    if (performance.now() < next) return
    if (await jobs.isInTheWay(claim)) throw new Yielded()
    next = performance.now() + Math.max(DOCUMENT_TURN_MS / 10, 50)
  }
}

/** How a job's end is told, for what people can do about it. */
export function toEnded(error: unknown): Ended | undefined {
  if (error instanceof Ended) return error
  if (isCoded(error, 'NOT_FOUND')) return new Ended('failed', 'BROKEN', `its file is lost: ${error.message}`)
  return undefined
}
