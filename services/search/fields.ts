import { toText } from '#mesh/knowledge.ts'
import type { Knowledge } from '#mesh/knowledge.ts'
import { toJson } from './json.ts'
import type { Condition, Operator, Scalar, SourceName, Wish } from './wish.ts'

/** A field to filter by: which property of the store's objects it is. */
interface Field {
  readonly property: string
  /** `texts`: a list of texts; `pairs`: texts `key=value`, with the key in the field's name. */
  readonly type: 'text' | 'number' | 'texts' | 'pairs'
}
/** A filter as the store takes it: one of the three. */
interface StoreFilter {
  readonly all?: readonly StoreFilter[]
  readonly any?: readonly StoreFilter[]
  readonly condition?: { readonly property: string; readonly operator: string; readonly value: Uint8Array }
}

const FIELDS: Readonly<Record<SourceName, Readonly<Record<string, Field>>>> = {
  documents: {
    document: { property: 'document', type: 'text' },
    language: { property: 'language', type: 'text' },
    page: { property: 'page', type: 'number' },
    'metadata.<key>': { property: 'metadata', type: 'pairs' },
  },
  events: {
    channel: { property: 'channel', type: 'text' },
    sender: { property: 'sender', type: 'text' },
    agent: { property: 'agent', type: 'text' },
    client: { property: 'client', type: 'text' },
    entity: { property: 'entities', type: 'texts' },
  },
  entities: { 'attributes.<key>': { property: 'attributes', type: 'pairs' } },
  web: {},
}
/** What `types` are called in the store. */
const TYPE_PROPERTY: Readonly<Record<Knowledge, string>> = { documents: 'type', events: 'type', entities: 'kind' }
const PAIR = /^(metadata|attributes)\.(.{1,100})$/

/** The names of a source's fields, `metadata.<key>` for any key. */
export function fieldsOf(source: SourceName): readonly string[] {
  return Object.keys(FIELDS[source])
}

interface KnownField {
  /** What is wrong with a condition on it. */
  problemOf(operator: Operator, values: readonly Scalar[]): { part: string; message: string } | undefined
}

/** The field of this name, in whichever of the sources has it. */
export function findField(name: string, sources: readonly SourceName[]): KnownField | undefined {
  for (const source of sources) {
    const field = fieldIn(source, name)
    if (field) return { problemOf: (operator, values) => problemOf(field, operator, values) }
  }
  return undefined
}

function fieldIn(source: SourceName, name: string): Field | undefined {
  const prefix = PAIR.exec(name)?.[1]
  const fields = FIELDS[source]
  const key = prefix === undefined ? name : `${prefix}.<key>`
  return Object.hasOwn(fields, key) && !name.endsWith('.<key>') ? fields[key] : undefined
}

function problemOf({ type }: Field, operator: Operator, values: readonly Scalar[]) {
  if (type === 'pairs') return undefined
  const isOrder = operator !== '=' && operator !== '!=' && operator !== 'in'
  if (isOrder && type !== 'number')
    return { part: 'operator', message: `"${operator}" is for numbers: expected one of =, !=, in` }
  if (type === 'texts' && operator === '!=')
    return { part: 'operator', message: '"!=" is not known of a list: expected = or in' }
  const wanted = type === 'number' ? 'number' : 'string'
  const wrong = values.find(value => typeof value !== wanted)
  if (wrong === undefined) return undefined
  return { part: 'value', message: `${JSON.stringify(wrong)} is no ${type === 'number' ? 'number' : 'text'}` }
}

/** How many of the store's conditions it takes. */
export function conditionsIn({ field, operator, values }: Condition): number {
  const isList = PAIR.test(field) || field === 'entity'
  return isList && operator === 'in' ? values.length : 1
}

/** What the store is to look among; undefined: everything. What {@link fits} alone can tell is left out. */
export function toStoreFilter(source: Knowledge, wish: Wish): StoreFilter | undefined {
  const { collections, types, from, to } = wish
  const all = [
    ...(source === 'documents' && collections.length > 0 ? [condition('collection', 'in', collections)] : []),
    ...(types.length > 0 ? [condition(TYPE_PROPERTY[source], 'in', types)] : []),
    ...(from > 0 ? [condition('at', '>=', from)] : []),
    ...(to > 0 ? [condition('at', '<', to)] : []),
    ...wish.conditions.flatMap(one => toStoreCondition(source, one)),
  ]
  return all.length === 0 ? undefined : { all }
}

function toStoreCondition(source: Knowledge, { field: name, operator, values }: Condition): readonly StoreFilter[] {
  const field = fieldIn(source, name)
  if (!field) return []
  const { property, type } = field
  if (type === 'text' || type === 'number')
    return [condition(property, operator, operator === 'in' ? values : values[0])]
  if (operator !== '=' && operator !== 'in') return []
  const texts = type === 'pairs' ? values.map(value => toText(keyOf(name), value)) : values
  const any = texts.map(text => condition(property, 'contains', text))
  return any.length === 1 ? any : [{ any }]
}

function condition(property: string, operator: string, value: unknown): StoreFilter {
  return { condition: { property, operator, value: toJson(value) } }
}

const keyOf = (name: string) => PAIR.exec(name)?.[2] ?? ''

/** Whether a source's conditions on `metadata.…` or `attributes.…` hold for what is known now. */
export function fits(source: Knowledge, wish: Wish, known: Readonly<Record<string, unknown>>): boolean {
  return wish.conditions.every(({ field: name, operator, values }) => {
    if (fieldIn(source, name)?.type !== 'pairs') return true
    const key = keyOf(name)
    const actual = Object.hasOwn(known, key) ? known[key] : undefined
    const isOne = values.some(value => actual !== undefined && toText(key, value) === toText(key, actual))
    if (operator === '=' || operator === 'in') return isOne
    if (operator === '!=') return !isOne
    return isInOrder(actual, operator, values[0])
  })
}

/** Whether some of a source's conditions are told by {@link fits} alone. */
export function isCheckedAfter(source: Knowledge, wish: Wish): boolean {
  return wish.conditions.some(
    ({ field, operator }) => fieldIn(source, field)?.type === 'pairs' && operator !== '=' && operator !== 'in',
  )
}

/** Numbers among numbers, texts among texts. */
function isInOrder(actual: unknown, operator: '<' | '<=' | '>' | '>=', wanted: Scalar | undefined): boolean {
  const order =
    typeof actual === 'number' && typeof wanted === 'number'
      ? actual - wanted
      : typeof actual === 'string' && typeof wanted === 'string'
        ? Number(actual > wanted) - Number(actual < wanted)
        : Number.NaN
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
