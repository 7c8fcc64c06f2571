import type { DataType, Schema, Socket } from '#graph/define.ts'

/** The config of nodes with a number of like inputs. */
export const COUNT = { type: 'integer', title: 'Inputs', minimum: 1, maximum: 26, default: 2 } as const satisfies Schema

/** The texts of a list in a config, which may be anything: sockets are derived before the config is checked. */
export function textsIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter(one => typeof one === 'string') : []
}

/** Inputs a, b, c … */
export function letters(count: number, type: DataType, required: boolean): Record<string, Socket> {
  return Object.fromEntries(namesOf(count).map(name => [name, { type, ...(required ? { required } : {}) }]))
}

/** Their names, in order. */
export function namesOf(count: number): string[] {
  return Array.from({ length: Math.min(26, Math.max(1, count)) }, (_, index) => String.fromCharCode(97 + index))
}
