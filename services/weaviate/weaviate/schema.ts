import type { WeaviateClient } from 'weaviate-client'
import type { PropertyType } from '#mesh/knowledge.ts'
import type { Collection } from '../provider.ts'
import { precondition, unavailable } from '#mesh/errors.ts'
import { isGone, statusOf } from './failures.ts'

/** Where a collection's objects are in Weaviate. */
export interface Place {
  /** All collections of this name and size of vectors, whoever's: one class, so that many users do not make many classes. */
  readonly className: string
  /** This one. Ids are never given again: what was removed under a name does not come back with its next collection. */
  readonly tenant: string
  /** The class's properties for ours, with the types of Weaviate. */
  readonly properties: Readonly<Record<string, PropertyType>>
}

/** `installation`: several databases may share one Weaviate. */
export function placeOf({ id, owner, name, dimensions, properties }: Collection, installation: string): Place {
  return {
    className: `Spellmesh_${name}_${dimensions}`,
    tenant: `${owner.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 40)}-${id}-${installation}`,
    properties: Object.fromEntries(Object.entries(properties).map(([own, type]) => [propertyName(own, type), type])),
  }
}

/** Users may have the same name for properties of different types: within a class, the type is a part of it. */
export function propertyName(name: string, type: PropertyType): string {
  return `${name}__${type}`
}

/** Every object's own: the text's words as they are looked for, our id, and the object as it was given. */
export const OWN = { words: 'words', id: 'object_id', kept: 'kept' } as const

type Declared = Readonly<Record<string, unknown>>

const TYPES: Readonly<Record<PropertyType, Declared>> = {
  text: { dataType: ['text'], tokenization: 'field', indexFilterable: true, indexSearchable: false },
  number: { dataType: ['number'], indexFilterable: true, indexRangeFilters: true },
  boolean: { dataType: ['boolean'], indexFilterable: true },
  // Milliseconds: its own dates go by nanoseconds, from 1677 to 2262.
  date: { dataType: ['number'], indexFilterable: true, indexRangeFilters: true },
  texts: { dataType: ['text[]'], tokenization: 'field', indexFilterable: true, indexSearchable: false },
}

function declare(name: string, type: PropertyType): Declared {
  return { name, ...TYPES[type] }
}

function classOf({ className, properties }: Place): Declared {
  return {
    class: className,
    vectorizer: 'none',
    vectorIndexType: 'hnsw',
    vectorIndexConfig: { distance: 'cosine' },
    multiTenancyConfig: { enabled: true, autoTenantCreation: true, autoTenantActivation: true },
    // An object without a property is told apart by `IsNull`.
    invertedIndexConfig: { indexNullState: true, stopwords: { preset: 'none' } },
    properties: [
      // Words are made by us, the same for every driver: here they are only told apart.
      {
        name: OWN.words,
        dataType: ['text'],
        tokenization: 'whitespace',
        indexFilterable: false,
        indexSearchable: true,
      },
      { name: OWN.id, dataType: ['text'], tokenization: 'field', indexFilterable: true, indexSearchable: false },
      { name: OWN.kept, dataType: ['text'], tokenization: 'field', indexFilterable: false, indexSearchable: false },
      ...Object.entries(properties).map(([name, type]) => declare(name, type)),
    ],
  }
}

/** Makes what is not there: the class, its properties, the tenant. Others may do the same at the same time. */
export async function ensurePlace(client: WeaviateClient, place: Place): Promise<void> {
  const { className, tenant, properties } = place
  const there = (await readClass(client, className)) ?? (await createClass(client, place))
  if (there.multiTenancyConfig?.enabled !== true)
    throw precondition(`the Weaviate of this instance has a class "${className}" without tenants, which is not ours`)
  const known = new Set(there.properties?.map(({ name }) => name))
  for (const [name, type] of Object.entries(properties))
    if (!known.has(name)) await addProperty(client, className, declare(name, type))
  await client.collections
    .use(className)
    .tenants.create([{ name: tenant }])
    .catch(unlessThere)
}

interface ReadClass {
  readonly multiTenancyConfig?: { readonly enabled?: boolean }
  readonly properties?: readonly { readonly name: string }[]
}

async function readClass(client: WeaviateClient, className: string): Promise<ReadClass | undefined> {
  try {
    return (await client.collections.exportToJson(className)) as ReadClass
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

async function createClass(client: WeaviateClient, place: Place): Promise<ReadClass> {
  await client.collections.createFromJson(classOf(place)).catch(unlessThere)
  const made = await readClass(client, place.className)
  if (!made) throw unavailable(`Weaviate has no class "${place.className}" after it was made`)
  return made
}

async function addProperty(client: WeaviateClient, className: string, property: Declared): Promise<void> {
  // The client's own kind of property knows less than the server does: it goes as the server takes it.
  await client.collections.use(className).config.addProperty(toClient(property)).catch(unlessThere)
}

function toClient({ dataType, ...rest }: Declared) {
  return { ...rest, dataType: (dataType as readonly string[])[0] } as never
}

/** Somebody else was first. */
function unlessThere(error: unknown): void {
  if (statusOf(error) === 422 && /already exists|already in use/i.test(error instanceof Error ? error.message : ''))
    return
  throw error
}

/** Removes a collection's objects; the class stays for others. */
export async function removePlace(
  client: WeaviateClient,
  { className, tenant }: Pick<Place, 'className' | 'tenant'>,
): Promise<void> {
  try {
    await client.collections.use(className).tenants.remove([tenant])
  } catch (error) {
    // Without a class there is no tenant of it.
    if (statusOf(error) !== 404 && !isGone(error)) throw error
  }
}
