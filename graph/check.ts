import type { NodeSockets, NodeType, Registry } from './define.ts'
import type { NodeDocument, Problem, SpellDocument } from './document.ts'
import { MISSING, socketsOfType } from './registry.ts'
import { checkSchema, show, withDefaults } from './schema.ts'
import { fitOf, toType } from './sockets.ts'

/** A wire end: node and socket. The socket is everything after the first dot. */
export function splitEnd(end: string): { node: string; socket: string } {
  const dot = end.indexOf('.')
  return { node: end.slice(0, dot), socket: end.slice(dot + 1) }
}

/** What keeps a well-formed document from running: unknown types, wrong configs, bad wires, cycles through pure nodes. All of it. */
export function checkDocument(document: SpellDocument, registry: Registry): Problem[] {
  const problems: Problem[] = []
  const sockets = new Map<string, NodeSockets>()
  for (const [id, node] of Object.entries(document.nodes)) {
    const type = registry.get(node.type)
    if (type) {
      sockets.set(id, socketsOfType(type, node.config))
      checkNode(id, node, type, sockets, problems)
    } else if (!node.type.startsWith(MISSING)) {
      problems.push({
        path: `nodes.${id}.type`,
        message: `no node type "${node.type}"${suggestion(node.type, registry)}`,
        node: id,
      })
    }
  }
  document.wires.forEach(([from, to], index) => {
    for (const message of checkWire(from, to, document, sockets))
      problems.push({ path: `wires[${index}]`, message, node: splitEnd(to).node })
  })
  checkCycles(document, registry, problems)
  return problems
}

function suggestion(type: string, registry: Registry): string {
  const [group = '', name = type] = type.split('/')
  const near = [...registry.keys()].filter(known => known.endsWith(`/${name}`) || known.startsWith(`${group}/`))
  return near.length > 0 ? `; known are ${near.slice(0, 12).join(', ')}` : ''
}

function checkNode(
  id: string,
  node: NodeDocument,
  type: NodeType,
  sockets: ReadonlyMap<string, NodeSockets>,
  problems: Problem[],
): void {
  const at = `nodes.${id}`
  if ((node.version ?? 1) > (type.version ?? 1)) {
    problems.push({
      path: `${at}.version`,
      message: `made for version ${node.version} of ${node.type}; known is ${type.version ?? 1}`,
      node: id,
    })
  }
  const config = node.config ?? {}
  const wrong = checkSchema(config, type.config ?? { type: 'object' }, `${at}.config`)
  for (const problem of wrong) problems.push({ ...problem, node: id })
  if (wrong.length === 0 && type.check) {
    for (const { path, message } of type.check(withDefaults(config, type.config)))
      problems.push({ path: `${at}.config.${path}`, message, node: id })
  }
  const inputs = sockets.get(id)?.inputs ?? {}
  for (const [name, value] of Object.entries(node.values ?? {})) {
    const socket = Object.hasOwn(inputs, name) ? inputs[name] : undefined
    if (!socket)
      problems.push({
        path: `${at}.values.${name}`,
        message: `is not an input of this node; it has ${Object.keys(inputs).join(', ') || 'none'}`,
        node: id,
      })
    else if (toType(value, socket.type) === undefined)
      problems.push({ path: `${at}.values.${name}`, message: `expected ${socket.type}, got ${show(value)}`, node: id })
  }
}

/** Why a wire cannot be; empty where it can. Wires at nodes of unknown types are left alone: those nodes cannot run anyway. */
function checkWire(
  from: string,
  to: string,
  document: SpellDocument,
  sockets: ReadonlyMap<string, NodeSockets>,
): string[] {
  const [source, target] = [splitEnd(from), splitEnd(to)]
  const absent = [source.node, target.node].filter(id => !Object.hasOwn(document.nodes, id))
  if (absent.length > 0) return absent.map(id => `there is no node "${id}"`)
  const [outs, ins] = [sockets.get(source.node), sockets.get(target.node)]
  const flowOut = outs?.flow.out.includes(source.socket) ?? true
  const dataOut = outs ? Object.hasOwn(outs.outputs, source.socket) : true
  const flowIn = ins?.flow.in.includes(target.socket) ?? true
  const dataIn = ins ? Object.hasOwn(ins.inputs, target.socket) : true
  const messages: string[] = []
  if (outs && !flowOut && !dataOut)
    messages.push(`"${source.node}" has no output "${source.socket}"; it has ${names(outs.flow.out, outs.outputs)}`)
  if (ins && !flowIn && !dataIn)
    messages.push(`"${target.node}" has no input "${target.socket}"; it has ${names(ins.flow.in, ins.inputs)}`)
  if (messages.length > 0 || !outs || !ins) return messages
  if (flowOut && flowIn) return []
  if (!dataOut || !dataIn)
    return [`a ${flowOut ? 'flow' : 'data'} output cannot go into a ${flowIn ? 'flow' : 'data'} input`]
  const [fromType, toType_] = [outs.outputs[source.socket]?.type ?? 'any', ins.inputs[target.socket]?.type ?? 'any']
  return fitOf(fromType, toType_) ? [] : [`${fromType} does not fit ${toType_}`]
}

function names(flow: readonly string[], data: object): string {
  return [...flow, ...Object.keys(data)].join(', ') || 'none'
}

function checkCycles(document: SpellDocument, registry: Registry, problems: Problem[]): void {
  const isPure = (id: string) => {
    const node = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined
    const type = node && registry.get(node.type)
    return type?.kind === 'pure' && type.role === undefined
  }
  const producers = new Map<string, string[]>()
  for (const [from, to] of document.wires) {
    const [source, target] = [splitEnd(from).node, splitEnd(to).node]
    if (!isPure(source) || !isPure(target)) continue
    const known = producers.get(target)
    if (known) known.push(source)
    else producers.set(target, [source])
  }
  const finished = new Set<string>()
  for (const start of producers.keys()) {
    const cycle = findCycle(start, producers, finished)
    if (cycle)
      problems.push({
        path: `nodes.${cycle[0]}`,
        message: `a cycle through pure nodes: ${[...cycle, cycle[0]].join(' → ')}`,
        ...(cycle[0] ? { node: cycle[0] } : {}),
      })
  }
}

/** Depth-first without recursion: a document may be a chain of 100,000. */
function findCycle(
  start: string,
  producers: ReadonlyMap<string, readonly string[]>,
  finished: Set<string>,
): string[] | undefined {
  if (finished.has(start)) return undefined
  const path: { node: string; next: number }[] = [{ node: start, next: 0 }]
  const open = new Set([start])
  let cycle: string[] | undefined
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const source = producers.get(top.node)?.[top.next++]
    if (source === undefined) {
      finished.add(top.node)
      open.delete(top.node)
      path.pop()
    } else if (open.has(source))
      cycle ??= path
        .slice(path.findIndex(one => one.node === source))
        .map(one => one.node)
        .reverse()
    else if (!finished.has(source)) {
      open.add(source)
      path.push({ node: source, next: 0 })
    }
  }
  return cycle
}
