import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'

type Kind = 'text' | 'number' | 'flag' | 'object' | 'draft' | 'texts' | 'positions' | 'any'
const EXPECTED: Readonly<Record<Kind, string>> = {
  text: 'a text',
  number: 'a whole number from 0',
  flag: 'true or false',
  object: 'an object',
  draft: 'a document, or null',
  texts: 'a list of texts',
  positions: 'a list of {run, attempt, seq, spell?}',
  any: 'a value',
}

/** What a method takes: a name with `?` may be absent. */
export type Shape = Readonly<Record<string, Kind>>

/** Checks the parameters of a call. Throws INVALID_ARGUMENT with every problem. */
export function readParams<P>(params: unknown, shape: Shape): P {
  if (params !== undefined && !isRecord(params)) throw invalid([{ path: 'params', message: 'expected an object' }])
  const given = params ?? {}
  const problems: Problem[] = []
  const names = new Map(
    Object.entries(shape).map(([name, kind]) => [name.replace('?', ''), { kind, optional: name.endsWith('?') }]),
  )
  for (const name of Object.keys(given))
    if (!names.has(name))
      problems.push({ path: name, message: `is not known here; expected ${[...names.keys()].join(', ')}` })
  for (const [name, { kind, optional }] of names) {
    const value = given[name]
    if (value === undefined) {
      if (!optional) problems.push({ path: name, message: `is required: ${EXPECTED[kind]}` })
    } else if (!fits(value, kind)) problems.push({ path: name, message: `expected ${EXPECTED[kind]}` })
  }
  if (problems.length > 0) throw invalid(problems)
  return given as P
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value.length > 0
    case 'number':
      return isCount(value)
    case 'flag':
      return typeof value === 'boolean'
    case 'object':
      return isRecord(value)
    case 'draft':
      return value === null || isRecord(value)
    case 'texts':
      return Array.isArray(value) && value.every(one => typeof one === 'string')
    case 'positions':
      return (
        Array.isArray(value) &&
        value.every(
          one =>
            isRecord(one) &&
            typeof one['run'] === 'string' &&
            Number.isSafeInteger(one['seq']) &&
            Number.isSafeInteger(one['attempt']) &&
            (one['spell'] === undefined || typeof one['spell'] === 'string'),
        )
      )
    case 'any':
      return true
  }
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
