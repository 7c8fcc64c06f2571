import { createHash } from 'node:crypto'
import weaviate, { Filters } from 'weaviate-client'
import type { DataObject, FilterValue } from 'weaviate-client'
import { precondition } from '#mesh/errors.ts'
import { toWords } from '../pgvector/words.ts'
import type { Collection, Condition, Filter, PropertyValue, StoreObject } from '../provider.ts'
import { OWN, propertyName } from './schema.ts'

/** An object as it waits or is sent: all that Weaviate is told of it, beside its vector. */
export interface SentObject {
  readonly uuid: string
  readonly id: string
  readonly vector: readonly number[] | null
  readonly properties: Readonly<Record<string, PropertyValue>>
}

/** Of names that are ids here; any UUID will do, if it stays. */
const NAMESPACE = Buffer.from('9f0d7d5c3e1b4a53a7c26f4b8f1d2e60', 'hex')

/** UUIDs are made of our ids (version 5 of RFC 9562); a tenant has its own. */
export function uuidOf(id: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(id).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/**
 * A text as filters compare it. Weaviate cuts blanks off both ends, and tells nothing of what it does with an empty one: what stands at the ends keeps them. The last
 * sign comes before all others, so the order stays.
 */
function toCompared(text: string): string {
  return `=${text}\u0001`
}

function toKept(value: PropertyValue): PropertyValue {
  if (typeof value === 'string') return toCompared(value)
  return typeof value === 'object' ? value.map(toCompared) : value
}

export function toSent({ properties: types }: Collection, object: StoreObject): SentObject {
  const { id, text, vector, properties, language } = object
  const own = Object.entries(properties).map(([name, value]) => {
    const type = types[name] ?? 'text'
    return [propertyName(name, type), toKept(value)] as const
  })
  return {
    uuid: uuidOf(id),
    id,
    vector: vector ?? null,
    properties: {
      ...Object.fromEntries(own),
      [OWN.words]: toWords(text).join(' '),
      [OWN.id]: id,
      // What is found comes back as it was given: Weaviate is told texts with signs at their ends, and keeps no empty lists.
      [OWN.kept]: JSON.stringify({ id, text, properties, language }),
    },
  }
}

/** As the client takes it. */
export function toDataObject({ uuid, vector, properties }: SentObject): DataObject<undefined> {
  return { id: uuid, properties: properties as never, ...(vector ? { vectors: [...vector] } : {}) }
}

/** As it was given, without its vector. */
export function fromKept(kept: unknown): Omit<StoreObject, 'vector'> {
  return JSON.parse(String(kept)) as Omit<StoreObject, 'vector'>
}

/** By our own meaning: an object without the property fits `!=` and nothing else. */
export function toFilter(filter: Filter): FilterValue {
  if ('all' in filter) return Filters.and(...filter.all.map(toFilter))
  if ('any' in filter) return Filters.or(...filter.any.map(toFilter))
  return toCondition(filter)
}

function toCondition({ property, type, operator, value }: Condition): FilterValue {
  const on = filterOf(propertyName(property, type))
  const to = (one: unknown) => (typeof one === 'string' ? toCompared(one) : checked(one)) as never
  const list = () => (Array.isArray(value) ? value : [value]).map(to)
  switch (operator) {
    case '=':
      return on.equal(to(value))
    case '!=':
      return Filters.or(on.notEqual(to(value)), on.isNull(true))
    case '<':
      return on.lessThan(to(value))
    case '<=':
      return on.lessOrEqual(to(value))
    case '>':
      return on.greaterThan(to(value))
    case '>=':
      return on.greaterOrEqual(to(value))
    case 'contains':
      return on.containsAny([to(value)])
    case 'in':
      return type === 'texts' ? on.containsAny(list()) : Filters.or(...list().map(one => on.equal(one)))
  }
}

/** Its client sends whole numbers as int64, and says nothing where they are none: 1e300 would come as 0. */
function checked(value: unknown): unknown {
  if (typeof value === 'number' && Math.abs(value) >= 2 ** 63)
    throw precondition(`the Weaviate of this instance cannot be asked for numbers as large as ${value}`)
  return value
}

function filterOf(name: string) {
  return weaviate.filter.byProperty(name)
}

/** One that these objects fit. */
export function toIds(ids: readonly string[]): FilterValue {
  return weaviate.filter.byId().containsAny(ids.map(uuidOf))
}
