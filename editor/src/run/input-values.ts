import type { Json, JsonObject } from '#graph/json.ts'
import type { SpellInput } from '#graph/interface.ts'
import { toType } from '#graph/sockets.ts'

/** What a form field shows for a value. */
export function toField(value: Json | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** The inputs that fields stand for; or what is wrong, by input. An empty field stands for the default. */
export function fromFields(
  inputs: readonly SpellInput[],
  fields: Readonly<Record<string, string>>,
): { values: JsonObject; problems?: undefined } | { problems: Record<string, string>; values?: undefined } {
  const values: Record<string, Json> = {}
  const problems: Record<string, string> = {}
  for (const input of inputs) {
    const field = fields[input.name] ?? ''
    if (field === '' && !(input.required && input.type === 'string')) {
      if (input.required) problems[input.name] = `expected ${input.type}`
      continue
    }
    const value = fromField(field, input)
    if (value === undefined) problems[input.name] = `expected ${input.type}`
    else values[input.name] = value
  }
  return Object.keys(problems).length > 0 ? { problems } : { values }
}

function fromField(field: string, { type }: SpellInput): Json | undefined {
  if (type === 'string') return field
  try {
    return toType(JSON.parse(field) as Json, type)
  } catch {
    return toType(field, type)
  }
}
