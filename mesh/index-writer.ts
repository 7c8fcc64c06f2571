import { isCoded } from './errors.ts'
import type { IndexWork } from './index-queue.ts'
import type { IndexedThing, IndexerOptions } from './indexing.ts'
import { collectionOf, PROPERTIES } from './knowledge.ts'

/** Brings works of an index queue to the vector store. */
export interface IndexWriter {
  /** Writes works of one owner, and tells the queue of those that are done; resolves with the others. Rejects where nothing can be written now. */
  write(owner: string, works: readonly IndexWork[]): Promise<readonly IndexWork[]>
  /** The collection of the instance's embedding model. */
  collection(): Promise<string>
}

/** Together well below an indexer's lease. */
const EMBED_MS = 90_000
const STORE_MS = 20_000
/** Of texts in one call: messages are limited. */
const CALL_CHARACTERS = 400_000
const TEXT_CHARACTERS = 100_000
const MOST_ENSURED = 10_000

/** Calls are made for the owner, with the instance's own keys; the signal ends them. */
export function createIndexWriter(options: IndexerOptions, signal: AbortSignal): IndexWriter {
  const { queue, read, environment, kind } = options
  const embedding = createEmbedding(options, signal)
  const store = createStore(options, signal)
  const collection = async () => collectionOf(kind, (await embedding.model()).model)

  /** Out of where they were, and of where they may have got without its being noted. */
  async function remove(owner: string, works: readonly IndexWork[]): Promise<void> {
    const now = await collection()
    for (const [before, own] of Map.groupBy(works, work => work.collection ?? now))
      for (const one of new Set([before, now])) await store.take(owner, one, own)
    await queue.removed(works)
  }

  /** Resolves with those that the store refuses. */
  async function place(owner: string, works: readonly IndexWork[], things: readonly IndexedThing[]) {
    const vectors = await embedding.embed(owner, things)
    const { dimensions } = await embedding.model()
    const now = await collection()
    const refused = await store.put(owner, { collection: now, dimensions, things, vectors })
    const done = works.filter(({ id }) => !refused.has(id))
    const moved = done.filter(work => work.collection !== null && work.collection !== now)
    for (const [before, own] of Map.groupBy(moved, work => work.collection ?? now)) await store.take(owner, before, own)
    if (done.length > 0) await queue.placed(done, now)
    return works.filter(({ id }) => refused.has(id))
  }

  /** What fails by itself keeps nobody else waiting. */
  async function attempt(works: readonly IndexWork[], step: () => Promise<readonly IndexWork[]>) {
    try {
      return works.length === 0 ? [] : await step()
    } catch (error) {
      if (isAway(error) || signal.aborted) throw error
      environment.log.warn({ error, kind, things: works.length }, 'things cannot be indexed: they will be tried again')
      return works
    }
  }

  return {
    collection,
    write: (owner, works) =>
      attempt(works, async () => {
        const ids = works.map(({ id }) => id)
        const things = await read(owner, ids)
        const there = new Set(things.map(({ id }) => id))
        const gone = works.filter(({ id }) => !there.has(id))
        const failed = [...(await attempt(gone, async () => (await remove(owner, gone), [])))]
        for (const slice of slices(things)) {
          const own = works.filter(({ id }) => slice.some(thing => thing.id === id))
          failed.push(...(await attempt(own, () => place(owner, own, slice))))
        }
        return failed
      }),
  }
}

type Vectors = ReadonlyMap<IndexedThing, readonly number[]>

interface Embedding {
  /** Vectors of texts, by the instance's model. None for what has no text, or for a text that no vector can be made of: it is found by its words. */
  embed(owner: string, things: readonly IndexedThing[]): Promise<Vectors>
  /** The instance's model. */
  model(): Promise<{ readonly model: string; readonly dimensions: number }>
}

function createEmbedding({ service, kind, environment }: IndexerOptions, signal: AbortSignal): Embedding {
  const { completion } = environment.services
  const as = (user: string) => ({ caller: { user, service }, signal, deadlineMs: EMBED_MS })
  let current: { readonly model: string; readonly dimensions: number } | undefined

  async function embed(owner: string, things: readonly IndexedThing[]): Promise<Vectors> {
    if (things.length === 0) return new Map()
    try {
      const texts = things.map(({ text }) => text.slice(0, TEXT_CHARACTERS))
      const { model, dimensions, embeddings } = await completion.embed({ texts }, as(owner))
      current = { model, dimensions }
      return new Map(things.map((thing, index) => [thing, embeddings[index]?.values ?? []]))
    } catch (error) {
      if (!isCoded(error, 'INVALID_ARGUMENT')) throw error
      if (things.length > 1) {
        const half = Math.ceil(things.length / 2)
        return new Map([...(await embed(owner, things.slice(0, half))), ...(await embed(owner, things.slice(half)))])
      }
      environment.log.warn({ error, kind, id: things[0]?.id }, 'no vector can be made of a text: its words are kept')
      return new Map()
    }
  }

  return {
    embed: (owner, things) =>
      embed(
        owner,
        things.filter(({ text }) => text.trim() !== ''),
      ),
    model: async () => (current ??= await completion.embed({ texts: ['model'] }, as(''))),
  }
}

interface Put {
  readonly collection: string
  readonly dimensions: number
  readonly things: readonly IndexedThing[]
  readonly vectors: Vectors
}

interface Store {
  /** Resolves with the ids of what the store refuses. */
  put(owner: string, put: Put): Promise<ReadonlySet<string>>
  take(owner: string, collection: string, things: readonly { readonly id: string }[]): Promise<void>
}

function createStore({ service, kind, environment }: IndexerOptions, signal: AbortSignal): Store {
  const { weaviate } = environment.services
  const as = (user: string) => ({ caller: { user, service }, signal, deadlineMs: STORE_MS })
  const properties = Object.entries(PROPERTIES[kind]).map(([name, type]) => ({ name, type }))
  const ensured = new Set<string>()

  async function ensure(owner: string, { collection, dimensions }: Put): Promise<void> {
    const key = `${owner} ${collection}`
    if (ensured.has(key)) return
    await weaviate.ensureCollection({ collection, dimensions, properties }, as(owner))
    if (ensured.size >= MOST_ENSURED) ensured.clear()
    ensured.add(key)
  }

  return {
    async put(owner, put) {
      const { collection, things, vectors } = put
      const objects = things.map(thing => toObject(thing, vectors.get(thing) ?? []))
      await ensure(owner, put)
      const upsert = () => weaviate.upsert({ collection, objects }, as(owner))
      const { problems } = await upsert().catch(async (error: unknown) => {
        if (!isCoded(error, 'NOT_FOUND')) throw error
        // Somebody has removed the collection meanwhile.
        ensured.delete(`${owner} ${collection}`)
        await ensure(owner, put)
        return upsert()
      })
      for (const { id, message: problem } of problems)
        environment.log.warn({ kind, id, problem }, 'the vector store refuses a thing')
      return new Set(problems.map(({ id }) => id))
    },
    async take(owner, collection, things) {
      try {
        await weaviate.delete({ collection, ids: things.map(({ id }) => id) }, as(owner))
      } catch (error) {
        // With its collection, all is gone.
        if (!isCoded(error, 'NOT_FOUND')) throw error
      }
    },
  }
}

function toObject({ id, text, language = '', properties }: IndexedThing, vector: readonly number[]) {
  const words = text.slice(0, TEXT_CHARACTERS)
  return { id, text: words, vector: [...vector], properties: Buffer.from(JSON.stringify(properties)), language }
}

/** In their order, so that none is too large for a message. */
function slices(things: readonly IndexedThing[]): readonly (readonly IndexedThing[])[] {
  const made: IndexedThing[][] = []
  let room = 0
  for (const thing of things) {
    const length = Math.min(thing.text.length, TEXT_CHARACTERS)
    if (length > room || made.length === 0) {
      made.push([])
      room = CALL_CHARACTERS
    }
    room -= length
    made.at(-1)?.push(thing)
  }
  return made
}

/** Whether nobody's works can be done now. */
function isAway(error: unknown): boolean {
  return isCoded(error, 'UNAVAILABLE') || isCoded(error, 'DEADLINE_EXCEEDED') || isCoded(error, 'CANCELLED')
}
