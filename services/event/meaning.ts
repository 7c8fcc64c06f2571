import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type {
  DeepPartial,
  Filter as StoreFilter,
  QueryResponse,
  WeaviateServiceDefinition,
} from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Charge } from '#mesh/charge.ts'
import { isCoded } from '#mesh/errors.ts'
import { collectionOf } from '#mesh/knowledge.ts'
import type { Log } from '#mesh/log.ts'
import type { Call, Client, ClientCallOptions } from '#mesh/service.ts'
import type { Hit } from './rank.ts'
import type { Filter, Search } from './request.ts'
import type { EventStore } from './store.ts'

/** What the vector store has that means something like a text, at most so many. Never rejects while its caller waits. */
export type Meaning = (
  owner: string,
  asked: Search,
  limit: number,
  on: { readonly call: Call; readonly charge: Charge },
) => Promise<Meant>

export interface Meant {
  readonly hits: readonly Hit[]
  /** What a person should know of it, or empty. */
  readonly notice: string
  /** Nothing can be found so now. */
  readonly isAway: boolean
}

export interface MeaningOptions {
  readonly services: {
    readonly weaviate: Client<typeof WeaviateServiceDefinition>
    readonly completion: Client<typeof CompletionServiceDefinition>
  }
  readonly store: Pick<EventStore, 'hasIndexed'>
  readonly log: Log
}

/** Of embedding and looking, with calls that are tried again; below what a caller waits. */
const PATIENCE_MS = 3_000
/** While it is known that somebody is away. */
const SHORT_PATIENCE_MS = 400
const AWAY_MS = 15_000

/** Asks with the keys of the call's user, or the instance's. */
export function createMeaning({ services, store, log }: MeaningOptions): Meaning {
  let awayUntil = 0

  async function query(
    owner: string,
    { text, filter }: Search,
    { limit, origin }: { limit: number; origin: Charge['origin'] },
    asks: ClientCallOptions,
  ): Promise<QueryResponse> {
    const { model, embeddings } = await services.completion.embed(
      { texts: [text], ...(origin ? { origin } : {}) },
      asks,
    )
    const [embedding] = embeddings
    const collection = collectionOf('events', model)
    const given = toStoreFilter(filter)
    const asking = { collection, mode: 'hybrid', text, vector: embedding?.values ?? [], limit }
    try {
      return await services.weaviate.query({ ...asking, ...(given ? { filter: given } : {}) }, asks)
    } catch (error) {
      // Nothing is there yet: what there is, is found by its words.
      if (isCoded(error, 'NOT_FOUND') && !(await store.hasIndexed(owner))) return { found: [], notice: '' }
      throw error
    }
  }

  return async (owner, asked, limit, { call, charge: { origin } }) => {
    const patienceMs = Date.now() < awayUntil ? SHORT_PATIENCE_MS : PATIENCE_MS
    const late = AbortSignal.timeout(patienceMs)
    const capability = call.metadata.get('capability')
    const asks = {
      caller: { user: owner, service: 'event' },
      signal: AbortSignal.any([call.signal, late]),
      deadlineMs: patienceMs,
      ...(capability === undefined ? {} : { metadata: { capability } }),
    }
    try {
      const { found, notice } = await query(owner, asked, { limit, origin }, asks)
      awayUntil = 0
      return { hits: found.flatMap(toHit), notice, isAway: false }
    } catch (error) {
      if (call.signal.aborted) throw error
      if (Date.now() > awayUntil && isAway(error)) awayUntil = Date.now() + AWAY_MS
      log.debug({ error }, 'events are searched by words alone')
      const why = late.aborted ? 'it takes too long' : isCoded(error) ? error.message : 'internal'
      return { hits: [], notice: `by words alone, since nothing can be found by meaning now: ${why}`, isAway: true }
    }
  }
}

function isAway(error: unknown): boolean {
  return isCoded(error, 'UNAVAILABLE') || isCoded(error, 'DEADLINE_EXCEEDED') || isCoded(error, 'CANCELLED')
}

function toHit({ object, similarity, score }: QueryResponse['found'][number]): Hit[] {
  return object ? [{ id: object.id, similarity, score }] : []
}

function toStoreFilter(filter: Filter): DeepPartial<StoreFilter> | undefined {
  const { agentId, client, channel, sender, type, entityId, from, to } = filter
  const condition = (property: string, operator: string, value: string | number) => ({
    condition: { property, operator, value: Buffer.from(JSON.stringify(value)) },
  })
  const texts = Object.entries({ agent: agentId, client, channel, sender, type })
  const all = [
    ...texts.flatMap(([property, value]) => (value === '' ? [] : [condition(property, '=', value)])),
    ...(entityId === '' ? [] : [condition('entities', 'contains', entityId)]),
    ...(from > 0 ? [condition('at', '>=', from)] : []),
    ...(to > 0 ? [condition('at', '<', to)] : []),
  ]
  return all.length === 0 ? undefined : { all }
}
