import type { Problem } from '#mesh/errors.ts'
import { ScalarType } from '@bufbuild/protobuf'
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import type { Contracts } from './descriptors.ts'

type Fields = Record<string, unknown>
type Kinds = Pick<Contracts, 'isJson' | 'cookieOf'>

/** Turns a JSON object into a request as clients of services take it. What is wrong goes into `problems`, with its path. */
export function readMessage(message: DescMessage, given: Fields, kinds: Kinds, problems: Problem[], path = ''): Fields {
  const read: Fields = {}
  const known = new Map(message.fields.filter(field => !kinds.cookieOf(field)).map(field => [field.jsonName, field]))
  for (const [name, value] of Object.entries(given)) {
    const field = known.get(name)
    if (!field)
      problems.push({
        path: path + name,
        message: `is not known here; expected ${[...known.keys()].join(', ') || 'nothing'}`,
      })
    else if (value !== null || kinds.isJson(field))
      read[field.localName] = readField(field, value, kinds, problems, path + name)
  }
  return read
}

function readField(field: DescField, value: unknown, kinds: Kinds, problems: Problem[], path: string): unknown {
  if (field.fieldKind === 'list') {
    if (!Array.isArray(value)) return refuse(problems, path, 'a list', value)
    return value.map((one, index) =>
      field.listKind === 'message'
        ? readInner(field.message, one, kinds, problems, `${path}[${index}]`)
        : readScalar(field.scalar ?? ScalarType.STRING, one, problems, `${path}[${index}]`),
    )
  }
  if (field.fieldKind === 'message') return readInner(field.message, value, kinds, problems, path)
  if (field.fieldKind !== 'scalar') return refuse(problems, path, 'something else', value)
  if (kinds.isJson(field)) return Buffer.from(JSON.stringify(value))
  return readScalar(field.scalar, value, problems, path)
}

function readInner(message: DescMessage, value: unknown, kinds: Kinds, problems: Problem[], path: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(problems, path, 'an object', value)
  return readMessage(message, value as Fields, kinds, problems, `${path}.`)
}

function readScalar(type: ScalarType, value: unknown, problems: Problem[], path: string): unknown {
  switch (type) {
    case ScalarType.STRING:
      return typeof value === 'string' ? value : refuse(problems, path, 'a string', value)
    case ScalarType.BOOL:
      return typeof value === 'boolean' ? value : refuse(problems, path, 'true or false', value)
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return typeof value === 'number' ? value : refuse(problems, path, 'a number', value)
    case ScalarType.BYTES:
      return typeof value === 'string' ? Buffer.from(value, 'base64') : refuse(problems, path, 'base64', value)
    default: {
      const most = type === ScalarType.UINT32 || type === ScalarType.INT32 ? 0xffff_ffff : Number.MAX_SAFE_INTEGER
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
      return refuse(problems, path, `a whole number from 0 to ${most}`, value)
    }
  }
}

function refuse(problems: Problem[], path: string, expected: string, value: unknown): undefined {
  const shown = JSON.stringify(value) ?? 'nothing'
  problems.push({ path, message: `expected ${expected}, got ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}` })
  return undefined
}

/** Turns the texts of a path or a query into values of a request. */
export function readText(field: DescField, text: string, problems: Problem[]): unknown {
  if (field.fieldKind !== 'scalar') return refuse(problems, field.jsonName, 'something that fits a URL', text)
  switch (field.scalar) {
    case ScalarType.STRING:
      return text
    case ScalarType.BOOL:
      return text === 'true' || text === 'false'
        ? text === 'true'
        : refuse(problems, field.jsonName, 'true or false', text)
    default:
      return readScalar(field.scalar, /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text, problems, field.jsonName)
  }
}

/** Writes an answer as JSON. JSON bytes go through as they came; fields that travel as cookies are left out. */
export function writeMessage(message: DescMessage, value: Fields, kinds: Kinds): string {
  const parts: string[] = []
  for (const field of message.fields) {
    if (kinds.cookieOf(field)) continue
    const text = writeField(field, value[field.localName], kinds)
    if (text !== undefined) parts.push(`${JSON.stringify(field.jsonName)}:${text}`)
  }
  return `{${parts.join(',')}}`
}

function writeField(field: DescField, value: unknown, kinds: Kinds): string | undefined {
  if (value === undefined || value === null) return undefined
  if (field.fieldKind === 'list') {
    const list = value as readonly unknown[]
    return `[${list.map(one => (field.listKind === 'message' ? writeMessage(field.message, one as Fields, kinds) : JSON.stringify(one))).join(',')}]`
  }
  if (field.fieldKind === 'message') return writeMessage(field.message, value as Fields, kinds)
  if (value instanceof Uint8Array) {
    if (!kinds.isJson(field)) return JSON.stringify(Buffer.from(value).toString('base64'))
    return value.length === 0
      ? undefined
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
  }
  return JSON.stringify(value)
}

/** The cookies of an answer: empty values end them. */
export function cookiesOf(
  message: DescMessage,
  value: Fields,
  kinds: Kinds,
): readonly (readonly [name: string, value: string])[] {
  return message.fields.flatMap(field => {
    const name = kinds.cookieOf(field)
    const given = value[field.localName]
    return name && typeof given === 'string' ? [[name, given] as const] : []
  })
}
