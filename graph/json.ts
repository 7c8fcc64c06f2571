/** A JSON value. What travels on data wires, in configs, in journals. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A JSON object: values by name. `undefined` stands for a name that is not there. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** Values by socket name. Presence counts, not truthiness: `''`, `0`, `false` and `null` are values. */
export type Values = Record<string, Json>

/** Whether this is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
