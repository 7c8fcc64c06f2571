// Thoth documents in short, for tests: nodes by number, edges that stand at both ends.
import type { Json, JsonObject } from '#graph/json.ts'

/** A node of a Rete document. */
export interface Foreign {
  readonly name: string
  readonly data?: JsonObject
  readonly position?: Json
}
/** From node and output to node and input. */
export type Edge = readonly [from: number, output: string, to: number, input: string]

/** A socket that a person added. */
export const own = (name: string, key = name): JsonObject => ({
  name,
  socketKey: key,
  taskType: 'output',
  socketType: 'anySocket',
})
/** The same for triggers. */
export const trigger = (name: string, key = name): JsonObject => ({
  name,
  socketKey: key,
  taskType: 'option',
  socketType: 'triggerSocket',
})

export const START: Foreign = { name: 'Module Trigger In', data: { name: 'default', socketKey: 'key-1' } }
export const input = (name: string, data: JsonObject = {}): Foreign => ({
  name: 'Universal Input',
  data: { name, ...data },
})
export const output = (name: string): Foreign => ({ name: 'Output', data: { name } })
/** A Code node: the body of its worker. */
export const code = (body: string, inputs: readonly string[], outputs: readonly string[]): Foreign => ({
  name: 'Code',
  data: {
    code: `\n// a comment\nfunction worker(inputs, data, state) {\n${body}\n}\n`,
    inputs: inputs.map(name => own(name)),
    outputs: outputs.map(name => own(name)),
  },
})

/** A `.thoth` document. */
export function thoth(
  nodes: Readonly<Record<number, Foreign>>,
  edges: readonly Edge[],
  more: JsonObject = {},
): JsonObject {
  const side = (id: string, at: 'from' | 'to') => {
    const sockets = new Map<string, Json[]>()
    for (const [from, output, to, input] of edges) {
      if (String(at === 'from' ? from : to) !== id) continue
      const connection: JsonObject = at === 'from' ? { node: to, input } : { node: from, output }
      const socket = at === 'from' ? output : input
      sockets.set(socket, [...(sockets.get(socket) ?? []), { ...connection, data: { pins: [] } }])
    }
    return Object.fromEntries(Array.from(sockets, ([name, connections]) => [name, { connections }]))
  }
  const chain = Object.fromEntries(
    Object.entries(nodes).map(([id, { name, data = {}, position = [0, Number(id) * 10] }]) => [
      id,
      { id: Number(id), name, data, position, inputs: side(id, 'to'), outputs: side(id, 'from') },
    ]),
  )
  return { id: 'x', name: 'a spell', chain: { id: 'demo@0.1.0', nodes: chain }, modules: [], gameState: {}, ...more }
}
