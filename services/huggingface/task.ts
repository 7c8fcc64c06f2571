import type { Schema } from '@cfworker/json-schema'

/** One thing that models of the hub do. */
export interface Task {
  /** As the hub calls it. */
  readonly name: string
  readonly about: string
  /** As its providers call it, where that differs. */
  readonly pipeline?: string
  readonly takes?: 'audio' | 'image'
  readonly gives: 'text' | 'json' | 'image' | 'audio'
  readonly usualModel: string
  /** JSON Schema of what it takes beside `data`. */
  readonly inputs: Schema
  readonly parameters: Schema
  /** Whether its text comes piece by piece. */
  readonly streams?: true
  /** What an answer says, in one shape however servers write it. Not for images and audio, and not where it streams. */
  read?(answer: unknown, inputs: unknown): unknown
  /** JSON Schema of what `read` must give: a text, or the result. */
  readonly result?: Schema
}

/** What decides where a request goes is no parameter, whatever the vendor's client would make of it. */
const RESERVED = Object.fromEntries(
  'accessToken endpointUrl provider model urlTransform inputs data messages stream stream_options'
    .split(' ')
    .map(name => [name, false] as const),
)

/** Parameters: those that are known have their type, further ones are passed on. */
export const parameters = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties: { ...properties, ...RESERVED },
  required: [...required],
})
/** Inputs: exactly these. */
export const exactly = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties: { ...properties },
  required: Object.keys(properties).filter(name => !optional.includes(name)),
  additionalProperties: false,
})

export const TEXT: Schema = { type: 'string', minLength: 1 }
export const NUMBER: Schema = { type: 'number' }
export const INTEGER: Schema = { type: 'integer' }
export const COUNT: Schema = { type: 'integer', minimum: 1 }
export const FLAG: Schema = { type: 'boolean' }
export const SHARE: Schema = { type: 'number', minimum: 0, maximum: 1 }
export const list = (items: Schema, minItems = 0): Schema => ({ type: 'array', items, minItems })
/** Nothing but its data: `null`, or left out. */
export const NO_INPUTS: Schema = { type: 'null' }

export const LABELS: Schema = list({
  type: 'object',
  properties: { label: { type: 'string' }, score: NUMBER },
  required: ['label', 'score'],
})

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `[[…]]` → `[…]`: what some servers give for a batch of one. */
export function single(answer: unknown): unknown {
  return Array.isArray(answer) && answer.length === 1 && Array.isArray(answer[0]) ? (answer[0] as unknown) : answer
}

/** The first of a list, else the thing itself. */
export function first(answer: unknown): unknown {
  return Array.isArray(answer) ? (answer[0] as unknown) : answer
}

/** Reads the text under one of these names, in an object or the only one of a list. */
export const textUnder =
  (...names: readonly string[]) =>
  (answer: unknown): unknown => {
    const found = first(single(answer))
    if (!isRecord(found)) return found
    const name = names.find(one => one in found)
    return name === undefined ? found : found[name]
  }

/** Labels with scores, also from a list of each. */
export function readLabels(answer: unknown): unknown {
  const found = single(answer)
  if (!isRecord(found) || !Array.isArray(found['labels']) || !Array.isArray(found['scores'])) return found
  const scores = found['scores'] as readonly unknown[]
  return found['labels'].map((label: unknown, index) => ({ label, score: scores[index] }))
}
