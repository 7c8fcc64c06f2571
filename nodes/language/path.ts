import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'

/** The steps of a path such as `user.names[0].first` or `["odd key"].x`; empty: the value itself. Undefined where it is none. */
export function parsePath(text: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = []
  const pattern = /(?:^|\.)([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y
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
    if (Array.isArray(at))
      at = at[typeof step === 'number' ? step : /^\d+$/.test(step) ? Number(step) : -1] as Json | undefined
    else if (isObject(at) && Object.hasOwn(at, String(step))) at = at[String(step)]
    else return undefined
  }
  return at
}

/** A copy with another value at a path; objects and lists are made where there is nothing. */
export function withValueAt(value: Json | undefined, [step, ...rest]: readonly (string | number)[], to: Json): Json {
  if (step === undefined) return to
  if (typeof step === 'number' && (Array.isArray(value) || !isObject(value))) {
    const list: Json[] = Array.isArray(value) ? [...(value as readonly Json[])] : []
    while (list.length < step) list.push(null)
    list[step] = withValueAt(list[step], rest, to)
    return list
  }
  const object: JsonObject = isObject(value) ? value : {}
  const key = String(step)
  return { ...object, [key]: withValueAt(Object.hasOwn(object, key) ? object[key] : undefined, rest, to) }
}
