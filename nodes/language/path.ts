import { NodeFailure } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'

/** The steps of a path such as `user.names[0].first` or `["odd key"].x`; empty: the value itself. Undefined where it is none. */
export function parsePath(text: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = []
  const pattern = /(?:^|\.)([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")\]/uy
  let at = 0
  while (at < text.length) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) return undefined
    const [whole, name, index, quoted] = found
    if (name !== undefined) steps.push(name)
    else if (index !== undefined) steps.push(Number(index))
    else steps.push(JSON.parse(quoted ?? '""') as string)
    at += whole.length
  }
  return steps
}

/** What is wrong with a path of a config. */
export function problemsOfPath({ path }: { readonly path: string }): { path: string; message: string }[] {
  const steps = parsePath(path)
  if (!steps) return [{ path: 'path', message: `"${path}" is not a path such as user.names[0]` }]
  return steps.includes('__proto__') ? [{ path: 'path', message: 'must not contain __proto__' }] : []
}

/** The value at a path; undefined: there is nothing. */
export function valueAt(value: Json, steps: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = value
  for (const step of steps) {
    if (Array.isArray(at)) at = at[indexOf(step) ?? -1] as Json | undefined
    else if (isObject(at) && Object.hasOwn(at, String(step))) at = at[String(step)]
    else return undefined
  }
  return at
}

const MOST_INDEX = 100_000

/** The index that a step can stand for in a list. */
function indexOf(step: string | number): number | undefined {
  return typeof step === 'number' ? step : /^\d+$/.test(step) ? Number(step) : undefined
}

/** A copy with another value at a path; objects and lists are made where there is nothing. Throws `TOO_LONG`. */
export function withValueAt(value: Json | undefined, [step, ...rest]: readonly (string | number)[], to: Json): Json {
  if (step === undefined) return to
  const index = Array.isArray(value) || typeof step === 'number' ? indexOf(step) : undefined
  if (index !== undefined && !isObject(value)) {
    if (index > MOST_INDEX)
      throw new NodeFailure('TOO_LONG', `a list of more than ${MOST_INDEX} items`, { retry: false })
    const list: Json[] = Array.isArray(value) ? [...(value as readonly Json[])] : []
    while (list.length < index) list.push(null)
    list[index] = withValueAt(list[index], rest, to)
    return list
  }
  const object: JsonObject = isObject(value) ? value : {}
  const key = String(step)
  return { ...object, [key]: withValueAt(Object.hasOwn(object, key) ? object[key] : undefined, rest, to) }
}
