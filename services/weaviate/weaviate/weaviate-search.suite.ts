// How a little Weaviate filters and finds: exact, as the real one's source reads the fields of its protocol (weaviate.v1).
import { Filters_Operator } from '../../../node_modules/weaviate-client/dist/node/esm/proto/v1/base.js'
import type { Filters } from '../../../node_modules/weaviate-client/dist/node/esm/proto/v1/base.js'
import { Refused } from './weaviate-classes.suite.ts'
import type { KeptObject, StoredObject, WeaviateClass } from './weaviate-classes.suite.ts'

export interface Hit {
  readonly object: StoredObject
  readonly distance?: number
  readonly score?: number
}

export function fits(definition: WeaviateClass, filter: Filters | undefined, object: KeptObject): boolean {
  if (!filter) return true
  const { operator, filters } = filter
  if (operator === Filters_Operator.OPERATOR_AND) return nonEmpty(filters).every(one => fits(definition, one, object))
  if (operator === Filters_Operator.OPERATOR_OR) return nonEmpty(filters).some(one => fits(definition, one, object))
  const name = filter.target?.property ?? ''
  if (name === '_id' || name === 'id') return operandsOf(filter).includes(object.uuid)
  const property = definition.properties.find(one => one.name === name)
  if (!property) throw new Refused(422, `no such prop with name '${name}' found in class '${definition.class}'`)
  if (!property.indexFilterable) throw new Refused(422, `property "${name}" is not indexed for filters`)
  const value = object.properties[name]
  const isMissing = value === undefined || (Array.isArray(value) && value.length === 0)
  if (operator === Filters_Operator.OPERATOR_IS_NULL) {
    if (!definition.invertedIndexConfig.indexNullState)
      throw new Refused(
        422,
        'Nullstate must be indexed to be filterable! Add `indexNullState: true` to the invertedIndexConfig',
      )
    return object.indexed.has(name) && isMissing === (filter.valueBoolean ?? false)
  }
  const type = property.dataType[0] ?? ''
  // All but those that are equal: what is not there is not equal either.
  if (operator === Filters_Operator.OPERATOR_NOT_EQUAL)
    return isMissing || !compare(Filters_Operator.OPERATOR_EQUAL, value, filter, type)
  // Its inverted index has no entry of what is not there.
  return !isMissing && compare(operator, value, filter, type)
}

function nonEmpty(filters: readonly Filters[]): readonly Filters[] {
  if (filters.length === 0) throw new Refused(422, 'filter: an operator with no operands')
  return filters
}

function operandsOf(filter: Filters): readonly unknown[] {
  const { valueTextArray, valueText, valueNumber, valueInt, valueBoolean } = filter
  if (valueTextArray) return valueTextArray.values
  return [valueText ?? valueNumber ?? valueInt ?? valueBoolean]
}

function compare(operator: Filters_Operator, value: unknown, filter: Filters, type: string): boolean {
  const operands = operandsOf(filter)
  if (operands.some(one => one === undefined))
    throw new Refused(422, 'filter: no value, or one of a kind that is not known')
  // Its tokenization "field" cuts blanks off both ends.
  const to = (one: unknown) =>
    (type === 'date' ? Date.parse(String(one)) : typeof one === 'string' ? one.trim() : one) as
      | number
      | string
      | boolean
  const values = (Array.isArray(value) ? value : [value]).map(to)
  const [operand = ''] = operands.map(to)
  const kind = type === 'date' ? 'number' : type.startsWith('text') ? 'string' : type
  if (operands.map(to).some(one => typeof one !== kind)) throw new Refused(422, `filter: a value that is no ${type}`)
  switch (operator) {
    case Filters_Operator.OPERATOR_EQUAL:
      return values.some(one => one === operand)
    case Filters_Operator.OPERATOR_LESS_THAN:
      return values.some(one => one < operand)
    case Filters_Operator.OPERATOR_LESS_THAN_EQUAL:
      return values.some(one => one <= operand)
    case Filters_Operator.OPERATOR_GREATER_THAN:
      return values.some(one => one > operand)
    case Filters_Operator.OPERATOR_GREATER_THAN_EQUAL:
      return values.some(one => one >= operand)
    case Filters_Operator.OPERATOR_CONTAINS_ANY:
      return operands.map(to).some(one => values.includes(one))
    default:
      throw new Refused(422, `operator ${operator} is not known here`)
  }
}

/** By cosine distance, nearest first; what has no vector is not in the index. */
export function nearest(objects: readonly StoredObject[], vector: readonly number[]): readonly Hit[] {
  return objects
    .flatMap(object => {
      if (!object.vector) return []
      if (object.vector.length !== vector.length)
        throw new Refused(422, `vector lengths don't match: ${object.vector.length} vs ${vector.length}`)
      return [{ object, distance: 1 - cosine(object.vector, vector) }]
    })
    .toSorted((a, b) => a.distance - b.distance)
}

/** BM25 (k1 1.2, b 0.75) over words between blanks; a word of the question weighs as often as it comes. */
export function ranked(
  definition: WeaviateClass,
  objects: readonly StoredObject[],
  all: readonly StoredObject[],
  query: string,
  properties: readonly string[],
): readonly Hit[] {
  for (const name of properties) {
    const property = definition.properties.find(one => one.name === name)
    if (!property?.indexSearchable) throw new Refused(422, `property '${name}' is not searchable`)
    if (property.tokenization !== 'whitespace') throw new Refused(501, 'only words between blanks are known here')
  }
  const wordsOf = ({ properties: values }: StoredObject) =>
    properties.flatMap(name => textOf(values[name]).split(/\s+/).filter(Boolean))
  const documents = new Map(all.map(object => [object, wordsOf(object)]))
  const average = [...documents.values()].reduce((sum, words) => sum + words.length, 0) / Math.max(1, documents.size)
  const terms = query.split(/\s+/).filter(Boolean)
  const idf = new Map(
    terms.map(term => {
      const having = [...documents.values()].filter(words => words.includes(term)).length
      return [term, Math.log(1 + (documents.size - having + 0.5) / (having + 0.5))]
    }),
  )
  return objects
    .map(object => {
      const words = documents.get(object) ?? []
      let score = 0
      for (const term of terms) {
        const times = words.filter(word => word === term).length
        score += ((idf.get(term) ?? 0) * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * words.length) / average))
      }
      return { object, score }
    })
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
