import type { Problem } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { ImportError } from '../importer.ts'

/** A Rete 0.1 graph as Thoth and its successor saved it. */
export interface Chain {
  readonly name: string
  readonly nodes: readonly ReteNode[]
  readonly edges: readonly ReteEdge[]
  readonly state: JsonObject
  /** What was odd. */
  readonly notes: readonly string[]
}

export interface ReteNode {
  /** A small whole number, as text. */
  readonly id: string
  readonly component: string
  readonly data: JsonObject
  readonly at: readonly [number, number] | undefined
}

/** From an output socket to an input socket. */
export interface ReteEdge {
  readonly from: string
  readonly output: string
  readonly to: string
  readonly input: string
}

/** Whether this could be such a document: a `chain` (2022) or a `graph` (2023) with Rete nodes. */
export function isChain(document: unknown): boolean {
  const nodes = nodesOf(document)
  return (
    nodes !== undefined &&
    Object.values(nodes).every(node => isObject(node) && typeof node['name'] === 'string' && isObject(node['data']))
  )
}

/** Reads nodes and edges. Throws an {@link ImportError} with everything that is not of the format. */
export function readChain(document: unknown): Chain {
  if (!isObject(document)) throw new ImportError([{ path: '', message: 'expected an object' }])
  const nodes = nodesOf(document)
  if (!nodes) throw new ImportError([{ path: 'chain.nodes', message: 'expected an object with the nodes by number' }])
  const problems: Problem[] = []
  const notes: string[] = []
  const under = isObject(document['chain']) ? 'chain.nodes' : 'graph.nodes'
  const read = Object.entries(nodes).map(([key, node]) => readNode(key, node, `${under}.${key}`, problems))
  const keys = Object.keys(nodes)
  const seen = new Map<string, string>()
  read.forEach(({ id }, index) => {
    const key = keys[index] ?? id
    const before = seen.get(id)
    if (before !== undefined) problems.push({ path: `${under}.${key}`, message: `is the same number as "${before}"` })
    seen.set(id, key)
  })
  const edges = Object.entries(nodes).flatMap(([key, node]) => readEdges(key, node, `${under}.${key}`, problems))
  const state = readState(document['gameState'] ?? document['state'], problems)
  const name = typeof document['name'] === 'string' ? document['name'] : ''
  if (problems.length > 0) throw new ImportError(problems)
  return { name, nodes: read, edges: unite(edges, new Set(read.map(({ id }) => id)), notes), state, notes }
}

function nodesOf(document: unknown): JsonObject | undefined {
  if (!isObject(document)) return undefined
  for (const key of ['chain', 'graph']) {
    const graph = document[key]
    if (isObject(graph) && isObject(graph['nodes'])) return graph['nodes']
  }
  return undefined
}

function readNode(key: string, node: Json | undefined, path: string, problems: Problem[]): ReteNode {
  const id = toId(key)
  if (id === undefined) problems.push({ path, message: `expected a whole number as the node's key, got "${key}"` })
  if (!isObject(node)) {
    problems.push({ path, message: 'expected an object' })
    return { id: key, component: '', data: {}, at: undefined }
  }
  const { name, data = {}, position } = node
  if (typeof name !== 'string' || name === '')
    problems.push({ path: `${path}.name`, message: 'expected the name of a component' })
  if (!isObject(data)) problems.push({ path: `${path}.data`, message: 'expected an object' })
  return {
    id: id ?? key,
    component: typeof name === 'string' ? name : '',
    data: isObject(data) ? data : {},
    at: readPoint(position),
  }
}

/** Node numbers are keys, so always text there; at the ends of edges they are numbers or text. */
function toId(value: Json | undefined): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? String(Number(text)) : undefined
}

/** A place that cannot be read is no reason to refuse a spell. */
function readPoint(value: Json | undefined): readonly [number, number] | undefined {
  if (!Array.isArray(value)) return undefined
  const [x, y] = value.map(one => (one === null || one === '' ? Number.NaN : Number(one)))
  return x !== undefined && y !== undefined && Number.isFinite(x) && Number.isFinite(y) ? [x, y] : undefined
}

function readState(value: Json | undefined, problems: Problem[]): JsonObject {
  if (value === undefined || value === null) return {}
  if (isObject(value)) return value
  problems.push({ path: 'gameState', message: 'expected an object' })
  return {}
}

interface SeenEdge extends ReteEdge {
  readonly end: 'source' | 'target'
}

/** The edges that a node tells of: those at its outputs and those at its inputs. */
function readEdges(key: string, node: Json | undefined, path: string, problems: Problem[]): SeenEdge[] {
  if (!isObject(node)) return []
  const id = toId(key) ?? key
  const outgoing = readSide(node['outputs'], `${path}.outputs`, 'input', problems)
  const incoming = readSide(node['inputs'], `${path}.inputs`, 'output', problems)
  return [
    ...outgoing.map(({ socket, node: to, other }) => ({
      from: id,
      output: socket,
      to,
      input: other,
      end: 'source' as const,
    })),
    ...incoming.map(({ socket, node: from, other }) => ({
      from,
      output: other,
      to: id,
      input: socket,
      end: 'target' as const,
    })),
  ]
}

function readSide(
  sockets: Json | undefined,
  path: string,
  otherKey: string,
  problems: Problem[],
): { socket: string; node: string; other: string }[] {
  if (sockets === undefined || sockets === null) return []
  if (!isObject(sockets)) {
    problems.push({ path, message: 'expected an object with the sockets by name' })
    return []
  }
  return Object.entries(sockets).flatMap(([socket, value]) => {
    const connections = isObject(value) ? (value['connections'] ?? []) : undefined
    if (!Array.isArray(connections)) {
      problems.push({ path: `${path}.${socket}.connections`, message: 'expected a list' })
      return []
    }
    return connections.flatMap((connection: Json, index) => {
      const node = isObject(connection) ? toId(connection['node']) : undefined
      const other = isObject(connection) ? connection[otherKey] : undefined
      if (node !== undefined && typeof other === 'string') return [{ socket, node, other }]
      problems.push({
        path: `${path}.${socket}.connections[${index}]`,
        message: `expected {node, ${otherKey}}: a number and a socket's name`,
      })
      return []
    })
  })
}

/** Every edge once, in the order in which targets tell them. An edge that one end does not know of is kept, and told. */
function unite(seen: readonly SeenEdge[], known: ReadonlySet<string>, notes: string[]): ReteEdge[] {
  const edges = new Map<string, { edge: ReteEdge; ends: Set<string> }>()
  for (const { end, ...edge } of [
    ...seen.filter(one => one.end === 'target'),
    ...seen.filter(one => one.end === 'source'),
  ]) {
    const key = JSON.stringify([edge.from, edge.output, edge.to, edge.input])
    const found = edges.get(key)
    if (found) found.ends.add(end)
    else edges.set(key, { edge, ends: new Set([end]) })
  }
  const kept: ReteEdge[] = []
  for (const { edge, ends } of edges.values()) {
    const shown = `${edge.from}.${edge.output} → ${edge.to}.${edge.input}`
    const absent = [edge.from, edge.to].filter(id => !known.has(id))
    if (absent.length > 0)
      notes.push(`the edge ${shown} was left out: there is no node ${absent.join(' and no node ')}`)
    else {
      kept.push(edge)
      if (ends.size < 2) notes.push(`the edge ${shown} stood only at its ${[...ends][0]}; it was taken as drawn`)
    }
  }
  return kept
}
