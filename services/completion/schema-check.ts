import { Validator } from '@cfworker/json-schema'
import type { OutputUnit } from '@cfworker/json-schema'
import type { JsonObject } from './json.ts'

const MOST_PROBLEMS = 20
/** What holds others: it is wrong because something within is, which is told as well. */
const HOLDERS = new Set([
  'properties',
  'items',
  'prefixItems',
  'additionalProperties',
  '$ref',
  'allOf',
  'if',
  'then',
  'else',
])

/** Everything in which a value does not fit a JSON Schema (2020-12), as `/path: words`; empty: it fits. */
export function problemsOf(value: unknown, schema: JsonObject): readonly string[] {
  try {
    const { valid, errors } = new Validator(structuredClone(schema), '2020-12', false).validate(value)
    if (valid) return []
    const leaves = errors.filter(({ keyword }) => !HOLDERS.has(keyword))
    const told = (leaves.length > 0 ? leaves : errors).map(describe)
    return [...new Set(told)].slice(0, MOST_PROBLEMS)
  } catch (error) {
    return [error instanceof RangeError ? 'it is nested too deep' : `it cannot be checked: ${String(error)}`]
  }
}

function describe({ instanceLocation, error }: OutputUnit): string {
  return `${instanceLocation.replace(/^#/, '') || 'the whole'}: ${error.replace(/\.$/, '')}`
}
