// JSON Schemas that people write into settings.
import type { DataType, Schema, Socket } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { show } from '#graph/schema.ts'

/** A setting that holds one. */
export const OWN_SCHEMA = {
  type: 'string',
  title: 'JSON Schema',
  format: 'code',
  default: '',
  maxLength: 100_000,
} as const satisfies Schema

/** The schema that a setting holds, and what is wrong with it. */
export function readSchema(text: string): { schema: JsonObject; problems: { path: string; message: string }[] } {
  const refuse = (message: string) => ({ schema: {}, problems: [{ path: 'schema', message }] })
  try {
    const schema = JSON.parse(text) as Json
    if (!isObject(schema)) return refuse(`expected a JSON Schema, an object, got ${show(schema)}`)
    return { schema, problems: [] }
  } catch (error) {
    return refuse(`expected a JSON Schema: ${error instanceof Error ? error.message : 'it is no JSON'}`)
  }
}

/** A socket for each property that has a plain name of its own. What may be missing can be null. */
export function socketsOfProperties(schema: JsonObject, taken: readonly string[]): Record<string, Socket> {
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]) : []
  return Object.fromEntries(
    propertiesOf(schema)
      .filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !taken.includes(name))
      .map(([name, property]) => {
        const { type, description } = property
        return [
          name,
          {
            type: required.includes(name) ? typeOf(type) : 'any',
            ...(typeof description === 'string' ? { about: description } : {}),
          },
        ]
      }),
  )
}

function propertiesOf({ properties = {} }: JsonObject): (readonly [name: string, property: JsonObject])[] {
  return isObject(properties)
    ? Object.entries(properties).flatMap(([name, property]) => (isObject(property) ? [[name, property] as const] : []))
    : []
}

const TYPES: Readonly<Record<string, DataType>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  array: 'array',
  object: 'object',
}

function typeOf(type: Json | undefined): DataType {
  return (typeof type === 'string' && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? 'any'
}
