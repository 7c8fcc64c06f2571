// How the built-in model shows answers of a given shape: names, numbers and words of the question, put where they may belong.
import { isObject } from '../json.ts'
import type { Json, JsonObject } from '../json.ts'
import { keywordsOf, topicOf } from './local-text.ts'

/** A value of this shape, out of the question's words. The same every time. */
export function fillSchema(schema: JsonObject, question: string): Json {
  return fill(schema, '', { root: schema, question, ...readQuestion(question), level: 0 })
}

/** What is left of the question to be used. */
interface Source {
  readonly root: JsonObject
  readonly question: string
  readonly names: string[]
  readonly numbers: number[]
  readonly keywords: string[]
  readonly level: number
}

const MOST_LEVELS = 8

function readQuestion(question: string): Pick<Source, 'names' | 'numbers' | 'keywords'> {
  // A capital at the beginning of a sentence makes no name, unless another follows.
  const names = [...question.matchAll(/\p{Lu}[\p{L}'-]+(?: \p{Lu}[\p{L}'-]+)*/gu)]
    .filter(({ 0: name, index }) => name.includes(' ') || !/(?:^|[.!?:\n]\s*)$/.test(question.slice(0, index)))
    .map(([name]) => name)
  const numbers = [...question.matchAll(/(?<![\p{L}\d.])-?\d+(?:\.\d+)?/gu)].map(([number]) => Number(number))
  return { names, numbers, keywords: [...keywordsOf(question)] }
}

function fill(schema: Json | undefined, name: string, source: Source): Json {
  if (!isObject(schema) || source.level > MOST_LEVELS) return schema === undefined ? topicOf(source.question) : null
  const { const: only, enum: options, $ref, anyOf, oneOf, allOf, default: usual } = schema
  if (only !== undefined) return only
  if (Array.isArray(options)) return choose(options, source.question)
  const inner = { ...source, level: source.level + 1 }
  if (typeof $ref === 'string') return fill(follow($ref, source.root), name, inner)
  for (const choices of [anyOf, oneOf])
    if (Array.isArray(choices))
      return fill(choices.find(one => isObject(one) && one['type'] !== 'null') ?? null, name, inner)
  if (Array.isArray(allOf)) return fill(merge([schema, ...allOf]), name, inner)
  switch (typeOf(schema)) {
    case 'object':
      return fillObject(schema, inner)
    case 'array':
      return fillArray(schema, name, inner)
    case 'integer':
    case 'number':
      return fillNumber(schema, inner)
    case 'boolean':
      return typeof usual === 'boolean' ? usual : !/\b(?:no|not|never|without)\b/i.test(source.question)
    case 'null':
      return null
    default:
      return fillText(schema, name, inner)
  }
}

function typeOf({ type, properties, items }: JsonObject): Json | undefined {
  if (Array.isArray(type)) return type.find(one => one !== 'null') ?? 'null'
  return type ?? (properties ? 'object' : items ? 'array' : 'string')
}

/** The option that the question names; of moods, the one it seems to have. */
function choose(options: readonly Json[], question: string): Json {
  const text = question.toLowerCase()
  const named = options.find(one => typeof one === 'string' && one !== '' && text.includes(one.toLowerCase()))
  if (named !== undefined) return named
  const mood = /\b(?:bad|sad|angry|broken|terrible|hate|slow|worst|awful)\b/.test(text) ? 'negative' : 'positive'
  return options.find(one => one === mood) ?? options[0] ?? null
}

function follow($ref: string, root: JsonObject): Json | undefined {
  let at: Json | undefined = root
  for (const step of $ref.split('/').slice(1))
    at = isObject(at) ? at[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return at
}

function merge(schemas: readonly Json[]): JsonObject {
  const objects = schemas.filter(isObject)
  const properties = Object.assign({}, ...objects.map(one => one['properties'])) as JsonObject
  const required = objects.flatMap(one => (Array.isArray(one['required']) ? (one['required'] as Json[]) : []))
  const rest = Object.fromEntries(
    Object.entries(Object.assign({}, ...objects) as JsonObject).filter(([name]) => name !== 'allOf'),
  )
  return { ...rest, ...(Object.keys(properties).length > 0 ? { properties } : {}), required }
}

function fillObject({ properties, required }: JsonObject, source: Source): Json {
  const known = isObject(properties) ? properties : {}
  const names = new Set([...Object.keys(known), ...(Array.isArray(required) ? required.map(String) : [])])
  return Object.fromEntries([...names].map(name => [name, fill(known[name], name, source)]))
}

function fillArray({ items, minItems, maxItems, prefixItems }: JsonObject, name: string, source: Source): Json {
  if (Array.isArray(prefixItems)) return prefixItems.map(one => fill(one as Json, name, source))
  const least = typeof minItems === 'number' ? minItems : 0
  const most = Math.max(least, Math.min(typeof maxItems === 'number' ? maxItems : 3, 20))
  const type = isObject(items) ? typeOf(items) : 'string'
  const isOption = isObject(items) && Array.isArray(items['enum'])
  const there =
    type === 'number' || type === 'integer'
      ? source.numbers.length
      : type === 'string' && !isOption
        ? 3
        : hasName(items)
          ? Math.max(1, source.names.length)
          : 1
  const length = Math.max(least, Math.min(most, there, 20))
  if (type !== 'string' || isOption) return Array.from({ length }, () => fill(items, name, source))
  const words = source.names.length > 1 ? source.names.splice(0, length) : source.keywords.slice(0, length)
  return Array.from({ length }, (_, index) => words[index] ?? `${topicOf(source.question)} ${index + 1}`)
}

/** Whether it is somebody or something: of those there are as many as names. */
function hasName(schema: Json | undefined): boolean {
  return isObject(schema) && isObject(schema['properties']) && Object.keys(schema['properties']).some(isNamed)
}

function fillNumber({ minimum, maximum, exclusiveMinimum, multipleOf, type }: JsonObject, { numbers }: Source): number {
  const least =
    typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : -Infinity
  const most = typeof maximum === 'number' ? maximum : Infinity
  const fitting = numbers.findIndex(one => one >= least && one <= most && (type !== 'integer' || Number.isInteger(one)))
  const found = fitting >= 0 ? numbers.splice(fitting, 1)[0] : undefined
  const number = found ?? Math.min(most, Math.max(least, 0))
  return typeof multipleOf === 'number' && multipleOf > 0 ? Math.round(number / multipleOf) * multipleOf : number
}

const FORMATS: Readonly<Record<string, readonly [found: RegExp, usual: string]>> = {
  date: [/\d{4}-\d\d-\d\d/, '2000-01-01'],
  'date-time': [/\d{4}-\d\d-\d\dT[\d:.]+Z/, '2000-01-01T00:00:00Z'],
  time: [/\d\d:\d\d:\d\dZ/, '00:00:00Z'],
  email: [/[\w.+-]+@[\w-]+\.[\w.-]*\w/, 'demo@example.com'],
  uri: [/https?:\/\/[^\s"'<>]*[\w/]/, 'https://example.com/'],
  uuid: [/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/, '00000000-0000-4000-8000-000000000000'],
}

/** Fields that stand for somebody, something or some place by name. */
const NAMED = /name|person|who|author|city|town|place|location|country|company|product|title|artist|where/i
const isNamed = (name: string): boolean => NAMED.test(name)

function fillText({ format, minLength, maxLength }: JsonObject, name: string, source: Source): string {
  const known = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  if (known) return known[0].exec(source.question)?.[0] ?? known[1]
  const own = isNamed(name) ? source.names.shift() : undefined
  const text =
    own ??
    (/expression|formula|sum/i.test(name) ? arithmeticOf(source.question) : undefined) ??
    topicOf(source.question)
  const padded = typeof minLength === 'number' ? text.padEnd(minLength, '.') : text
  return typeof maxLength === 'number' ? Array.from(padded).slice(0, maxLength).join('') : padded
}

/** Numbers with signs between them. */
function arithmeticOf(text: string): string | undefined {
  return /\d[\d\s.+*/()-]*[+*/-][\d\s.+*/()-]*\d/.exec(text)?.[0]
}
