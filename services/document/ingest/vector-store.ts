import type { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { isCoded } from '#mesh/errors.ts'
import { collectionOf, PROPERTIES, toTexts } from '#mesh/knowledge.ts'
import type { Client } from '#mesh/service.ts'
import { Ended, Later, mayPass } from '../jobs/outcome.ts'
import type { DocumentRow } from '../store.ts'
import type { ObjectKey, ObjectRow } from './store.ts'

/** The vector store as one document's work needs it. What may pass rejects with {@link Later}. */
export interface VectorStore {
  /** Whether it keeps vectors at all. */
  keepsVectors(owner: string, signal: AbortSignal): Promise<boolean>
  /** Writes objects; answers those that it refused for good. */
  write(row: DocumentRow, of: OfPieces, objects: readonly ObjectRow[], signal: AbortSignal): Promise<readonly Refused[]>
  remove(owner: string, keys: readonly ObjectKey[], signal: AbortSignal): Promise<void>
}
/** What all pieces of a document share. */
export interface OfPieces {
  /** As people see it. */
  readonly title: string
  readonly type: string
  readonly language: string
}
export interface Refused {
  readonly chunk: string
  readonly message: string
}

const WRITE_MS = 60_000
const REMOVED_AT_ONCE = 1_000

export function createVectorStore(weaviate: Client<typeof WeaviateServiceDefinition>): VectorStore {
  const ensured = new Map<string, boolean>()
  const callOf = (owner: string, signal: AbortSignal) => ({
    caller: { user: owner, service: 'document' },
    signal,
    deadlineMs: WRITE_MS,
  })
  const ensure = async (owner: string, collection: string, dimensions: number, signal: AbortSignal) => {
    const { vectors } = await weaviate.ensureCollection(
      { collection, dimensions, properties: PROPERTY_LIST },
      callOf(owner, signal),
    )
    if (ensured.size > 10_000) ensured.clear()
    ensured.set(`${owner} ${collection}`, vectors)
    return vectors
  }
  return {
    keepsVectors: (owner, signal) =>
      passing(signal, async () => {
        const collection = collectionOf('documents', '')
        return ensured.get(`${owner} ${collection}`) ?? (await ensure(owner, collection, 0, signal))
      }),
    write: (row, of, objects, signal) =>
      passing(signal, async () => {
        const refused: Refused[] = []
        for (const [model, some] of byModel(objects)) {
          const collection = collectionOf('documents', model)
          const dimensions = (some[0]?.vector?.byteLength ?? 0) / 4
          const upsert = () =>
            weaviate.upsert({ collection, objects: some.map(one => toObject(row, of, one)) }, callOf(row.owner, signal))
          if (!ensured.has(`${row.owner} ${collection}`)) await ensure(row.owner, collection, dimensions, signal)
          const { problems } = await upsert().catch(async (error: unknown) => {
            if (!isCoded(error, 'NOT_FOUND')) throw error
            await ensure(row.owner, collection, dimensions, signal)
            return upsert()
          })
          refused.push(...problems.map(({ id, message }) => ({ chunk: id, message })))
        }
        return refused
      }),
    remove: (owner, keys, signal) =>
      passing(signal, async () => {
        for (const [model, some] of byModel(keys))
          for (let from = 0; from < some.length; from += REMOVED_AT_ONCE) {
            const ids = some.slice(from, from + REMOVED_AT_ONCE).map(({ chunk }) => chunk)
            await weaviate
              .delete({ collection: collectionOf('documents', model), ids }, callOf(owner, signal))
              .catch((error: unknown) => {
                // With its collection it is gone, too.
                if (!isCoded(error, 'NOT_FOUND')) throw error
              })
          }
      }),
  }
}

const PROPERTY_LIST = Object.entries(PROPERTIES.documents).map(([name, type]) => ({ name, type }))

async function passing<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error
    if (mayPass(error.code)) throw new Later(`waits for the vector store: ${error.message}`, error)
    throw new Ended('failed', 'INDEX', `the vector store refuses it: ${error.message}`)
  }
}

function byModel<K extends ObjectKey>(keys: readonly K[]): ReadonlyMap<string, readonly K[]> {
  return Map.groupBy(keys, ({ model }) => model)
}

/** Words are found in the headings above a piece, too, and those of the title in the first one. */
function toObject(
  row: DocumentRow,
  { title, type, language }: OfPieces,
  { position, chunk, vector, text, headings, page }: ObjectRow,
) {
  const metadata = JSON.parse(row.metadata) as Readonly<Record<string, unknown>>
  const properties = {
    collection: row.collection,
    document: row.id,
    type,
    language,
    page,
    at: row.created_at,
    metadata: toTexts(metadata),
  }
  return {
    id: chunk,
    text: [...(position === 0 && headings[0] !== title ? [title] : []), ...headings, text].join('\n'),
    vector: vector ? toFloats(vector) : [],
    properties: Buffer.from(JSON.stringify(properties)),
    language,
  }
}

function toFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true))
}
