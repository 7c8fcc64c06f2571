import { Adapter } from './adapt.ts'
import { assemble } from './assemble.ts'
import type { Built, ConvertedGraph } from './assemble.ts'
import type { FlowEnd } from './flow.ts'
import { Flow, NEVER } from './flow.ts'
import type { LoopPiece } from './loop.ts'
import { loopPiece } from './loop.ts'
import { AS_BOOLEAN } from './logic.ts'
import { missing, NODES } from './nodes.ts'
import type { Loop } from './order.ts'
import { findLoops, orderOf, roundOf } from './order.ts'
import { DISABLED, kindOfPort, textOf } from './piece.ts'
import type { Callee, Making, OutPort, Piece } from './piece.ts'
import type { RivetEdge, RivetGraph, RivetNode } from './project.ts'
import { splitRun } from './split.ts'

/** What the graphs of a project know of each other. */
export interface GraphContext {
  callee(graph: string): Callee | undefined
  model(named: string): { readonly model: string; readonly note: string }
}

/** Turns a graph into nodes and wires. Throws nothing. */
export function convertGraph(graph: RivetGraph, context: GraphContext): ConvertedGraph {
  return new GraphConversion(graph, context).convert()
}

interface Source {
  readonly port: OutPort | undefined
  readonly needs: readonly FlowEnd[]
}

const IF = '$if'

class GraphConversion {
  readonly #graph: RivetGraph
  readonly #context: GraphContext
  readonly #ids = new Map<string, string>()
  readonly #named = new Map<string, number>()
  readonly #built = new Map<string, Built>()
  readonly #remarks: string[] = []
  readonly #unsure = new Set<string>()
  readonly #inputs = new Map<string, string>()
  readonly #loops = new Map<string, LoopPiece>()
  readonly #homes = new Map<string, Loop>()
  readonly #kept = new Map<string, Source>()
  readonly #branches = new Map<string, string>()
  readonly #into: ReadonlyMap<string, readonly RivetEdge[]>
  readonly #from: ReadonlyMap<string, readonly RivetEdge[]>
  readonly #edges: readonly RivetEdge[]
  readonly #order: readonly string[]
  readonly #found: readonly Loop[]
  readonly #flow: Flow
  readonly #adapter: Adapter

  constructor(graph: RivetGraph, context: GraphContext) {
    this.#graph = graph
    this.#context = context
    for (const node of graph.nodes) this.#ids.set(node.id, this.#idOf(node))
    this.#flow = new Flow(['start', 'never', ...this.#ids.values()])
    this.#adapter = new Adapter(this.#flow)
    const edges = this.#readEdges()
    this.#found = findLoops(graph, edges)
    for (const loop of this.#found) for (const id of loop.body) this.#homes.set(id, loop)
    const { order, cycles } = orderOf([...this.#ids.keys()], edges, this.#found)
    for (const edge of cycles)
      this.#remarks.push(
        `the edge ${this.#show(edge)} was left out: it closes a circle without a loop controller, which Rivet never runs`,
      )
    this.#edges = edges.filter(edge => !cycles.has(edge))
    this.#order = order
    this.#into = Map.groupBy(this.#edges, ({ to }) => to)
    this.#from = Map.groupBy(this.#edges, ({ from }) => from)
  }

  convert(): ConvertedGraph {
    const nodes = new Map(this.#graph.nodes.map(node => [node.id, node]))
    const rounds = new Map(this.#found.map(loop => [roundOf(loop.controller), loop]))
    for (const id of this.#order) {
      const node = nodes.get(id)
      const loop = rounds.get(id)
      if (node) this.#build(node)
      else if (loop) this.#endRound(loop)
    }
    return assemble({
      graph: this.#graph,
      built: [...this.#ids.keys()].flatMap(id => this.#built.get(id) ?? []),
      wires: [...this.#adapter.wires, ...this.#flow.wires],
      helpers: this.#flow.helpers,
      remarks: this.#remarks,
      unsure: this.#unsure,
      inputs: this.#inputs,
    })
  }

  #idOf({ id, type }: RivetNode): string {
    const kind =
      type
        .replace(/([a-z])([A-Z])/g, '$1-$2')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 24) || 'node'
    const base = `${kind}-${id.replace(/[^A-Za-z0-9]/g, '').slice(0, 6) || 'x'}`
    const count = (this.#named.get(base) ?? 0) + 1
    this.#named.set(base, count)
    return count === 1 ? base : `${base}-n${count}`
  }

  #show({ from, output, to, input }: RivetEdge): string {
    return `${this.#ids.get(from) ?? from}.${output} → ${this.#ids.get(to) ?? to}.${input}`
  }

  /** Of several edges into one input Rivet takes the first. */
  #readEdges(): RivetEdge[] {
    const seen = new Set<string>()
    return this.#graph.edges.filter(edge => {
      const key = `${edge.to}\n${edge.input}`
      const why = !this.#ids.has(edge.to)
        ? `there is no node "${edge.to}"`
        : seen.has(key)
          ? 'another one leads there'
          : ''
      if (why !== '') this.#remarks.push(`the edge ${this.#show(edge)} was left out: ${why}`)
      seen.add(key)
      return why === ''
    })
  }

  #build(node: RivetNode): void {
    const id = this.#ids.get(node.id) ?? node.id
    const making = this.#makingOf(node, id)
    const loop = this.#found.find(one => one.controller === node.id)
    const piece = node.isDisabled ? DISABLED : loop ? this.#buildLoop(making, loop) : this.#make(making)
    for (const one of Object.keys(piece.nodes)) this.#flow.name(one)
    const edges = (this.#into.get(node.id) ?? []).filter(edge => !loop?.back.includes(edge))
    const outer = loop?.outer.flatMap(edge => this.#needsOf(edge, undefined)) ?? []
    const gate = node.isConditional || edges.some(({ input }) => input === IF) ? this.#gate(node.id, id, edges) : []
    const needs = node.isDisabled ? [NEVER] : [...this.#needsOfInputs(id, piece, edges), ...outer, ...gate]
    const built: Built = { node, id, piece, needs: this.#flow.reduce(needs) }
    this.#built.set(node.id, built)
    if (piece.flow) this.#enter(built, piece.flow)
    for (const edge of edges) if (edge.input !== IF && !node.isDisabled) this.#connect(edge, piece, id)
  }

  #makingOf(node: RivetNode, id: string): Making {
    const edges = this.#into.get(node.id) ?? []
    const kinds = new Map(edges.map(edge => [edge.input, kindOfPort(this.#portOf(edge))] as const))
    const unique = (ports: readonly string[]) => [...new Set(ports)].filter(port => port !== IF)
    return {
      id,
      node,
      graph: this.#graph,
      usedInputs: unique(edges.map(({ input }) => input)),
      usedOutputs: unique((this.#from.get(node.id) ?? []).map(({ output }) => output)),
      kinds,
      inputNamed: name => this.#inputs.get(name),
      callee: this.#context.callee,
      model: this.#context.model,
    }
  }

  #make(making: Making): Piece {
    const { node, id } = making
    const maker = Object.hasOwn(NODES, node.type) ? NODES[node.type] : undefined
    const piece = maker?.(making) ?? missing(making)
    if (node.type === 'graphInput' && Object.hasOwn(piece.nodes, id))
      this.#inputs.set(textOf(node.data, 'id') || 'input', id)
    return node.split && piece.outcome !== 'missing' && making.usedInputs.length > 0
      ? splitRun(making, piece, this.#flow, this.#adapter)
      : piece
  }

  #buildLoop(making: Making, loop: Loop): Piece {
    const made = loopPiece(making, loop)
    this.#loops.set(loop.controller, made)
    this.#flow.define(made.each, [])
    return made.piece
  }

  /** Where values of an edge come from. */
  #portOf(edge: RivetEdge): OutPort | undefined {
    const crossing = this.#homes.get(edge.from)
    const place = crossing?.crossing.indexOf(edge) ?? -1
    const loop = crossing && this.#loops.get(crossing.controller)
    if (loop && place >= 0) return { end: loop.round.carry(place).end }
    const outputs = this.#built.get(edge.from)?.piece.outputs
    return outputs && Object.hasOwn(outputs, edge.output) ? outputs[edge.output] : undefined
  }

  /** What must have fired before the value of an edge counts, as seen from within a loop or from outside of all. */
  #needsOf(edge: RivetEdge, home: Loop | undefined): readonly FlowEnd[] {
    if (home && edge.from !== home.controller && !home.body.has(edge.from)) return []
    const loop = this.#loops.get(edge.from)
    if (loop) return [home?.controller === edge.from ? loop.each : loop.done]
    const crossed = this.#homes.get(edge.from)
    if (crossed && crossed !== home) return [this.#loops.get(crossed.controller)?.done ?? NEVER]
    const built = this.#built.get(edge.from)
    if (!built) return []
    const port = this.#portOf(edge)
    if (port?.never) return [NEVER]
    if (!built.piece.flow || built.needs.includes(NEVER)) return built.needs
    return [port?.when ? this.#branchOf(built, port.when) : built.piece.flow.out]
  }

  /** The side of a branch that a port stands for. */
  #branchOf({ id, piece, needs, node }: Built, { flag, side, isLazy }: NonNullable<OutPort['when']>): FlowEnd {
    const out = piece.flow?.out ?? ''
    if (isLazy && this.#isComplete(node, piece)) return out
    let branch = this.#branches.get(flag)
    if (branch === undefined) {
      branch = this.#flow.add(`${id}-side`, id, { type: 'flow/branch' })
      this.#branches.set(flag, branch)
      this.#flow.wires.push([out, `${branch}.in`], [flag, `${branch}.condition`])
      for (const [one, other] of [
        ['yes', 'no'],
        ['no', 'yes'],
      ] as const)
        this.#flow.define(`${branch}.${one}`, [out, ...needs], { rival: `${branch}.${other}`, base: out })
    }
    return `${branch}.${side}`
  }

  /** Whether all that a node may do without is certain to be there: or, of several that it chooses from, at least one. */
  #isComplete(node: RivetNode, piece: Piece): boolean {
    const optional = (this.#into.get(node.id) ?? []).filter(
      ({ input }) => input !== 'if' && piece.inputs[input]?.mayBeAbsent === true,
    )
    const sure = optional.filter(edge => this.#flow.isSure(this.#needsOf(edge, this.#homes.get(node.id))))
    return node.type === 'coalesce' ? sure.length > 0 : sure.length === optional.length
  }

  #needsOfInputs(id: string, piece: Piece, edges: readonly RivetEdge[]): readonly FlowEnd[] {
    const lists = edges
      .filter(({ input }) => input !== IF)
      .map(edge => ({ needs: this.#sourceOf(edge, piece).needs, port: piece.inputs[edge.input] }))
    if (piece.isRace && lists.length > 0)
      return this.#flow.race(
        lists.map(({ needs }) => needs),
        id,
      )
    return lists.flatMap(({ needs, port }) => (port?.mayBeAbsent && piece.flow ? this.#flow.settled(needs, id) : needs))
  }

  /** Where the value of an edge comes from, and what must have fired before it counts: for a reader that also runs without it, taken down where it ran. */
  #sourceOf(edge: RivetEdge, reader: Piece): Source {
    const home = this.#homes.get(edge.to)
    const isOptional = reader.isRace === true || reader.inputs[edge.input]?.mayBeAbsent === true
    return isOptional
      ? this.#certain(edge, this.#portOf(edge), home)
      : { port: this.#portOf(edge), needs: this.#needsOf(edge, home) }
  }

  /** Of a value that is evaluated when asked, and could be asked for where Rivet would say that it did not run: where it is taken down. */
  #certain(edge: RivetEdge, port: OutPort | undefined, home: Loop | undefined): Source {
    const needs = this.#needsOf(edge, home)
    if (needs.includes(NEVER)) return { port: undefined, needs }
    const built = this.#built.get(edge.from)
    if (!port || !built || built.piece.flow || this.#flow.isSure(needs)) return { port, needs }
    const known = this.#kept.get(port.end)
    if (known) return known
    const { id } = built
    const config = { code: 'return { value: inputs.value, ran: true }', inputs: ['value'], outputs: ['value', 'ran'] }
    const kept = this.#flow.add(`${id}-kept`, id, { type: 'code/javascript', title: 'Keep', config })
    this.#flow.enter(`${kept}.in`, id, needs, this.#beginning(edge.from))
    this.#flow.define(`${kept}.out`, needs)
    this.#flow.wires.push([this.#adapter.value(port, id), `${kept}.value`])
    const kind = port.role === undefined ? port.kind : 'message'
    const made: Source = { port: { end: `${kept}.value`, ...(kind ? { kind } : {}) }, needs: [`${kept}.out`] }
    this.#kept.set(port.end, made)
    return made
  }

  /** A node may be told by its `$if` whether it runs. */
  #gate(node: string, id: string, edges: readonly RivetEdge[]): readonly FlowEnd[] {
    const edge = edges.find(({ input }) => input === IF)
    const { port, needs } = edge
      ? this.#certain(edge, this.#portOf(edge), this.#homes.get(node))
      : { port: undefined, needs: [] }
    if (!port) return [NEVER]
    const code = `${AS_BOOLEAN}\nreturn { result: 'value' in inputs && isTrue(inputs.value), ran: true }`
    const config = { code, inputs: ['value'], outputs: ['result', 'ran'] }
    const test = this.#flow.add(`${id}-if`, id, { type: 'code/javascript', title: 'If', config })
    const branch = this.#flow.add(`${id}-if-branch`, id, { type: 'flow/branch' })
    this.#flow.enter(`${test}.in`, id, this.#flow.settled(needs, id), this.#beginning(node))
    this.#flow.wires.push([`${test}.out`, `${branch}.in`], [`${test}.result`, `${branch}.condition`])
    this.#flow.wires.push([this.#adapter.value(port, id), `${test}.value`])
    for (const [one, other] of [
      ['yes', 'no'],
      ['no', 'yes'],
    ] as const)
      this.#flow.define(`${branch}.${one}`, [], { rival: `${branch}.${other}`, base: `${test}.out` })
    return [`${branch}.yes`]
  }

  #beginning(node: string): FlowEnd {
    const home = this.#homes.get(node)
    return (home && this.#loops.get(home.controller)?.each) ?? 'start.out'
  }

  #enter({ node, id, piece, needs }: Built, flow: NonNullable<Piece['flow']>): void {
    this.#flow.define(flow.out, needs)
    const isInLoop = this.#homes.has(node.id)
    if (piece.isResult && !this.#flow.isSure(needs)) this.#unsure.add(textOf(node.data, 'id') || 'output')
    if (piece.isResult && needs.includes(NEVER)) this.#flow.wires.push(['never.out', flow.in])
    else if (!piece.isResult || needs.length > 0 || isInLoop)
      this.#flow.enter(flow.in, id, needs, this.#beginning(node.id))
  }

  #connect(edge: RivetEdge, piece: Piece, id: string): void {
    const { port, needs } = this.#sourceOf(edge, piece)
    if (!port && needs.includes(NEVER)) return
    const to = Object.hasOwn(piece.inputs, edge.input) ? piece.inputs[edge.input] : undefined
    if (!port || !to) {
      this.#remarks.push(
        `the edge ${this.#show(edge)} was left out: ${to ? `"${this.#ids.get(edge.from)}" has no output "${edge.output}" here` : `"${id}" has no input "${edge.input}" here`}`,
      )
      return
    }
    this.#adapter.connect(port, to)
  }

  /** What the next round begins with, and whether there is one. */
  #endRound(loop: Loop): void {
    const made = this.#loops.get(loop.controller)
    if (!made) return
    const id = this.#ids.get(loop.controller) ?? ''
    const edges = (this.#into.get(loop.controller) ?? []).filter(({ input }) => Object.hasOwn(made.round.inputs, input))
    const wired = new Set(edges.map(({ input }) => input))
    // A value that does not come round is the default's, each time.
    const coming = edges.filter(({ input }) => !input.endsWith('Default') || !wired.has(input.slice(0, -7)))
    const needs: FlowEnd[] = []
    const take = (edge: RivetEdge, to: string) => {
      const { port, needs: own } = this.#certain(edge, this.#portInside(edge), loop)
      if (!port) return
      needs.push(...this.#flow.settled(own, id))
      this.#flow.wires.push([this.#adapter.value(port, id), to])
    }
    for (const edge of coming) take(edge, made.round.inputs[edge.input] ?? '')
    loop.crossing.forEach((edge, index) => take(edge, made.round.carry(index).to))
    this.#flow.enter(made.round.in, id, needs, made.each)
  }

  #portInside(edge: RivetEdge): OutPort | undefined {
    const outputs = this.#built.get(edge.from)?.piece.outputs
    return outputs && Object.hasOwn(outputs, edge.output) ? outputs[edge.output] : undefined
  }
}
