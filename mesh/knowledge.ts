import { createHash } from 'node:crypto'

/** What is kept in the vector store, for all services that write there or look there. */
export type Knowledge = 'documents' | 'events' | 'entities'

/** Types of properties, as `weaviate.EnsureCollection` has them. */
export type PropertyType = 'text' | 'number' | 'boolean' | 'date' | 'texts'

/**
 * The properties of each kind's objects. An object's id is the chunk's, the event's or the entity's. `metadata` and `attributes` hold `key=value` texts
 * ({@link toTexts}), so that they can be asked for with `contains`.
 */
export const PROPERTIES: Readonly<Record<Knowledge, Readonly<Record<string, PropertyType>>>> = {
  documents: {
    collection: 'text',
    document: 'text',
    type: 'text',
    language: 'text',
    page: 'number',
    at: 'date',
    metadata: 'texts',
  },
  events: {
    agent: 'text',
    client: 'text',
    channel: 'text',
    sender: 'text',
    type: 'text',
    entities: 'texts',
    at: 'date',
  },
  entities: { kind: 'text', name: 'text', at: 'date', attributes: 'texts' },
}

/**
 * The collection of the vector store for objects whose vectors one model made: vectors of different models cannot be compared. An empty model: for those that
 * have no vectors.
 */
export function collectionOf(kind: Knowledge, model: string): string {
  if (model === '') return `${kind}_words`
  const name = model.toLowerCase().replace(/[^a-z0-9]+/g, '_')
  return `${kind}_${name.slice(0, 36)}_${createHash('sha256').update(model).digest('hex').slice(0, 8)}`
}

/** A flat object as texts, `key=value`: what is no text, number or boolean is left out, long values are cut to 200 characters. At most 64. */
export function toTexts(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(values)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, 64)
    .map(([key, value]) => toText(key, value))
}

/** One of {@link toTexts}. */
export function toText(key: string, value: unknown): string {
  return `${key}=${String(value).slice(0, 200)}`
}
