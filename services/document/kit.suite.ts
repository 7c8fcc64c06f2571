import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import type { Chunk, Document, UploadOptions } from '#gen/spellmesh/document/v1/document.ts'
import { loadServices } from '#mesh/discover.ts'
import type { NamedService } from '#mesh/discover.ts'
import type { Client } from '#mesh/service.ts'
import { usedBy } from '#mesh/start-order.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

export type Documents = Client<typeof DocumentServiceDefinition>

/** The service as a user calls it. */
export function documentsOf(user: string, system: TestSystem): Documents {
  return system.as(user).client(DocumentServiceDefinition)
}

/** What an upload sends. */
export async function* sent(
  bytes: Uint8Array | string,
  options: Partial<Omit<UploadOptions, 'metadata'>> & { metadata?: object } = {},
  pieceBytes = 64 * 1024,
) {
  const { metadata, ...rest } = options
  const value = { name: 'note.txt', ...rest, ...(metadata ? { metadata: Buffer.from(JSON.stringify(metadata)) } : {}) }
  yield { part: { $case: 'options' as const, value } }
  const all = Buffer.from(bytes)
  for (let from = 0; from < all.byteLength; from += pieceBytes)
    yield { part: { $case: 'data' as const, value: all.subarray(from, from + pieceBytes) } }
}

/** A document after its job: uploaded, and read as far as it can be. */
export async function uploaded(
  documents: Documents,
  bytes: Uint8Array | string,
  options: Parameters<typeof sent>[1] = {},
): Promise<Document> {
  const { document } = await documents.upload(sent(bytes, options))
  return done(documents, document?.id ?? '')
}

/** A document when its job is over. */
export async function done(documents: Documents, documentId: string): Promise<Document> {
  let last: Document | undefined
  for await (const { document } of documents.watch({ documentId, untilDone: true })) last = document
  if (!last) throw new Error('nothing was told of the document')
  return last
}

/** All pieces of a document. */
export async function piecesOf(documents: Documents, documentId: string): Promise<readonly Chunk[]> {
  const all: Chunk[] = []
  let pageToken = ''
  do {
    const answer = await documents.listChunks({ documentId, pageToken, limit: 200 })
    all.push(...answer.chunks)
    pageToken = answer.nextPageToken
  } while (pageToken !== '')
  return all
}

/** A text of so many paragraphs, each of its own. */
export function textOf(paragraphs: number, words = 60, seed = 1): string {
  return Array.from({ length: paragraphs }, (_, index) => paragraph(index + seed * 1_000, words)).join('\n\n')
}

const WORDS =
  'river stone lamp cloud bread letter garden window copper music winter harbour pencil mountain silver'.split(' ')

function paragraph(number: number, words: number): string {
  const some = Array.from(
    { length: words },
    (_, index) => WORDS[(number * 7 + index * (1 + (number % 5))) % WORDS.length],
  )
  return `Paragraph ${number} tells of ${some.join(' ')}.`
}

/** Tries again until it holds: for what goes on behind. Fails as the last try did. */
export async function eventually(check: () => Promise<void>, withinMs = 30_000): Promise<void> {
  const until = performance.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

/** What stands between the services: rejects with what the call is to fail with. */
export type Wire = (service: string, method: string, request: unknown) => Promise<void> | void

/** The document service with all that it uses, each behind a wire. */
export async function behindWires(
  wire: Wire,
  options: { settings?: Record<string, string>; dataDir?: string } = {},
): Promise<TestSystem> {
  return embedded({ declared: await servicesBehind(wire), ...options })
}

export async function servicesBehind(wire: Wire): Promise<readonly NamedService[]> {
  const services = new Map<string, NamedService>()
  for (let wanted: readonly string[] = ['document']; wanted.length > 0;) {
    const loaded = await loadServices(wanted)
    for (const service of loaded) services.set(service.name, service)
    wanted = [...new Set(loaded.flatMap(usedBy))].filter(name => !services.has(name))
  }
  return [...services.values()].map(service => (service.name === 'document' ? service : wired(service, wire)))
}

function wired({ name, declaration }: NamedService, wire: Wire): NamedService {
  const start: NamedService['declaration']['start'] = async environment => {
    const handlers: unknown = await declaration.start(environment)
    const calls = Object.entries(handlers as Readonly<Record<string, (...given: unknown[]) => unknown>>).map(
      ([method, call]) => {
        const isStream = declaration.contract?.methods[method]?.responseStream
        const through = async (...given: unknown[]) => {
          await wire(name, method, given[0])
          return call(...given)
        }
        return [method, isStream ? call : through] as const
      },
    )
    return Object.fromEntries(calls) as never
  }
  return { name, declaration: { ...declaration, start } }
}
