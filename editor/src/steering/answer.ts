import type { Problem } from '#graph/document.ts'
import type { Schema } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { checkSchema, withDefaults } from '#graph/schema.ts'

/** Whether a form is drawn field by field; else its answer is one value. */
export function hasFields(form: Schema): boolean {
  return form.properties !== undefined && Object.keys(form.properties).length > 0
}

/** What a form begins with. */
export function firstAnswer(form: Schema): Json | undefined {
  if (hasFields(form)) return withDefaults({}, form)
  return form.default
}

/** What the answer says, as it is sent: fields that were emptied are not there. */
export function toAnswer(form: Schema, value: Json | undefined): Json {
  if (!hasFields(form) || !isObject(value)) return value ?? null
  return Object.fromEntries(
    Object.entries(value).filter(([name, one]) => one !== '' || form.required?.includes(name) === true),
  )
}

/** What is wrong with an answer, by field; the empty name stands for the whole. */
export function problemsOf(form: Schema, value: Json): Readonly<Record<string, string>> {
  const filled: Json = isObject(value) ? withDefaults(value, form) : value
  return byField(checkSchema(filled, form, 'value'), form)
}

/** Problems as a server told them, by field: `value.who`, `value.list[2]`. */
export function byField(
  problems: readonly Pick<Problem, 'path' | 'message'>[],
  form: Schema,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { path, message } of problems) {
    const name = Object.keys(form.properties ?? {})
      .filter(one => path === `value.${one}` || path.startsWith(`value.${one}.`) || path.startsWith(`value.${one}[`))
      .toSorted((a, b) => b.length - a.length)[0]
    const key = name ?? ''
    found[key] = found[key] === undefined ? message : `${found[key]}; ${message}`
  }
  return found
}

/** Outputs as somebody wrote them; undefined: that is no JSON object. */
export function toOutputs(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The field that a form is a decision about: the only one that must be filled in, and yes or no. */
export function decisionOf(form: Schema): string | undefined {
  const [name, ...more] = form.required ?? []
  const schema = name === undefined ? undefined : form.properties?.[name]
  return schema?.type === 'boolean' && schema.default === undefined && more.length === 0 ? name : undefined
}
