import type { Blobs } from '#mesh/blobs.ts'
import { isCoded } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { Outbound, OutboundStream } from '#mesh/outbound.ts'
import { Ended, Later } from '../jobs/outcome.ts'
import type { Got } from '../jobs/store.ts'
import type { DocumentRow } from '../store.ts'
import { nameFrom } from './name-from.ts'

export interface FetchOptions {
  readonly outbound: Outbound
  readonly blobs: Blobs
  readonly limitBytes: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Notes a file that is about to be kept, so that it is not left behind. */
  note(blob: string): Promise<void>
}

/** So often a source that does not answer is asked in all. */
const MOST_TRIES = 4

/** Gets the file at a document's source. Undefined: it is as it was. */
export async function fetchSource(row: DocumentRow, options: FetchOptions): Promise<Got | undefined> {
  const late = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([options.signal, late])
  try {
    const answer = await options.outbound.open(row.source, { headers: conditionsOf(row), signal })
    if (answer.status === 304 && row.blob !== '') {
      await leave(answer)
      return undefined
    }
    if (answer.status < 200 || answer.status > 299) {
      await leave(answer)
      throw refusalOf(answer.status, row)
    }
    return await keep(row, answer, { ...options, signal })
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason
    if (late.aborted) throw again(row, `it did not come within ${options.timeoutMs} ms`, error)
    if (isCoded(error, 'UNAVAILABLE') || isCoded(error, 'DEADLINE_EXCEEDED')) throw again(row, error.message, error)
    if (isCoded(error)) throw new Ended('failed', 'FETCH', error.message)
    if (error instanceof Ended || error instanceof Later) throw error
    throw again(row, error instanceof Error ? error.message : String(error), error)
  }
}

function conditionsOf({ blob, etag, last_modified }: DocumentRow): Record<string, string> {
  return {
    accept: 'text/html, application/pdf, */*;q=0.8',
    'accept-language': '*',
    'user-agent': 'spellmesh',
    ...(blob !== '' && etag !== '' ? { 'if-none-match': etag } : {}),
    ...(blob !== '' && last_modified !== '' ? { 'if-modified-since': last_modified } : {}),
  }
}

async function keep(
  row: DocumentRow,
  { headers, body }: OutboundStream,
  options: FetchOptions,
): Promise<Got | undefined> {
  const { blobs, limitBytes, signal } = options
  const blob = newBlobName()
  await options.note(blob)
  const { sizeBytes, hash } = await blobs.put(blob, body, { limitBytes, signal })
  if (hash === row.hash) {
    await blobs.remove(blob)
    return undefined
  }
  return {
    blob,
    sizeBytes,
    hash,
    name: nameFrom(row.source, headers['content-disposition'] ?? ''),
    mediaType: (headers['content-type'] ?? '').slice(0, 200),
    etag: (headers['etag'] ?? '').slice(0, 500),
    lastModified: (headers['last-modified'] ?? '').slice(0, 100),
  }
}

/** A new file of this service among the blobs. */
export function newBlobName(): string {
  const id = newId('f')
  return `document/${id.slice(2, 4)}/${id}`
}

async function leave({ body }: OutboundStream): Promise<void> {
  for await (const _ of body) break
}

function refusalOf(status: number, row: DocumentRow): Error {
  const message = `${new URL(row.source).host} answered ${status}`
  if (status >= 500 || status === 429 || status === 408) return again(row, message, undefined)
  return new Ended('failed', 'FETCH', message)
}

function again({ waits }: DocumentRow, message: string, cause: unknown): Error {
  if (waits + 1 >= MOST_TRIES) return new Ended('failed', 'FETCH', message)
  return new Later(`waits for its source: ${message}`, cause)
}
