import { Validator } from '@cfworker/json-schema'
import type { OutputUnit, Schema } from '@cfworker/json-schema'
import type { Problem } from '#mesh/errors.ts'

/** Everything that is wrong with a value by a schema; paths begin with `root`. */
export function problemsOf(schema: Schema, value: unknown, root: string): readonly Problem[] {
  const { valid, errors } = validatorOf(schema).validate(value)
  if (valid) return []
  return errors.filter(({ keyword }) => !AROUND.has(keyword)).map(error => toProblem(error, root))
}

const validators = new WeakMap<Schema, Validator>()
function validatorOf(schema: Schema): Validator {
  const found = validators.get(schema) ?? new Validator(schema, '2020-12', false)
  validators.set(schema, found)
  return found
}

/** What only says that something inside is wrong. */
const AROUND = new Set(['properties', 'items', 'additionalProperties'])

function toProblem({ keyword, instanceLocation, error }: OutputUnit, root: string): Problem {
  const path = instanceLocation
    .slice('#'.length)
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
  const at = root + path
  if (keyword === 'false') return { path: at, message: 'is not known here' }
  const missing = /required property "(.*)"/.exec(error)?.[1]
  if (keyword === 'required' && missing !== undefined) return { path: `${at}.${missing}`, message: 'is missing' }
  const types = /Instance type "(\w+)" is invalid\. Expected "(.*)"/.exec(error)
  if (types) return { path: at, message: `is ${types[1]}; expected ${types[2]?.replaceAll('", "', ' or ')}` }
  return { path: at, message: error.charAt(0).toLowerCase() + error.slice(1).replace(/\.$/, '') }
}
