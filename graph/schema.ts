import type { Schema } from './define.ts'
import type { Json, JsonObject } from './json.ts'
import { isObject } from './json.ts'

/** What is wrong with a value, by path. */
export interface SchemaProblem {
  readonly path: string
  readonly message: string
}

/** Checks a value against a schema; answers every problem, in document order. `path` names the value itself. */
export function checkSchema(value: unknown, schema: Schema, path: string): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  check(value, schema, path, problems)
  return problems
}

function check(value: unknown, schema: Schema, path: string, problems: SchemaProblem[]): void {
  const refuse = (message: string) => problems.push({ path, message })
  if (schema.enum !== undefined && !schema.enum.some(one => one === value)) {
    refuse(`${show(value)} is none of ${schema.enum.map(show).join(', ')}`)
    return
  }
  switch (schema.type) {
    case undefined:
      return
    case 'string':
      if (typeof value !== 'string') refuse(`expected a string, got ${show(value)}`)
      else if (schema.minLength !== undefined && value.length < schema.minLength) {
        refuse(schema.minLength === 1 ? 'must not be empty' : `expected at least ${schema.minLength} characters`)
      } else if (schema.maxLength !== undefined && value.length > schema.maxLength)
        refuse(`expected at most ${schema.maxLength} characters`)
      return
    case 'boolean':
      if (typeof value !== 'boolean') refuse(`expected true or false, got ${show(value)}`)
      return
    case 'number':
    case 'integer':
      checkNumber(value, schema, refuse)
      return
    case 'array':
      checkArray(value, schema, path, problems)
      return
    case 'object':
      checkObject(value, schema, path, problems)
  }
}

function checkNumber(value: unknown, schema: Schema, refuse: (message: string) => void): void {
  const whole = schema.type === 'integer'
  if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
    refuse(`expected a ${whole ? 'whole ' : ''}number, got ${show(value)}`)
  } else if (schema.minimum !== undefined && value < schema.minimum)
    refuse(`expected at least ${schema.minimum}, got ${value}`)
  else if (schema.maximum !== undefined && value > schema.maximum)
    refuse(`expected at most ${schema.maximum}, got ${value}`)
}

function checkArray(value: unknown, schema: Schema, path: string, problems: SchemaProblem[]): void {
  if (!Array.isArray(value)) {
    problems.push({ path, message: `expected a list, got ${show(value)}` })
    return
  }
  if (schema.minItems !== undefined && value.length < schema.minItems)
    problems.push({ path, message: `expected at least ${schema.minItems} items` })
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    problems.push({ path, message: `expected at most ${schema.maxItems} items` })
  const { items } = schema
  if (items) value.forEach((item, index) => check(item, items, `${path}[${index}]`, problems))
}

function checkObject(value: unknown, schema: Schema, path: string, problems: SchemaProblem[]): void {
  if (!isObject(value)) {
    problems.push({ path, message: `expected an object, got ${show(value)}` })
    return
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name) && schema.properties?.[name]?.default === undefined) {
      problems.push({ path: `${path}.${name}`, message: 'is required' })
    }
  }
  for (const [name, inner] of Object.entries(value)) {
    const property = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    if (property) check(inner, property, `${path}.${name}`, problems)
    else if (typeof schema.additionalProperties === 'object')
      check(inner, schema.additionalProperties, `${path}.${name}`, problems)
    else if (schema.additionalProperties === false) {
      problems.push({
        path: `${path}.${name}`,
        message: `is not known; expected ${Object.keys(schema.properties ?? {}).join(', ') || 'nothing'}`,
      })
    }
  }
}

/** The config with the schema's defaults where nothing is given; nested objects included. */
export function withDefaults(value: JsonObject, schema: Schema | undefined): JsonObject {
  const properties = schema?.properties
  if (!properties) return value
  const filled: Record<string, Json> = { ...value }
  for (const [name, property] of Object.entries(properties)) {
    const given = Object.hasOwn(filled, name) ? filled[name] : undefined
    if (given === undefined) {
      if (property.default !== undefined) filled[name] = property.default
    } else if (property.properties && isObject(given)) filled[name] = withDefaults(given, property)
  }
  return filled
}

/** A value as messages quote it: short. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return `a ${typeof value}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}
