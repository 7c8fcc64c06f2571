import type { NodeDocument, Note, Problem, SpellDocument, StateDeclaration, Wire } from './document.ts'
import { FORMAT } from './document.ts'
import type { Schema } from './define.ts'
import type { Json, JsonObject } from './json.ts'
import { isObject } from './json.ts'
import { checkSchema, show } from './schema.ts'

/** What a document may hold; see {@link checkLimits}. */
export interface JsonLimits {
  readonly depth: number
  /** Per object, and items per list ten times that. */
  readonly keys: number
  readonly string: number
}
export const JSON_LIMITS: JsonLimits = { depth: 64, keys: 10_000, string: 1_048_576 }

/** Form of a node's id. */
export const NODE_ID = /^[A-Za-z0-9_-]{1,64}$/

const POINT: Schema = { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 }
const NODE: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['type'],
  properties: {
    type: { type: 'string', minLength: 1, maxLength: 128 },
    version: { type: 'integer', minimum: 1 },
    title: { type: 'string', maxLength: 200 },
    config: { type: 'object' },
    values: { type: 'object' },
    retry: {
      type: 'object',
      additionalProperties: false,
      properties: {
        attempts: { type: 'integer', minimum: 1, maximum: 100 },
        delayMs: { type: 'integer', minimum: 0, maximum: 3_600_000 },
        timeoutMs: { type: 'integer', minimum: 0, maximum: 86_400_000 },
      },
    },
    reuse: { type: 'boolean' },
    at: POINT,
  },
}
const DOCUMENT: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['format', 'nodes'],
  properties: {
    format: { type: 'string', enum: [FORMAT] },
    name: { type: 'string', maxLength: 200 },
    description: { type: 'string', maxLength: 20_000 },
    nodes: { type: 'object', additionalProperties: NODE },
    wires: { type: 'array', items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 } },
    state: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: { scope: { type: 'string', enum: ['run', 'session', 'spell'] }, initial: {} },
      },
    },
    notes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['text'],
        additionalProperties: false,
        properties: { text: { type: 'string' }, at: POINT, size: POINT },
      },
    },
    origin: {
      type: 'object',
      required: ['format', 'document'],
      additionalProperties: false,
      properties: { format: { type: 'string' }, document: {} },
    },
  },
}

/** The JSON Schema of `spell/1`, published with the API. */
export const SPELL_SCHEMA: Schema & { readonly $schema: string; readonly title: string } = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'spell/1',
  ...DOCUMENT,
}

/** A parsed document, or everything that keeps it from being one. */
export type Parsed =
  | { readonly document: SpellDocument; readonly problems: readonly [] }
  | { readonly document?: undefined; readonly problems: readonly Problem[] }

/** Turns untrusted JSON into a document: its shape only; {@link checkDocument} knows node types. Never throws. */
export function parseDocument(value: unknown): Parsed {
  const limits = checkLimits(value)
  if (limits.length > 0) return { problems: limits }
  const problems: Problem[] = checkSchema(value, DOCUMENT, '').map(problem =>
    withNode({ ...problem, path: problem.path.replace(/^\./, '') }),
  )
  if (!isObject(value)) return { problems }
  for (const path of ['name', 'description']) {
    const text = value[path]
    // Databases do not take them.
    if (typeof text === 'string' && (text.includes('\0') || !text.isWellFormed()))
      problems.push({ path, message: 'holds a character of code 0, or half of one' })
  }
  if (isObject(value['nodes'])) {
    for (const id of Object.keys(value['nodes'])) {
      if (!NODE_ID.test(id))
        problems.push({
          path: `nodes.${id}`,
          message: `"${id}" is not a node id: expected 1 to 64 letters, digits, "-" or "_"`,
        })
    }
  }
  if (Array.isArray(value['wires'])) {
    value['wires'].forEach((wire, index) => {
      if (!Array.isArray(wire)) return
      for (const end of wire) {
        if (typeof end === 'string' && (!/^[^.]+\../.test(end) || end.endsWith('.__proto__')))
          problems.push({ path: `wires[${index}]`, message: `${show(end)} is not of the form "<node>.<socket>"` })
      }
    })
  }
  return problems.length > 0 ? { problems } : { document: toDocument(value), problems: [] }
}

function withNode(problem: Problem): Problem {
  const node = /^nodes\.([A-Za-z0-9_-]+)/.exec(problem.path)?.[1]
  return node === undefined ? problem : { ...problem, node }
}

function toDocument(value: JsonObject): SpellDocument {
  return {
    format: FORMAT,
    name: (value['name'] as string | undefined) || 'Untitled',
    description: (value['description'] as string | undefined) ?? '',
    nodes: value['nodes'] as unknown as Readonly<Record<string, NodeDocument>>,
    wires: (value['wires'] ?? []) as unknown as readonly Wire[],
    state: (value['state'] ?? {}) as unknown as Readonly<Record<string, StateDeclaration>>,
    notes: (value['notes'] ?? []) as unknown as readonly Note[],
    ...(value['origin'] === undefined
      ? {}
      : { origin: value['origin'] as unknown as { format: string; document: Json } }),
  }
}

/** Checks depth and size of untrusted JSON without recursion; answers the first few problems (at most 20). */
export function checkLimits(value: unknown, limits: JsonLimits = JSON_LIMITS): Problem[] {
  const problems: Problem[] = []
  let level: { value: unknown; path: string }[] = [{ value, path: '' }]
  for (let depth = 0; level.length > 0 && problems.length < 20; depth++) {
    const next: typeof level = []
    for (const { value: one, path } of level) {
      if (typeof one === 'string' && one.length > limits.string)
        problems.push({ path, message: `a string of ${one.length} characters; at most ${limits.string}` })
      if (typeof one !== 'object' || one === null) continue
      if (depth >= limits.depth) {
        problems.push({ path: path.slice(0, 200), message: `nested deeper than ${limits.depth} levels` })
        continue
      }
      collect(one, path, limits, next, problems)
    }
    level = next
  }
  return problems.slice(0, 20)
}

function collect(
  one: object,
  path: string,
  limits: JsonLimits,
  next: { value: unknown; path: string }[],
  problems: Problem[],
): void {
  if (Array.isArray(one)) {
    if (one.length > limits.keys * 10)
      problems.push({ path, message: `a list of ${one.length} items; at most ${limits.keys * 10}` })
    else
      for (let i = 0; i < one.length; i++)
        if (isContent(one[i], limits)) next.push({ value: one[i], path: `${path}[${i}]` })
    return
  }
  const names = Object.keys(one)
  if (names.length > limits.keys)
    problems.push({ path, message: `an object of ${names.length} keys; at most ${limits.keys}` })
  else {
    for (const name of names) {
      if (name === '__proto__') problems.push({ path, message: '"__proto__" is not a key that can be used' })
      const inner: unknown = (one as Record<string, unknown>)[name]
      if (isContent(inner, limits)) next.push({ value: inner, path: path === '' ? name : `${path}.${name}` })
    }
  }
}

function isContent(value: unknown, limits: JsonLimits): boolean {
  return (typeof value === 'object' && value !== null) || (typeof value === 'string' && value.length > limits.string)
}

const KEYS = ['format', 'name', 'description', 'nodes', 'wires', 'state', 'notes', 'origin']
const NODE_KEYS = ['type', 'version', 'title', 'config', 'values', 'retry', 'reuse', 'at']

/** The document with its keys in the order that files have; node ids, config and wires keep theirs. */
export function orderDocument(document: SpellDocument): SpellDocument {
  const nodes = Object.fromEntries(Object.entries(document.nodes).map(([id, node]) => [id, pick(node, NODE_KEYS)]))
  return pick({ ...document, nodes }, KEYS) as unknown as SpellDocument
}

/** The text of a document as files hold it: stable key order, two spaces, a new line at the end. */
export function formatDocument(document: SpellDocument): string {
  return `${JSON.stringify(orderDocument(document), undefined, 2)}\n`
}

function pick(from: object, keys: readonly string[]): Record<string, unknown> {
  const source = from as Record<string, unknown>
  return Object.fromEntries(keys.filter(key => source[key] !== undefined).map(key => [key, source[key]]))
}
