import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Slot } from './importer.ts'

const MOST_SLOTS = 500

/** A copy of JSON with another value at a path; the way there must exist, but for its last step. */
export function withAt(value: Json, [step, ...rest]: readonly (string | number)[], to: Json): Json {
  if (step === undefined) return to
  if (Array.isArray(value)) return value.map((one: Json, index) => (index === step ? withAt(one, rest, to) : one))
  if (!isObject(value)) return value
  return { ...value, [step]: withAt(value[step] ?? null, rest, to) }
}

export function valueAt(value: Json, path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((at, step) => {
    if (Array.isArray(at)) return at[Number(step)] as Json | undefined
    return isObject(at) && Object.hasOwn(at, String(step)) ? at[String(step)] : undefined
  }, value)
}

/** The values of an object that lies at a path of a document, single ones at any depth; and keys that it could have, but has not. */
export function slotsAt(document: Json, path: readonly string[], keys: readonly string[]): readonly Slot[] {
  const start = valueAt(document, path)
  const slots: Slot[] = []
  const add = (at: readonly (string | number)[], value: Json | undefined) =>
    slots.push({ value, put: to => withAt(document, at, to) })
  const open: { at: readonly (string | number)[]; value: Json }[] =
    start === undefined ? [] : [{ at: path, value: start }]
  for (let next = open.shift(); next && slots.length < MOST_SLOTS; next = open.shift()) {
    const { at, value } = next
    if (Array.isArray(value)) {
      add(at, value)
      value.forEach((one: Json, index) => open.push({ at: [...at, index], value: one }))
    } else if (isObject(value))
      for (const [key, one] of Object.entries(value)) open.push({ at: [...at, key], value: one })
    else add(at, value)
  }
  const known: JsonObject = isObject(start) ? start : {}
  for (const key of keys) if (!Object.hasOwn(known, key)) add([...path, key], undefined)
  return slots
}
