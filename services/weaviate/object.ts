import type { Object as ObjectMessage } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { PropertyType } from '#mesh/knowledge.ts'
import type { Collection, PropertyValue, StoreObject } from './provider.ts'
import { shown } from './shown.ts'

const ID = /^[\x20-\x7e]{1,128}$/
const LANGUAGE = /^(?:[a-z]{2})?$/
const MOST_TEXT = 100_000
/** Of a property: what an index takes. */
const MOST_BYTES = 2_000
const MOST_TEXTS = 256

/** In characters; of what is longer than `limit` code units exactly, else what is enough to know. */
export function textLength(text: string, limit: number): number {
  if (text.length <= limit) return text.length
  let characters = 0
  for (const _ of text) characters++
  return characters
}

/** What is wrong with an object; undefined: nothing, and `properties` holds its properties. */
export function objectProblem(
  collection: Collection,
  object: ObjectMessage,
  properties: Record<string, PropertyValue>,
): string | undefined {
  const { id, text, vector, language } = object
  if (!ID.test(id)) return `its id: expected 1 to 128 printable ASCII characters, got ${shown(id)}`
  const length = textLength(text, MOST_TEXT)
  if (length > MOST_TEXT) return `its text has ${length} characters: expected at most ${MOST_TEXT}`
  if (text.includes('\0')) return 'its text holds a NUL character, which cannot be kept'
  const problems = [
    vector.length > 0 ? vectorProblem(collection, vector) : undefined,
    languageProblem(language),
    propertiesProblem(collection, object.properties, properties),
  ]
  return problems.filter(problem => problem !== undefined).join('; ') || undefined
}

/** An object without problems. */
export function toObject(
  { id, text, vector, language }: ObjectMessage,
  properties: Readonly<Record<string, PropertyValue>>,
): StoreObject {
  return { id, text: text.toWellFormed(), vector: isNowhere(vector) ? undefined : vector, properties, language }
}

/** What is wrong with a vector; undefined: nothing. */
export function vectorProblem({ name, dimensions }: Collection, vector: readonly number[]): string | undefined {
  if (dimensions === 0) return `the collection "${name}" has no vectors, but one of ${vector.length} numbers came`
  if (vector.length !== dimensions)
    return `a vector of ${vector.length} numbers: expected ${dimensions}, as the collection "${name}" has them`
  let sum = 0
  for (const value of vector) sum += value * value
  if (!Number.isFinite(sum)) return 'a vector with a number that is not finite, or too large'
  return undefined
}

/** Whether a vector points nowhere: it is near to nothing. Weaker than this, single precision may see nothing of it. */
export function isNowhere(vector: readonly number[]): boolean {
  return vector.every(value => Math.abs(value) < 1e-15)
}

/** What is wrong with a language; undefined: nothing. */
export function languageProblem(language: string): string | undefined {
  return LANGUAGE.test(language)
    ? undefined
    : `expected a language of two small letters, or none, got ${shown(language)}`
}

function propertiesProblem(
  collection: Collection,
  bytes: Uint8Array,
  into: Record<string, PropertyValue>,
): string | undefined {
  if (bytes.length === 0) return undefined
  const given = parse(bytes)
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return `properties: expected a JSON object, got ${given === undefined ? 'no JSON' : shown(given)}`
  const problems: string[] = []
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue
    const type = typeOf(collection, name)
    const wrong = type ? valueProblem(type, value) : unknownProperty(collection, name)
    if (wrong !== undefined) problems.push(type ? `properties.${name}: ${wrong}` : wrong)
    else into[name] = toValue(value as PropertyValue)
  }
  return problems.length > 0 ? problems.join('; ') : undefined
}

/** JSON text in bytes; undefined: it is none. */
export function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Undefined: the collection has no such property. */
export function typeOf({ properties }: Collection, name: string): PropertyType | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}

export function unknownProperty({ name: collection, properties }: Collection, name: string): string {
  const known = Object.keys(properties).toSorted()
  return `the collection "${collection}" has no property ${shown(name)}; it has ${known.join(', ') || 'none'}`
}

/** What is wrong with a property's value; undefined: nothing. */
export function valueProblem(type: PropertyType, value: unknown): string | undefined {
  switch (type) {
    case 'text':
      return textProblem(value)
    case 'texts':
      if (!Array.isArray(value)) return `expected a list of texts, got ${shown(value)}`
      if (value.length > MOST_TEXTS) return `expected at most ${MOST_TEXTS} texts, got ${value.length}`
      return value.map(textProblem).find(problem => problem !== undefined)
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected true or false, got ${shown(value)}`
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : `expected a number, got ${shown(value)}`
    case 'date':
      return Number.isSafeInteger(value) && Math.abs(value as number) <= 8.64e15
        ? undefined
        : `expected milliseconds since 1970, a whole number, got ${shown(value)}`
  }
}

function textProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return `expected a text, got ${shown(value)}`
  if (value.includes('\0')) return 'a text holds a NUL character, which cannot be kept'
  const bytes = Buffer.byteLength(value)
  return bytes > MOST_BYTES ? `a text of ${bytes} bytes: expected at most ${MOST_BYTES}` : undefined
}

/** A value without problems, as it is kept. */
export function toValue<T>(value: T): T {
  if (typeof value === 'string') return value.toWellFormed() as T
  return Array.isArray(value) ? (value.map(toValue) as T) : value
}
