import { splitEnd } from '#graph/check.ts'
import type { Registry } from '#graph/define.ts'
import type { NodeDocument, SpellDocument, Wire } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'

/** An empty document. */
export function emptyDocument(name: string): SpellDocument {
  return {
    format: 'spell/1',
    name,
    description: '',
    nodes: { start: { type: 'flow/start', at: [0, 0] } },
    wires: [],
    state: {},
    notes: [],
  }
}

/** An id that the document does not have, after the type's last word. */
export function newNodeId(document: { readonly nodes: Readonly<Record<string, unknown>> }, type: string): string {
  const base = (type.split('/')[1] ?? 'node').replace(/[^A-Za-z0-9_-]/g, '-')
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}${number}`
    if (!Object.hasOwn(document.nodes, id)) return id
  }
}

export function addNode(document: SpellDocument, id: string, node: NodeDocument): SpellDocument {
  return { ...document, nodes: { ...document.nodes, [id]: node } }
}

export function changeNode(document: SpellDocument, id: string, change: Partial<NodeDocument>): SpellDocument {
  const node = document.nodes[id]
  if (!node) return document
  const next = Object.fromEntries(
    Object.entries({ ...node, ...change }).filter(([, value]) => value !== undefined),
  ) as unknown as NodeDocument
  return { ...document, nodes: { ...document.nodes, [id]: next } }
}

export function setConfig(document: SpellDocument, id: string, field: string, value: Json | undefined): SpellDocument {
  return changeNode(document, id, { config: withField(document.nodes[id]?.config, field, value) })
}

export function setValue(document: SpellDocument, id: string, input: string, value: Json | undefined): SpellDocument {
  return changeNode(document, id, { values: withField(document.nodes[id]?.values, input, value) })
}

function withField(object: JsonObject | undefined, field: string, value: Json | undefined): JsonObject {
  const { [field]: _, ...rest } = object ?? {}
  return value === undefined ? rest : { ...rest, [field]: value }
}

export function moveNodes(
  document: SpellDocument,
  moved: Readonly<Record<string, readonly [number, number]>>,
): SpellDocument {
  const nodes = { ...document.nodes }
  let changed = false
  for (const [id, at] of Object.entries(moved)) {
    const node = nodes[id]
    if (!node || (node.at?.[0] === at[0] && node.at[1] === at[1])) continue
    nodes[id] = { ...node, at }
    changed = true
  }
  return changed ? { ...document, nodes } : document
}

/** Without these nodes and the wires at them. */
export function removeNodes(document: SpellDocument, ids: ReadonlySet<string>): SpellDocument {
  if (ids.size === 0) return document
  const nodes = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => !ids.has(id)))
  const wires = document.wires.filter(([from, to]) => !ids.has(splitEnd(from).node) && !ids.has(splitEnd(to).node))
  return { ...document, nodes, wires }
}

export function removeWires(document: SpellDocument, gone: ReadonlySet<string>): SpellDocument {
  const wires = document.wires.filter(wire => !gone.has(wireId(wire)))
  return wires.length === document.wires.length ? document : { ...document, wires }
}

/** With a wire; a data input that has one already gives it up. */
export function addWire(document: SpellDocument, wire: Wire, isData: boolean): SpellDocument {
  if (document.wires.some(one => wireId(one) === wireId(wire))) return document
  const kept = isData ? document.wires.filter(([, to]) => to !== wire[1]) : document.wires
  return { ...document, wires: [...kept, wire] }
}

/** A wire's name on the canvas. */
export function wireId([from, to]: Wire): string {
  return `${from}→${to}`
}

/** Puts nodes and their wires into a document under new names. Answers the names. */
export function insert(
  document: SpellDocument,
  part: Part,
  by: readonly [number, number],
): { document: SpellDocument; ids: readonly string[] } {
  const names = new Map<string, string>()
  const nodes: Record<string, NodeDocument> = { ...document.nodes }
  for (const [id, node] of Object.entries(part.nodes)) {
    const name = Object.hasOwn(nodes, id) ? newNodeId({ nodes }, `x/${id.replace(/\d+$/, '') || 'node'}`) : id
    names.set(id, name)
    nodes[name] = { ...node, at: [(node.at?.[0] ?? 0) + by[0], (node.at?.[1] ?? 0) + by[1]] }
  }
  const rename = (end: string): string | undefined => {
    const { node, socket } = splitEnd(end)
    const name = names.get(node)
    return name === undefined ? undefined : `${name}.${socket}`
  }
  const wires = part.wires.flatMap(([from, to]): Wire[] => {
    const [start, end] = [rename(from), rename(to)]
    return start && end ? [[start, end]] : []
  })
  return { document: { ...document, nodes, wires: [...document.wires, ...wires] }, ids: [...names.values()] }
}

/** Nodes with the wires between them: what the clipboard holds. */
export interface Part {
  readonly nodes: Readonly<Record<string, NodeDocument>>
  readonly wires: readonly Wire[]
}

export function partOf(document: SpellDocument, ids: ReadonlySet<string>): Part {
  return {
    nodes: Object.fromEntries(Object.entries(document.nodes).filter(([id]) => ids.has(id))),
    wires: document.wires.filter(([from, to]) => ids.has(splitEnd(from).node) && ids.has(splitEnd(to).node)),
  }
}

/** A title for people: the node's own, else its type's. */
export function titleOf(node: NodeDocument, registry: Registry): string {
  return node.title ?? registry.get(node.type)?.title ?? node.type.replace(/^missing\//, '')
}
