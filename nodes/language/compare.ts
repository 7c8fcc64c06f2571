// How values are compared: wherever nodes do, in the same way.
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { toText } from './text.ts'

/** What can be asked of two values. */
export const OPERATORS = [
  'equals',
  'does not equal',
  'is less than',
  'is at most',
  'is greater than',
  'is at least',
  'contains',
  'starts with',
  'ends with',
  'is empty',
  'is null',
] as const

export type Operator = (typeof OPERATORS)[number]

/** Answers it. Numbers, also as text, go by size, other texts by their characters, lists and objects by content. */
export function compare(a: Json, b: Json, operator: Operator): boolean {
  switch (operator) {
    case 'equals':
      return isEqual(a, b)
    case 'does not equal':
      return !isEqual(a, b)
    case 'is less than':
      return order(a, b) < 0
    case 'is at most':
      return order(a, b) <= 0
    case 'is greater than':
      return order(a, b) > 0
    case 'is at least':
      return order(a, b) >= 0
    case 'contains':
      return contains(a, b)
    case 'starts with':
      return typeof a === 'string' && a.startsWith(toText(b))
    case 'ends with':
      return typeof a === 'string' && a.endsWith(toText(b))
    case 'is empty':
      return a === null || a === '' || (typeof a === 'object' && Object.keys(a).length === 0)
    case 'is null':
      return a === null
  }
}

function isEqual(a: Json, b: Json): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one: Json, index) => isEqual(one, b[index] as Json))
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a)
    return (
      keys.length === Object.keys(b).length &&
      keys.every(key => Object.hasOwn(b, key) && isEqual(a[key] ?? null, b[key] ?? null))
    )
  }
  return typeof a !== typeof b && numberOf(a) !== undefined && numberOf(a) === numberOf(b)
}

/** Not a number where the two have no order: every comparison is then false. */
function order(a: Json, b: Json): number {
  const [x, y] = [numberOf(a), numberOf(b)]
  if (x !== undefined && y !== undefined) return x - y
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN
  return a < b ? -1 : a > b ? 1 : 0
}

/** The number that a value is, also as text. */
export function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) ? undefined : number
}

function contains(a: Json, b: Json): boolean {
  if (typeof a === 'string') return a.includes(toText(b))
  if (Array.isArray(a)) return a.some((one: Json) => isEqual(one, b))
  return isObject(a) && Object.hasOwn(a, toText(b))
}

/** One text for all values that are equal by content and type, whatever the order of their keys. */
export function keyOf(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((one: Json) => keyOf(one)).join()}]`
  if (!isObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value).toSorted()
  return `{${keys.map(key => `${JSON.stringify(key)}:${keyOf(value[key] ?? null)}`).join()}}`
}
