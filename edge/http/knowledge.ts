import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import type { Document, UploadRequest } from '#gen/spellmesh/document/v1/document.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import type { Heard } from '#gen/spellmesh/event/v1/event.ts'
import { internal, invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Client } from '#mesh/service.ts'
import { JSON_LIMITS, parseJson } from '../json.ts'
import { eventStream } from './event-stream.ts'
import { writeMessage } from './messages.ts'
import { jsonReply } from './replies.ts'
import type { EdgeApp, RestOptions } from './rest.ts'

export interface KnowledgeOptions extends RestOptions {
  readonly documents: Client<typeof DocumentServiceDefinition>
  readonly events: Client<typeof EventServiceDefinition>
  readonly log: Log
  readonly draining: AbortSignal
  onStream(change: 1 | -1): void
}

/** Where files are sent. */
export const UPLOAD_PATH = '/v1/documents'
/** A file may come by a slow line. */
const UPLOAD_MS = 3_600_000
const PIECE_BYTES = 512 * 1024
/** Types of files that a browser only shows; all others it may run. */
const SHOWN = /^(?:application\/pdf|text\/(?:plain|csv|markdown)|application\/json)(?:;|$)/

/** What JSON and one answer cannot say: files both ways, and what goes on. Goes before the routes by transcoding, whose paths it shares. */
export function addKnowledge(app: EdgeApp, options: KnowledgeOptions): void {
  const { contracts, authentication, documents, events } = options
  const callerOf = async (request: Request) => ({
    user: (await authentication.ofRequest(request)).userId,
    service: 'edge',
  })
  const { output: uploaded } = contracts.rpc(DocumentServiceDefinition.fullName, 'Upload')
  const { output: changed } = contracts.rpc(DocumentServiceDefinition.fullName, 'Watch')
  const { output: told } = contracts.rpc(EventServiceDefinition.fullName, 'Subscribe')
  app.post(UPLOAD_PATH, async context => {
    const request = context.req.raw
    const caller = await callerOf(request)
    const asked = readOptions(new URL(request.url).searchParams, request.headers.get('content-type') ?? '')
    const answer = await documents.upload(toRequests(asked, request), {
      caller,
      signal: request.signal,
      deadlineMs: UPLOAD_MS,
    })
    return jsonReply(writeMessage(uploaded, { ...answer }, contracts), answer.duplicate ? 200 : 201)
  })
  app.get(`${UPLOAD_PATH}/watch`, async context => {
    const request = context.req.raw
    const caller = await callerOf(request)
    const signal = AbortSignal.any([request.signal, options.draining])
    const documentId = context.req.query('documentId') ?? ''
    const texts = async function* () {
      for await (const change of documents.watch({ documentId }, { caller, signal })) {
        const shown = writeMessage(changed, { ...change }, contracts)
        yield `event: ${change.deleted ? 'deleted' : 'document'}\ndata: ${shown}\n\n`
      }
    }
    return eventStream(texts(), { ...options, signal, about: 'documents' })
  })
  app.get(`${UPLOAD_PATH}/:document_id/file`, async context => {
    const request = context.req.raw
    const caller = await callerOf(request)
    return sendFile(
      documents.download({ documentId: context.req.param('document_id') }, { caller, signal: request.signal }),
    )
  })
  app.get('/v1/topics/watch', async context => {
    const request = context.req.raw
    const caller = await callerOf(request)
    const signal = AbortSignal.any([request.signal, options.draining])
    const topics = (context.req.query('topics') ?? '').split(',').filter(Boolean)
    const after = readHeard(request.headers.get('last-event-id') ?? '')
    const texts = async function* () {
      for await (const { part } of events.subscribe({ topics, after }, { caller, signal })) {
        if (!part) continue
        const shown = writeMessage(told, { [part.$case]: part.value }, contracts)
        const id = part.$case === 'published' ? `id: ${part.value.at}.${part.value.id}\n` : ''
        yield `event: ${part.$case}\n${id}data: ${shown}\n\n`
      }
    }
    return eventStream(texts(), { ...options, signal, about: 'topics' })
  })
}

/** The `id` of the last event that was heard. Throws INVALID_ARGUMENT. */
function readHeard(id: string): Heard | undefined {
  if (id === '') return undefined
  const [, at, event = ''] = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(id) ?? []
  if (at === undefined)
    throw invalid([{ path: 'Last-Event-ID', message: `expected the id of an event, got "${id.slice(0, 80)}"` }])
  return { at: Number(at), id: event }
}

/** What is told of a file beside its bytes. Throws INVALID_ARGUMENT with every problem; what its fields may be, the service checks. */
function readOptions(query: URLSearchParams, mediaType: string) {
  const problems: Problem[] = []
  const known = ['name', 'collection', 'title', 'metadata', 'documentId', 'chunkSize', 'chunkOverlap']
  for (const name of query.keys())
    if (!known.includes(name)) problems.push({ path: name, message: `is not known here; expected ${known.join(', ')}` })
  const text = (name: string) => query.get(name) ?? ''
  const number = (name: string) => {
    if (!/^\d{0,9}$/.test(text(name)))
      problems.push({ path: name, message: `expected a whole number, got "${text(name).slice(0, 60)}"` })
    return Number(text(name)) || 0
  }
  const metadata = text('metadata')
  if (metadata !== '') parseJson(metadata, JSON_LIMITS)
  const asked = {
    name: text('name'),
    collection: text('collection'),
    title: text('title'),
    documentId: text('documentId'),
    mediaType: mediaType.slice(0, 255),
    metadata: Buffer.from(metadata),
    chunking: { size: number('chunkSize'), overlap: number('chunkOverlap') },
  }
  if (problems.length > 0) throw invalid(problems)
  return asked
}

async function* toRequests(
  asked: ReturnType<typeof readOptions>,
  { body }: Request,
): AsyncIterable<Partial<UploadRequest>> {
  yield { part: { $case: 'options', value: asked } }
  if (!body) return
  for await (const bytes of body as AsyncIterable<Uint8Array>)
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES)
      yield { part: { $case: 'data', value: bytes.subarray(at, at + PIECE_BYTES) } }
}

/** A file as it was sent. Nothing in it runs with the rights of this instance's pages. */
async function sendFile(parts: ReturnType<Client<typeof DocumentServiceDefinition>['download']>): Promise<Response> {
  const from = parts[Symbol.asyncIterator]()
  const first = await from.next()
  const part = first.done ? undefined : first.value.part
  if (part?.$case !== 'document') throw internal('a download begins with its document')
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await from.next()
        if (done) return controller.close()
        if (value.part?.$case === 'data') controller.enqueue(value.part.value)
      },
      cancel: async () => void (await from.return?.()),
    },
    { highWaterMark: 2 },
  )
  return new Response(body, { headers: fileHeaders(part.value) })
}

function fileHeaders({ name, mediaType, hash }: Document): Record<string, string> {
  const shown = SHOWN.test(mediaType)
  const type = shown ? (mediaType.startsWith('text/') ? mediaType.split(';')[0] : mediaType) : undefined
  return {
    'content-type': type ?? 'application/octet-stream',
    'content-disposition': `${shown ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, toPercent)}`,
    // Browsers show no PDF in a sandbox; what they run of it is their viewer's.
    ...(shown && mediaType.startsWith('application/pdf')
      ? {}
      : { 'content-security-policy': "default-src 'none'; sandbox" }),
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-cache',
    etag: `"${hash}"`,
    'transfer-encoding': 'chunked',
  }
}

function toPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
