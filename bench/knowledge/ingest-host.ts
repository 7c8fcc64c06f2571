// Run in a process of its own: the document service with what it calls, and its reading threads alone, beside a bare reading of the file.
import { createReadStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { openReadingThreads } from '#services/document/parsing/threads.ts'
import { serveCommands } from '../mesh/commands.ts'

const LIMITS = { pages: 10_000, unpackedBytes: 2 ** 30, characters: 200_000_000, timeMs: 900_000 }
const CALL = { deadlineMs: 900_000 }
const MB = 1_000_000
/** The service, and all that stands below it. */
const SERVICES = ['user', 'cache', 'huggingface', 'completion', 'weaviate', 'document']

/** What came of a file: how long it took, and the most memory of the process beyond what it had before. */
interface Taken {
  readonly ms: number
  readonly pieces: number
  readonly pages: number
  readonly storedMs?: number
  readonly memoryMb: number
}

const [folder = '', database = ''] = process.argv.slice(2)
const source = {
  DATA_DIR: folder,
  LOG_LEVEL: 'error',
  DOCUMENT_EMBED: 'no',
  ...(database === '' ? {} : { DATABASE_URL: database }),
}
const host = await startHost({ services: await loadServices(SERVICES), source, serve: false })
const documents = host.client(DocumentServiceDefinition, { user: 'bench', service: 'edge' })
const threads = openReadingThreads({ threads: 1 })

async function measured(work: () => Promise<Omit<Taken, 'ms' | 'memoryMb'>>): Promise<Taken> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20)
  const began = performance.now()
  try {
    return { ...(await work()), ms: performance.now() - began, memoryMb: (most - before) / MB }
  } finally {
    clearInterval(timer)
  }
}

/** Reads the file and decodes it, no more. */
async function bare(path: string) {
  const decoder = new TextDecoder()
  let characters = 0
  for await (const bytes of createReadStream(path, { highWaterMark: 2 ** 17 }))
    characters += decoder.decode(bytes as Buffer, { stream: true }).length
  return { pieces: characters, pages: 0 }
}

async function read(path: string) {
  let [pieces, pages] = [0, 0]
  const request = { path, name: path, mediaType: '', chunking: { size: 1200, overlap: 150 }, limits: LIMITS }
  for await (const reading of threads.read(request, new AbortController().signal)) {
    if (reading.kind === 'pieces') pieces += reading.pieces.length
    if (reading.kind === 'end') pages = reading.pages
  }
  return { pieces, pages }
}

/** Until its pieces are stored; with `whole` until words find them. */
async function ingest(path: string, whole: boolean) {
  const began = performance.now()
  const { document } = await documents.upload(sent(path), CALL)
  const documentId = document?.id ?? ''
  let last = document
  let storedMs = 0
  for await (const told of documents.watch({ documentId, untilDone: true }, CALL)) {
    last = told.document ?? last
    if (storedMs === 0 && isStored(last?.job?.state)) storedMs = performance.now() - began
    if (storedMs > 0 && !whole) break
  }
  if (!isStored(last?.job?.state)) throw new Error(`the document is ${last?.job?.state}: ${last?.job?.message}`)
  return { pieces: last?.chunks ?? 0, pages: last?.pages ?? 0, storedMs }
}

function isStored(state: string | undefined): boolean {
  return state === 'embedding' || state === 'ready'
}

async function* sent(path: string) {
  const name = path.slice(path.lastIndexOf('/') + 1)
  yield { part: { $case: 'options' as const, value: { name } } }
  for await (const value of createReadStream(path, { highWaterMark: 2 ** 18 }))
    yield { part: { $case: 'data' as const, value: value as Buffer } }
}

await serveCommands({
  bare: ({ path }: { path: string }) => measured(() => bare(path)),
  read: ({ path }: { path: string }) => measured(() => read(path)),
  ingest: ({ path, whole }: { path: string; whole: boolean }) => measured(() => ingest(path, whole)),
  settle: () => sleep(3000),
})
