import type {
  DeleteRequest,
  EnsureCollectionRequest,
  Object as ObjectMessage,
  QueryRequest,
} from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identity } from '#mesh/identity.ts'
import type { PropertyType } from '#mesh/knowledge.ts'
import { readFilter } from './filter.ts'
import type { Collection, Filter, StoreObject } from './provider.ts'
import { languageProblem, objectProblem, textLength, toObject, vectorProblem } from './object.ts'
import { shown } from './shown.ts'
import type { Wanted } from './store.ts'

const NAME = /^[a-z][a-z0-9_]{0,62}$/
const TAKEN = ['id', 'text', 'vector']
const TYPES: readonly PropertyType[] = ['text', 'number', 'boolean', 'date', 'texts']
const MODES = ['vector', 'keyword', 'hybrid'] as const
const MOST_DIMENSIONS = 4_000
const MOST_PROPERTIES = 32
const MOST_OBJECTS = 512
const MOST_IDS = 10_000
const MOST_QUERY = 8_000
const MOST_FOUND = 200

/** What calls for nobody keeps its own. */
export function ownerOf({ user, service }: Identity): string {
  return user === '' ? `:${service}` : user
}

/** A collection's name. Throws INVALID_ARGUMENT. */
export function readName(collection: string): string {
  const problems = nameProblems('collection', collection)
  if (problems.length > 0) throw invalid(problems)
  return collection
}

function nameProblems(path: string, name: string): Problem[] {
  if (NAME.test(name)) return []
  return [{ path, message: `expected a small letter, then up to 62 of a-z, 0-9 and "_", got ${shown(name)}` }]
}

/** What a collection is to be. Throws INVALID_ARGUMENT with every problem. */
export function readCollection(owner: string, request: EnsureCollectionRequest): Wanted {
  const { collection: name, dimensions, properties } = request
  const problems = nameProblems('collection', name)
  if (dimensions > MOST_DIMENSIONS)
    problems.push({ path: 'dimensions', message: `expected 0 to ${MOST_DIMENSIONS}, got ${dimensions}` })
  if (properties.length > MOST_PROPERTIES)
    problems.push({ path: 'properties', message: `expected at most ${MOST_PROPERTIES}, got ${properties.length}` })
  const known = new Map<string, PropertyType>()
  for (const [index, { name: property, type }] of properties.slice(0, MOST_PROPERTIES).entries()) {
    const path = `properties[${index}]`
    problems.push(...nameProblems(`${path}.name`, property))
    if (TAKEN.includes(property))
      problems.push({ path: `${path}.name`, message: `"${property}" is every object's own` })
    if (known.has(property)) problems.push({ path: `${path}.name`, message: `"${property}" comes twice` })
    const found = TYPES.find(one => one === type)
    if (!found) problems.push({ path: `${path}.type`, message: `${shown(type)} is none of ${TYPES.join(', ')}` })
    else known.set(property, found)
  }
  if (problems.length > 0) throw invalid(problems)
  return { owner, name, dimensions, properties: Object.fromEntries(known) }
}

/** How many objects may come at once. Throws INVALID_ARGUMENT. */
export function checkObjectCount(count: number): void {
  if (count < 1 || count > MOST_OBJECTS)
    throw invalid([{ path: 'objects', message: `expected 1 to ${MOST_OBJECTS}, got ${count}` }])
}

/** Objects that fit their collection, and what is wrong with the others. Of those with the same id the last one counts. */
export function readObjects(
  collection: Collection,
  objects: readonly ObjectMessage[],
): { readonly fit: readonly StoreObject[]; readonly problems: readonly { id: string; message: string }[] } {
  const fit = new Map<string, StoreObject>()
  const problems: { id: string; message: string }[] = []
  for (const object of objects) {
    const properties: Record<string, StoreObject['properties'][string]> = {}
    const message = objectProblem(collection, object, properties)
    if (message === undefined) fit.set(object.id, toObject(object, properties))
    else problems.push({ id: object.id, message })
  }
  return { fit: [...fit.values()], problems }
}

/** What to delete; the filter is read when the collection is known. Throws INVALID_ARGUMENT. */
export function checkDelete({ ids, filter }: DeleteRequest): void {
  if (ids.length > MOST_IDS)
    throw invalid([{ path: 'ids', message: `expected at most ${MOST_IDS}, got ${ids.length}` }])
  if ((ids.length === 0) === (filter === undefined))
    throw invalid(filter ? 'expected ids or a filter, got both' : 'expected ids or a filter, got neither')
}

/** What is looked for, before it is known what the collection can do. */
export interface Asked {
  readonly mode: (typeof MODES)[number]
  readonly text: string
  readonly vector: readonly number[]
  readonly filter: Filter | undefined
  readonly limit: number
  readonly alpha: number
}

/** Checks what needs no collection. Throws INVALID_ARGUMENT with every problem. */
export function checkQuery({ collection, mode, text, vector, limit, alpha, language }: QueryRequest): void {
  const problems = nameProblems('collection', collection)
  const known = MODES.find(one => one === mode)
  if (!known) problems.push({ path: 'mode', message: `${shown(mode)} is none of ${MODES.join(', ')}` })
  const length = textLength(text, MOST_QUERY)
  if (length > MOST_QUERY)
    problems.push({ path: 'text', message: `has ${length} characters: expected at most ${MOST_QUERY}` })
  if (limit > MOST_FOUND) problems.push({ path: 'limit', message: `expected 1 to ${MOST_FOUND}, got ${limit}` })
  if (alpha !== undefined && !(alpha >= 0 && alpha <= 1))
    problems.push({ path: 'alpha', message: `expected 0 to 1, got ${alpha}` })
  if (needsText(mode, alpha) && text.trim() === '')
    problems.push({ path: 'text', message: `expected words to look for, where the mode is "${mode}"` })
  if (mode === 'vector' && vector.length === 0)
    problems.push({ path: 'vector', message: 'expected a vector, where the mode is "vector"' })
  const wrong = languageProblem(language)
  if (wrong !== undefined) problems.push({ path: 'language', message: wrong })
  if (problems.length > 0) throw invalid(problems)
}

function needsText(mode: string, alpha: number | undefined): boolean {
  return mode === 'keyword' || (mode === 'hybrid' && alpha !== 1)
}

/** What is looked for in a collection. Throws INVALID_ARGUMENT with every problem that only the collection shows. */
export function readQuery(collection: Collection, request: QueryRequest): Asked {
  const problems: Problem[] = []
  const { vector, text, limit, alpha = 0.5 } = request
  const asksVector = request.mode === 'vector' || (request.mode === 'hybrid' && alpha > 0)
  if (collection.dimensions > 0 && asksVector) {
    const wrong =
      vector.length === 0 ? `expected one of ${collection.dimensions} numbers` : vectorProblem(collection, vector)
    if (wrong !== undefined) problems.push({ path: 'vector', message: wrong })
  }
  const filter = request.filter && readFilter(collection, request.filter, problems)
  if (problems.length > 0) throw invalid(problems)
  const mode = MODES.find(one => one === request.mode) ?? 'hybrid'
  return { mode, text: text.toWellFormed().replaceAll('\0', ' '), vector, filter, limit: limit || 10, alpha }
}
