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

export function socketKind(sockets: NodeSockets, side: 'in' | 'out', handle: string): SocketKind | undefined {
  const name = socketOf(handle)
  if (handle === name && sockets.flow[side].includes(name)) return { flow: true }
  const values = side === 'in' ? sockets.inputs : sockets.outputs
  const socket = Object.hasOwn(values, name) ? values[name] : undefined
  return socket && { flow: false, type: socket.type }
}

const VALUE = '\u0001'

/** What a socket's handle is called: where flow and a value go by one name, that of the value is marked. */
export function handleFor(sockets: NodeSockets, side: 'in' | 'out', name: string, flow: boolean): string {
  return !flow && sockets.flow[side].includes(name) ? name + VALUE : name
}

/** The socket that a handle belongs to. */
export function socketOf(handle: string): string {
  return handle.endsWith(VALUE) ? handle.slice(0, -1) : handle
}

/** The handles that a wire goes between: of two that go by one name, the one that fits the other end. */
export function handlesOf(
  out: NodeSockets | undefined,
  into: NodeSockets | undefined,
  from: string,
  to: string,
): readonly [from: string, to: string] {
  const both = (sockets: NodeSockets | undefined, side: 'in' | 'out', name: string) =>
    [name, name + VALUE].filter(handle => sockets && socketKind(sockets, side, handle) !== undefined)
  for (const a of both(out, 'out', from))
    for (const b of both(into, 'in', to)) {
      const [start, end] = [out && socketKind(out, 'out', a), into && socketKind(into, 'in', b)]
      if (start && end && start.flow === end.flow)
        return [
          out ? handleFor(out, 'out', socketOf(a), start.flow) : from,
          into ? handleFor(into, 'in', socketOf(b), end.flow) : to,
        ]
    }
  return [from, to]
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
      ? `“${socketOf(source.socket)}” is flow: it goes into an arrow, not into a value`
      : `“${socketOf(source.socket)}” is a value: it goes into a circle, not into an arrow`
  if (!out.flow && !into.flow && !fitOf(out.type, into.type)) return `${out.type} does not fit ${into.type}`
  return undefined
}

/** Whether a wire carries data. */
export function isDataWire(document: SpellDocument, registry: Registry, [from, to]: Wire): boolean {
  const [source, target] = [splitEnd(from), splitEnd(to)]
  const [start, end] = [document.nodes[source.node], document.nodes[target.node]]
  if (!start) return true
  const sockets = socketsFor(registry, start)
  const [handle] = handlesOf(sockets, end && socketsFor(registry, end), source.socket, target.socket)
  return socketKind(sockets, 'out', handle)?.flow === false
}
