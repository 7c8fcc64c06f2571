import type { Schema } from '#graph/define.ts'
import type { Problem, SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { RUN_FORMAT } from '#graph/recording.ts'
import type { Recording } from '#graph/recording.ts'
import { checkSchema } from '#graph/schema.ts'

export { formatRecording } from '#graph/recording.ts'
export type { Recording } from '#graph/recording.ts'

/** Whether this is meant as a recording. */
export function isRecording(value: unknown): value is JsonObject {
  return isObject(value) && value['format'] === RUN_FORMAT
}

/** Reads a recording out of parsed JSON; or every problem of its shape. Node types and kinds of entries that are not known here are kept. */
export function parseRecording(
  value: unknown,
): { recording: Recording; problems?: undefined } | { recording?: undefined; problems: readonly Problem[] } {
  if (!isRecording(value)) return { problems: [{ path: 'format', message: `expected "${RUN_FORMAT}"` }] }
  const problems: Problem[] = []
  const read = (name: string, given: unknown): SpellDocument | undefined => {
    const parsed = parseDocument(given)
    for (const problem of parsed.problems) problems.push({ ...problem, path: `${name}.${problem.path}` })
    return parsed.document
  }
  const object = (name: string): JsonObject => {
    const found = value[name] ?? {}
    if (isObject(found)) return found
    problems.push({ path: name, message: 'expected an object' })
    return {}
  }
  const spell = read('spell', value['spell'])
  const library = Object.entries(object('library')).flatMap(([name, given]) => {
    const document = read(`library.${name}`, given)
    return document ? [[name, document] as const] : []
  })
  const [inputs, state, blobs] = [object('inputs'), object('state'), object('blobs')]
  const entries = readEntries(value['entries'], problems)
  if (problems.length > 0 || !spell) return { problems }
  return { recording: { spell, library: Object.fromEntries(library), inputs, state, entries, blobs } }
}

const MOST_PROBLEMS = 20

function readEntries(value: unknown, problems: Problem[]): readonly Entry[] {
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    !value.every((entry: unknown, index) => isObject(entry) && entry['seq'] === index + 1)
  ) {
    problems.push({ path: 'entries', message: 'expected a list of entries numbered from 1 on' })
    return []
  }
  const before = problems.length
  for (const [index, entry] of (value as JsonObject[]).entries()) {
    problems.push(...problemsOf(entry, `entries[${index}]`))
    if (problems.length - before >= MOST_PROBLEMS) break
  }
  if (problems.length === before && value[0]['kind'] !== 'run.started')
    problems.push({ path: 'entries[0].kind', message: 'expected "run.started"' })
  return value as Entry[]
}

const TEXT: Schema = { type: 'string' }
const NUMBER: Schema = { type: 'number' }
const OBJECT: Schema = { type: 'object' }
const TEXTS: Schema = { type: 'array', items: TEXT }
const FAILURE: Schema = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: TEXT, message: TEXT, node: TEXT },
}
const ACTIVATED = { node: TEXT, activation: TEXT }

/** What is read of entries by whoever shows them, by kind: all of it required. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  'run.started': { run: TEXT, spell: TEXT, revision: NUMBER, inputs: OBJECT, state: OBJECT, seed: NUMBER },
  'node.started': ACTIVATED,
  'node.value': { ...ACTIVATED, outputs: OBJECT },
  'node.emitted': { ...ACTIVATED, index: NUMBER, outputs: OBJECT, pulses: TEXTS },
  'node.ended': { ...ACTIVATED, outputs: OBJECT, pulses: TEXTS },
  'node.failed': { ...ACTIVATED, attempt: NUMBER, error: FAILURE, final: { type: 'boolean' } },
  'node.log': { ...ACTIVATED, text: TEXT, level: { type: 'string', enum: ['debug', 'info', 'warn', 'error'] } },
  'state.changed': { ...ACTIVATED, key: TEXT, value: {} },
  'scope.opened': { ...ACTIVATED, opened: TEXT, index: NUMBER, values: OBJECT },
  'run.waiting': ACTIVATED,
  'run.answered': ACTIVATED,
  'run.completed': { lastSeq: NUMBER, outputs: OBJECT, state: OBJECT },
  'run.failed': { lastSeq: NUMBER, error: FAILURE },
  'run.cancelled': { lastSeq: NUMBER, reason: TEXT },
}
const COMMON = { at: NUMBER, kind: TEXT }
const OPTIONAL = { node: TEXT, activation: TEXT, scope: TEXT }

const schemas = new Map<string, Schema>(
  Object.entries(SHAPES).map(([kind, shape]) => {
    const needed = { ...COMMON, ...shape }
    return [kind, { type: 'object', required: Object.keys(needed), properties: { ...OPTIONAL, ...needed } }]
  }),
)
const OTHER: Schema = { type: 'object', required: Object.keys(COMMON), properties: { ...OPTIONAL, ...COMMON } }

function problemsOf(entry: JsonObject, path: string): Problem[] {
  const { kind } = entry
  return checkSchema(entry, (typeof kind === 'string' ? schemas.get(kind) : undefined) ?? OTHER, path)
}
