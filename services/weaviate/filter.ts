import type { Condition as ConditionMessage, Filter as FilterMessage } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Problem } from '#mesh/errors.ts'
import type { PropertyType } from '#mesh/knowledge.ts'
import { parse, toValue, typeOf, unknownProperty, valueProblem } from './object.ts'
import type { Collection, Condition, Filter, Operator } from './provider.ts'
import { shown } from './shown.ts'

const MOST_CONDITIONS = 64
const MOST_LEVELS = 4
const MOST_LISTED = 1_000

const ORDERED = ['=', '!=', '<', '<=', '>', '>=', 'in'] as const
const OPERATORS: Readonly<Record<PropertyType, readonly Operator[]>> = {
  text: ORDERED,
  number: ORDERED,
  date: ORDERED,
  boolean: ['=', '!=', 'in'],
  texts: ['contains', 'in'],
}
const ALL: readonly string[] = [...ORDERED, 'contains']

/** A filter that fits its collection. Adds what is wrong with it to `problems`; what it gives counts only where nothing was added. */
export function readFilter(collection: Collection, filter: FilterMessage, problems: Problem[]): Filter {
  const count = { conditions: 0 }
  const read = readPart(collection, filter, 'filter', 1, problems, count)
  if (count.conditions > MOST_CONDITIONS)
    problems.push({
      path: 'filter',
      message: `expected at most ${MOST_CONDITIONS} conditions, got ${count.conditions}`,
    })
  return read
}

function readPart(
  collection: Collection,
  { all, any, condition }: FilterMessage,
  path: string,
  level: number,
  problems: Problem[],
  count: { conditions: number },
): Filter {
  const given = [all.length > 0 && 'all', any.length > 0 && 'any', condition && 'condition'].filter(Boolean)
  const [kind] = given
  if (given.length !== 1) {
    const got = given.length === 0 ? 'nothing' : given.join(' and ')
    problems.push({ path, message: `expected exactly one of all, any and condition, got ${got}` })
    return { all: [] }
  }
  if (condition) {
    if (++count.conditions > MOST_CONDITIONS) return { all: [] }
    return readCondition(collection, condition, `${path}.condition`, problems)
  }
  if (level >= MOST_LEVELS) {
    problems.push({ path, message: `expected at most ${MOST_LEVELS} levels` })
    return { all: [] }
  }
  const parts = (kind === 'all' ? all : any).map((part, index) =>
    readPart(collection, part, `${path}.${kind}[${index}]`, level + 1, problems, count),
  )
  return kind === 'all' ? { all: parts } : { any: parts }
}

function readCondition(
  collection: Collection,
  { property, operator, value: bytes }: ConditionMessage,
  path: string,
  problems: Problem[],
): Condition {
  const none: Condition = { property, type: 'text', operator: '=', value: '' }
  const type = typeOf(collection, property)
  if (!type) {
    problems.push({ path: `${path}.property`, message: unknownProperty(collection, property) })
    return none
  }
  const known = OPERATORS[type].find(one => one === operator)
  if (!known) {
    const message = ALL.includes(operator)
      ? `"${operator}" does not suit "${property}", which is ${type}: expected one of ${OPERATORS[type].join(' ')}`
      : `${shown(operator)} is none of ${ALL.join(' ')}`
    problems.push({ path: `${path}.operator`, message })
    return none
  }
  const value = parse(bytes)
  const message = value === undefined ? 'expected a JSON value' : operandProblem(type, known, value)
  if (message !== undefined) {
    problems.push({ path: `${path}.value`, message })
    return none
  }
  return { property, type, operator: known, value: toValue(value as Condition['value']) }
}

function operandProblem(type: PropertyType, operator: Operator, value: unknown): string | undefined {
  const single = type === 'texts' ? 'text' : type
  if (operator !== 'in') return valueProblem(single, value)
  if (!Array.isArray(value) || value.length === 0) return `expected a list with at least one value, got ${shown(value)}`
  if (value.length > MOST_LISTED) return `expected at most ${MOST_LISTED} values, got ${value.length}`
  return value.map(one => valueProblem(single, one)).find(problem => problem !== undefined)
}
