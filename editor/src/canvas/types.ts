import type { DataType, NodeSockets, Registry } from '#graph/define.ts'
import { splitEnd } from '#graph/check.ts'
import type { NodeDocument, SpellDocument, Wire } from '#graph/document.ts'
import type { Values } from '#graph/json.ts'
import { socketsOf } from '#graph/registry.ts'
import { fitOf } from '#graph/sockets.ts'

/** The colour of a data type. */
export function colourOf(type: DataType): string {
  const outer = type.startsWith('array') ? 'array' : type
  switch (outer) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'object':
    case 'array':
    case 'any':
      return `var(--t-${outer})`
    case 'message':
    case 'event':
    case 'document':
      return 'var(--t-object)'
    case 'embedding':
      return 'var(--t-array)'
    default:
      return 'var(--t-media)'
  }
}

const known = new WeakMap<NodeDocument, NodeSockets>()
const NONE: NodeSockets = { inputs: {}, outputs: {}, flow: { in: [], out: [] } }

/** A node's sockets; derived once for as long as the node stays as it is. */
export function socketsFor(registry: Registry, node: NodeDocument): NodeSockets {
  const found = known.get(node)
  if (found) return found
  const sockets = socketsOf(registry, node) ?? NONE
  known.set(node, sockets)
  return sockets
}

/** Of what a view has as a node's outputs, those that are: a sub-spell's has what it was given as well. */
export function outputsOf(registry: Registry, node: NodeDocument, values: Values): Values {
  const { outputs } = socketsFor(registry, node)
  return Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(outputs, name)))
}

/** What a socket is. */
export type SocketKind = { readonly flow: true } | { readonly flow: false; readonly type: DataType }

export function socketKind(sockets: NodeSockets, side: 'in' | 'out', name: string): SocketKind | undefined {
  if (sockets.flow[side].includes(name)) return { flow: true }
  const socket = side === 'in' ? sockets.inputs[name] : sockets.outputs[name]
  return socket && Object.hasOwn(side === 'in' ? sockets.inputs : sockets.outputs, name)
    ? { flow: false, type: socket.type }
    : undefined
}

/** Why two sockets may not be wired; undefined: they may. */
export function refusal(document: SpellDocument, registry: Registry, from: string, to: string): string | undefined {
  const [source, target] = [splitEnd(from), splitEnd(to)]
  const [start, end] = [document.nodes[source.node], document.nodes[target.node]]
  if (!start || !end) return 'there is no such node'
  if (source.node === target.node) return 'a node cannot feed itself: put something in between'
  const [out, into] = [
    socketKind(socketsFor(registry, start), 'out', source.socket),
    socketKind(socketsFor(registry, end), 'in', target.socket),
  ]
  if (!out || !into) return 'there is no such socket'
  if (out.flow !== into.flow)
    return out.flow
      ? `“${source.socket}” is flow: it goes into an arrow, not into a value`
      : `“${source.socket}” is a value: it goes into a circle, not into an arrow`
  if (!out.flow && !into.flow && !fitOf(out.type, into.type)) return `${out.type} does not fit ${into.type}`
  return undefined
}

/** Whether a wire carries data. */
export function isDataWire(document: SpellDocument, registry: Registry, [from]: Wire): boolean {
  const { node, socket } = splitEnd(from)
  const start = document.nodes[node]
  return start ? socketKind(socketsFor(registry, start), 'out', socket)?.flow === false : true
}
