import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { toText } from '../language/text.ts'

const OPERATORS = [
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

export default defineNode({
  title: 'Compare',
  about:
    'Compares two values. Numbers, also as text, by size; other texts in alphabetical order; lists and objects by content.',
  icon: 'scale',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { operator: { type: 'string', title: 'a …', enum: OPERATORS, default: 'equals' } },
  },
  inputs: { a: { type: 'any', default: null }, b: { type: 'any', default: null } },
  outputs: { result: { type: 'boolean' } },
  run: ({ a, b }, { config }) => ({ outputs: { result: compare(a, b, config.operator) } }),
})

function compare(a: Json, b: Json, operator: (typeof OPERATORS)[number]): boolean {
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

function numberOf(value: Json): number | undefined {
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
