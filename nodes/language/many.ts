import type { DataType, Schema, Socket } from '#graph/define.ts'

/** The config of nodes with a number of like inputs. */
export const COUNT = { type: 'integer', title: 'Inputs', minimum: 1, maximum: 26, default: 2 } as const satisfies Schema

/** The texts of a list in a config, which may be anything: sockets are derived before the config is checked. */
export function textsIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter(one => typeof one === 'string') : []
}

/** Inputs a, b, c … */
export function letters(count: unknown, type: DataType, required: boolean): Record<string, Socket> {
  return Object.fromEntries(namesOf(count).map(name => [name, { type, ...(required ? { required } : {}) }]))
}

/** Their names, in order; none for a count that is no number, as a config may hold before it is checked. */
export function namesOf(count: unknown): string[] {
  const length = typeof count === 'number' ? Math.min(26, Math.max(1, count)) : 0
  return Array.from({ length }, (_, index) => String.fromCharCode(97 + index))
}
