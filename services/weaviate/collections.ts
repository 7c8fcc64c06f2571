import { precondition, unavailable } from '#mesh/errors.ts'
import type { PropertyType } from '#mesh/knowledge.ts'
import type { Collection, Driver } from './provider.ts'
import type { CollectionStore, Wanted } from './store.ts'

const MOST_PROPERTIES = 32

/** Makes a collection, or has the one that is there grow; answers whether it was made. Throws FAILED_PRECONDITION where it is another. */
export async function ensureCollection(store: CollectionStore, driver: Driver, wanted: Wanted): Promise<boolean> {
  const { collection, created } = await findOrMake(store, wanted)
  const differences = created ? [] : differencesOf(collection, wanted)
  if (differences.length > 0)
    throw precondition(`the collection "${wanted.name}" is there, and another: ${differences.join('; ')}`)
  const grown = await grow(store, collection, wanted)
  await driver.ensure(grown)
  return created
}

async function findOrMake(
  store: CollectionStore,
  wanted: Wanted,
): Promise<{ collection: Collection; created: boolean }> {
  const { owner, name } = wanted
  // Somebody else may make or delete it meanwhile.
  for (let tries = 0; tries < 3; tries++) {
    const there = await store.find(owner, name)
    if (there) return { collection: there, created: false }
    const made = await store.make(wanted)
    if (made) return { collection: made, created: true }
  }
  throw unavailable(`the collection "${name}" is made and deleted at the same time: try again`)
}

function differencesOf({ dimensions, properties }: Collection, wanted: Wanted): readonly string[] {
  const types = Object.entries(wanted.properties).flatMap(([name, type]) => {
    const before = typeIn(properties, name)
    return before === undefined || before === type ? [] : [`the property "${name}" is ${before}, asked as ${type}`]
  })
  const count = new Set([...Object.keys(properties), ...Object.keys(wanted.properties)]).size
  return [
    ...(dimensions === wanted.dimensions
      ? []
      : [`its vectors have ${dimensions} dimensions, asked with ${wanted.dimensions}`]),
    ...types,
    ...(count > MOST_PROPERTIES ? [`it would have ${count} properties, and may have ${MOST_PROPERTIES}`] : []),
  ]
}

async function grow(store: CollectionStore, collection: Collection, { properties }: Wanted): Promise<Collection> {
  if (Object.keys(properties).every(name => typeIn(collection.properties, name) !== undefined)) return collection
  const grown = await store.widen(collection.id, properties)
  if (!grown) throw unavailable(`the collection "${collection.name}" is deleted at the same time: try again`)
  const lost = Object.entries(properties).find(([name, type]) => grown.properties[name] !== type)
  if (lost) throw precondition(`the property "${lost[0]}" was made with another type at the same time`)
  return grown
}

function typeIn(properties: Readonly<Record<string, PropertyType>>, name: string): PropertyType | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}
