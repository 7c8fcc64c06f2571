// Forms as the nodes that ask declare them: a list of fields.
import type { Schema, Socket } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { checkSchema } from '#graph/schema.ts'
import { textsIn } from './many.ts'

const TYPES = ['text', 'multiline', 'number', 'boolean', 'choice'] as const

/** Schema of a field in a config. */
export const FIELD = {
  type: 'object',
  properties: {
    name: { type: 'string', title: 'Name', minLength: 1, maxLength: 100 },
    title: { type: 'string', title: 'Title', maxLength: 500 },
    type: { type: 'string', title: 'Type', enum: TYPES },
    options: { type: 'array', title: 'Options', items: { type: 'string', minLength: 1 }, maxItems: 1000 },
    required: { type: 'boolean', title: 'Required' },
    default: { title: 'Default' },
  },
  required: ['name'],
  additionalProperties: false,
} as const satisfies Schema

/** A field of a form. */
export interface Field {
  readonly name: string
  readonly title: string
  readonly type: (typeof TYPES)[number]
  readonly options: readonly string[]
  readonly required: boolean
  readonly default: Json | undefined
}

/** The fields of a config that may not have been checked yet: what is none is left out. */
export function fieldsIn(list: unknown): readonly Field[] {
  if (!Array.isArray(list)) return []
  return (list as readonly Json[]).flatMap(one => {
    if (!isObject(one) || typeof one['name'] !== 'string') return []
    const { name, title, options, required } = one
    return {
      name,
      title: typeof title === 'string' && title !== '' ? title : name,
      type: TYPES.find(type => type === one['type']) ?? 'text',
      options: textsIn(options),
      required: required === true,
      default: one['default'],
    }
  })
}

/** What is wrong with them, beyond {@link FIELD}. */
export function problemsOfFields(fields: readonly Field[]): { path: string; message: string }[] {
  const names = fields.map(({ name }) => name)
  return fields.flatMap((field, index) => {
    const at = `form[${index}]`
    const problems: { path: string; message: string }[] = []
    if (RESERVED.has(field.name))
      problems.push({ path: `${at}.name`, message: `"${field.name}" is the name of another output` })
    if (names.indexOf(field.name) < index)
      problems.push({ path: `${at}.name`, message: `"${field.name}" is there twice` })
    if (field.type === 'choice' && field.options.length === 0)
      problems.push({ path: `${at}.options`, message: 'expected at least one option to choose' })
    if (field.type !== 'choice' && field.options.length > 0)
      problems.push({ path: `${at}.options`, message: `only a choice has options, and this is ${field.type}` })
    if (field.default !== undefined && field.options.length > 0 === (field.type === 'choice'))
      problems.push(...checkSchema(field.default, { ...schemaOf(field), minLength: 0 }, `${at}.default`))
    return problems
  })
}

const RESERVED: ReadonlySet<string> = new Set(['answer', 'answered', 'expired', 'error', 'failure', '__proto__'])

/** The JSON Schema of the whole form. */
export function formOf(fields: readonly Field[]): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(field => [field.name, schemaOf(field)])),
    required: fields.filter(field => field.required).map(({ name }) => name),
    additionalProperties: false,
  }
}

function schemaOf({ type, title, options, required, default: preset }: Field): Schema {
  const more = { title, ...(preset === undefined ? {} : { default: preset }) }
  switch (type) {
    case 'text':
    case 'multiline':
      return {
        type: 'string',
        ...more,
        ...(type === 'multiline' ? { format: 'multiline' } : {}),
        ...(required ? { minLength: 1 } : {}),
      }
    case 'choice':
      return { type: 'string', ...more, enum: options }
    case 'number':
    case 'boolean':
      return { type, ...more }
  }
}

/** One output for each field. */
export function socketsOfFields(fields: readonly Field[]): Record<string, Socket> {
  return Object.fromEntries(
    fields
      .filter(({ name }) => !RESERVED.has(name))
      .map((field): [string, Socket] => [field.name, { type: socketTypeOf(field), title: field.title }]),
  )
}

function socketTypeOf({ type, required, default: preset }: Field): Socket['type'] {
  if (type === 'boolean') return 'boolean'
  // Where it may stay empty it is null: no number stands for that.
  if (type === 'number') return required || preset !== undefined ? 'number' : 'any'
  return 'string'
}

/** What fields give that nobody filled in. */
export function emptyAnswers(fields: readonly Field[]): JsonObject {
  return Object.fromEntries(
    fields.map(({ name, type }) => [name, type === 'boolean' ? false : type === 'number' ? null : '']),
  )
}
