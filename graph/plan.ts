import type { Effect, NodeKind, NodeType, Registry, Socket } from './define.ts'
import { checkDocument, splitEnd } from './check.ts'
import type { Problem, RetryPolicy, SpellDocument } from './document.ts'
import type { Hash } from './hash.ts'
import { hashString } from './hash.ts'
import type { SpellInterface } from './interface.ts'
import { interfaceOf } from './interface.ts'
import type { Json, JsonObject, Values } from './json.ts'
import { effectOf, MISSING, socketsOfType } from './registry.ts'
import { withDefaults } from './schema.ts'
import { fitOf, toType } from './sockets.ts'

/** A document made ready to run: immutable, shared by all its runs. */
export interface Plan {
  readonly document: SpellDocument
  readonly interface: SpellInterface
  /** In document order; `index` is the position. */
  readonly nodes: readonly PlanNode[]
  /** Activated at the start of a run. */
  readonly starts: readonly PlanNode[]
  /** Activated too, of a run itself: it is played, and stays open as long as one of them does. */
  readonly sources: readonly PlanNode[]
  /** `flow/output` nodes that no flow wire reaches: read when all else is done. */
  readonly lateOutputs: readonly PlanNode[]
  /** `flow/input` nodes. */
  readonly inputs: readonly PlanNode[]
  readonly hasPure: boolean
  /** All nodes, each at its own index. */
  readonly region: Region
}

/** One node of a plan. */
export interface PlanNode {
  readonly index: number
  readonly id: string
  readonly hash: Hash
  readonly type: NodeType
  readonly kind: NodeKind
  readonly effect: Effect
  readonly config: JsonObject
  /** Whether `run` declares more than its inputs: then it is given a context. */
  readonly wantsContext: boolean
  readonly retry: RetryPolicy | undefined
  /** Whether results are kept between runs and used again. */
  readonly reuses: boolean
  /** Of a source: whether it is fed from outside. */
  readonly listens: boolean
  readonly inputs: InputSet
  /** Of a scope node: read in each child scope before its body, and after it. */
  readonly before: InputSet
  readonly after: InputSet
  /** Wires by flow output. */
  readonly wires: ReadonlyMap<string, readonly FlowWire[]>
  /** What fires when a result names nothing: of an end, of an emission. One pulse at most. */
  readonly endPulses: readonly string[]
  /** The wires that {@link endPulses} fire. */
  readonly endWires: readonly FlowWire[]
  readonly emitPulses: readonly string[]
  /** Of a join: whether the first arrival of a round fires it, instead of the last. */
  readonly waitsForAny: boolean
  /** Of a join: how many wires come in. */
  readonly incoming: number
  /** Of a scope node: what may be activated inside. */
  readonly body: Region | undefined
  /** Of a sub-spell. */
  readonly inner: Plan | undefined
  /** Of `flow/input`, `flow/output`, `flow/start`, `flow/exit`: the name at the spell's border. */
  readonly name: string
}

/** A flow wire, as its source sees it. */
export interface FlowWire {
  readonly target: PlanNode
  readonly socket: string
  readonly hash: Hash
  /** 0, 1, 2 … among the wires into the target. */
  readonly position: number
}

/** Data inputs that are read together. */
export interface InputSet {
  readonly inputs: readonly PlanInput[]
  /** Pure nodes to evaluate beforehand, producers first. Worked out when first needed. */
  pures: readonly PlanNode[] | undefined
}
/** One data input. */
export interface PlanInput {
  readonly name: string
  readonly socket: Socket
  /** The node's literal, else the socket's default. */
  readonly fallback: Json | undefined
  readonly sources: readonly PlanSource[]
}
/** A data wire, as its target sees it. */
export interface PlanSource {
  readonly node: PlanNode
  readonly socket: string
  /** Whether the value must be converted or checked on arrival. */
  readonly convert: boolean
}

/** The nodes that can be active in one kind of scope, each with a place for its latest outputs. */
export interface Region {
  readonly size: number
  /** All nodes, each at its own index. */
  readonly isWhole: boolean
  /** The node's place, or -1. */
  place(index: number): number
}

/** Why a document cannot be run: all of it. */
export class PlanError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('; '))
    this.problems = problems
  }
}

/** What compiling may need to know beside the document. */
export interface CompileOptions {
  /** Finds the document of a sub-spell by what `config.spell` and `config.revision` say. */
  library?(reference: string, revision: number | undefined): SpellDocument | undefined
}

// Shared, and lists no longer than what they hold: a plan of many nodes is walked through memory in each of its runs.
const NO_INPUTS: InputSet = Object.freeze({ inputs: Object.freeze([]), pures: Object.freeze([]) }) as InputSet
const NO_WIRES: ReadonlyMap<string, readonly FlowWire[]> = new Map()
const NO_FLOW: readonly FlowWire[] = Object.freeze([])
const NO_PULSE: readonly string[] = Object.freeze([])

type Draft<T> = { -readonly [K in keyof T]: T[K] }

/** Makes a document ready to run. Throws {@link PlanError} with every problem; those of sub-spells carry the path to them. */
export function compile(document: SpellDocument, registry: Registry, options: CompileOptions = {}): Plan {
  const problems: Problem[] = []
  const plan = compileInto(document, registry, options, new Map(), '', problems)
  if (problems.length > 0) throw new PlanError(problems)
  return plan
}

function compileInto(
  document: SpellDocument,
  registry: Registry,
  options: CompileOptions,
  known: Map<SpellDocument, Plan>,
  path: string,
  problems: Problem[],
): Plan {
  const found = checkDocument(document, registry)
  for (const [id, { type }] of Object.entries(document.nodes)) {
    if (type.startsWith(MISSING) && !registry.has(type))
      found.push({
        path: `nodes.${id}.type`,
        message: `"${type.slice(MISSING.length)}" has no counterpart here: replace or remove the node`,
        node: id,
      })
  }
  for (const problem of found) problems.push({ ...problem, path: path + problem.path })
  const nodes: Draft<PlanNode>[] = []
  const plan: Draft<Plan> = {
    document,
    interface: interfaceOf(document),
    nodes,
    starts: [],
    sources: [],
    lateOutputs: [],
    inputs: [],
    hasPure: false,
    region: wholeRegion(0),
  }
  known.set(document, plan)
  if (found.length > 0) return plan
  const byId = new Map<string, Draft<PlanNode>>()
  for (const id of Object.keys(document.nodes)) {
    const node = createNode(document, id, nodes.length, registry)
    if (node) byId.set(id, node) && nodes.push(node)
  }
  plan.region = wholeRegion(nodes.length)
  connect(document, byId)
  for (const node of nodes) {
    if (node.type.role === 'sub-spell') node.inner = compileInner(node, registry, options, known, path, problems)
    else if (node.kind === 'scope') node.body = bodyOf(node, nodes.length)
  }
  const starts = nodes.filter(node => node.type.role === 'start')
  const main = starts.filter(node => node.name === 'in')
  plan.starts = main.length > 0 ? main : starts.slice(0, 1)
  plan.sources = nodes.filter(node => node.kind === 'source' && node.type.role === undefined)
  plan.inputs = nodes.filter(node => node.type.role === 'input')
  plan.hasPure = nodes.some(node => node.kind === 'pure' && node.type.role === undefined)
  plan.lateOutputs = nodes.filter(node => node.type.role === 'output' && node.incoming === 0)
  return plan
}

function createNode(
  document: SpellDocument,
  id: string,
  index: number,
  registry: Registry,
): Draft<PlanNode> | undefined {
  const node = document.nodes[id]
  const type = node && registry.get(node.type)
  if (!type) return undefined
  const config = withDefaults(node.config ?? {}, type.config)
  const { flow } = socketsOfType(type, config)
  const given = config['name']
  return {
    index,
    id,
    hash: hashString(id),
    type,
    kind: type.kind,
    effect: effectOf(type),
    config,
    wantsContext: type.run?.length !== 1,
    retry: node.retry,
    reuses: node.reuse === true && (type.kind === 'action' || type.kind === 'join') && type.role === undefined,
    listens: type.receive !== undefined,
    inputs: NO_INPUTS,
    before: NO_INPUTS,
    after: NO_INPUTS,
    wires: NO_WIRES,
    endPulses: firstOf(flow.out, 'done', 'out'),
    endWires: NO_FLOW,
    emitPulses: firstOf(flow.out, 'each', 'out'),
    waitsForAny: type.waitsFor?.(config) === 'any',
    incoming: 0,
    body: undefined,
    inner: undefined,
    name: typeof given === 'string' && given !== '' ? given : type.role === 'start' ? 'in' : id,
  }
}

const pulses = { each: Object.freeze(['each']), done: Object.freeze(['done']), out: Object.freeze(['out']) }

function firstOf(available: readonly string[], ...wanted: readonly (keyof typeof pulses)[]): readonly string[] {
  const found = wanted.find(name => available.includes(name))
  return found === undefined ? NO_PULSE : pulses[found]
}

/** The type's own text for a name: property look-ups are fastest with the very string that named the property. */
function sameOf(names: readonly string[], name: string): string | undefined {
  return names.find(each => each === name)
}

function toSet(inputs: readonly PlanInput[]): InputSet {
  return inputs.length === 0 ? NO_INPUTS : { inputs: inputs.slice(), pures: undefined }
}

/** Fills in wires and inputs. */
function connect(document: SpellDocument, byId: ReadonlyMap<string, Draft<PlanNode>>): void {
  const sources = new Map<PlanNode, Map<string, PlanSource[]>>()
  const flows = new Map<PlanNode, ReturnType<typeof socketsOfType>>()
  for (const node of byId.values()) flows.set(node, socketsOfType(node.type, node.config))
  for (const wire of new Set(document.wires.map(([from, to]) => `${from}\n${to}`))) {
    const [from = '', to = ''] = wire.split('\n')
    const [start, end] = [splitEnd(from), splitEnd(to)]
    const [source, target] = [byId.get(start.node), byId.get(end.node)]
    const [outs, ins] = [source && flows.get(source), target && flows.get(target)]
    if (!source || !target || !outs || !ins) continue
    const [pulse, entry] = [sameOf(outs.flow.out, start.socket), sameOf(ins.flow.in, end.socket)]
    if (pulse !== undefined && entry !== undefined) {
      if (source.wires === NO_WIRES) source.wires = new Map()
      const wires = source.wires as Map<string, readonly FlowWire[]>
      const list = wires.get(pulse) ?? []
      const wire: FlowWire = { target, socket: entry, hash: hashString(`${from}>${to}`), position: target.incoming++ }
      ;(list as FlowWire[]).push(wire)
      wires.set(pulse, list)
    } else {
      const types = [outs.outputs[start.socket]?.type ?? 'any', ins.inputs[end.socket]?.type ?? 'any'] as const
      const inputs = sources.get(target) ?? new Map<string, PlanSource[]>()
      const list = inputs.get(end.socket) ?? []
      const socket = sameOf(Object.keys(outs.outputs), start.socket) ?? start.socket
      list.push({ node: source, socket, convert: fitOf(...types) !== 'same' })
      sources.set(target, inputs.set(end.socket, list))
    }
  }
  for (const node of byId.values()) {
    const inputs = Object.entries(flows.get(node)?.inputs ?? {}).map(([name, socket]) =>
      toInput(name, socket, document.nodes[node.id]?.values, sources.get(node)?.get(name) ?? []),
    )
    node.inputs = toSet(inputs.filter(({ socket }) => !socket.pull))
    node.before = toSet(inputs.filter(({ socket }) => socket.pull === 'before'))
    node.after = toSet(inputs.filter(({ socket }) => socket.pull === 'after'))
    if (node.wires !== NO_WIRES) node.wires = new Map(Array.from(node.wires, ([pulse, list]) => [pulse, list.slice()]))
    node.endWires = node.wires.get(node.endPulses[0] ?? '') ?? NO_FLOW
  }
}

function toInput(
  name: string,
  socket: Socket,
  values: JsonObject | undefined,
  sources: readonly PlanSource[],
): PlanInput {
  const literal = values && Object.hasOwn(values, name) ? values[name] : undefined
  return {
    name,
    socket,
    fallback: literal === undefined ? socket.default : toType(literal, socket.type),
    sources: sources.slice(),
  }
}

function compileInner(
  node: PlanNode,
  registry: Registry,
  options: CompileOptions,
  known: Map<SpellDocument, Plan>,
  path: string,
  problems: Problem[],
): Plan | undefined {
  const { spell, revision } = node.config
  const reference = typeof spell === 'string' ? spell : ''
  const document = options.library?.(reference, typeof revision === 'number' && revision > 0 ? revision : undefined)
  if (!document) {
    problems.push({
      path: `${path}nodes.${node.id}.config.spell`,
      message: reference ? `there is no spell "${reference}"` : 'names no spell',
      node: node.id,
    })
    return undefined
  }
  return known.get(document) ?? compileInto(document, registry, options, known, `${path}nodes.${node.id}/`, problems)
}

/** Everything that flow reaches from inside a scope node, and the scope node itself for what it shows inside. */
function bodyOf(scope: PlanNode, total: number): Region {
  const members = [scope.index]
  const seen = new Set(members)
  const reach = (wires: readonly FlowWire[]) => {
    for (const { target } of wires)
      if (!seen.has(target.index)) seen.add(target.index) && members.push(target.index) && open.push(target)
  }
  const open: PlanNode[] = []
  reach(scope.wires.get('each') ?? [])
  for (let node = open.pop(); node; node = open.pop()) for (const wires of node.wires.values()) reach(wires)
  if (total > 4096) {
    const places = new Map(members.map((index, place) => [index, place]))
    return { size: members.length, isWhole: false, place: index => places.get(index) ?? -1 }
  }
  const places = new Int32Array(total).fill(-1)
  members.forEach((index, place) => (places[index] = place))
  return { size: members.length, isWhole: false, place: index => places[index] ?? -1 }
}

function wholeRegion(size: number): Region {
  return { size, isWhole: true, place: index => index }
}

/** Pure producers of these inputs, each after its own producers. */
export function puresOf(set: InputSet): readonly PlanNode[] {
  if (set.pures) return set.pures
  const order: PlanNode[] = []
  const seen = new Set<PlanNode>()
  const path: { node: PlanNode; sources: readonly PlanSource[]; next: number }[] = []
  const visit = (node: PlanNode) => {
    if (node.kind !== 'pure' || node.type.role !== undefined || seen.has(node)) return
    seen.add(node)
    path.push({ node, sources: node.inputs.inputs.flatMap(input => input.sources), next: 0 })
  }
  for (const { sources } of set.inputs) {
    for (const source of sources) {
      visit(source.node)
      for (let top = path.at(-1); top; top = path.at(-1)) {
        const next = top.sources[top.next++]
        if (next) visit(next.node)
        else order.push(top.node) && path.pop()
      }
    }
  }
  return (set.pures = order)
}

/** The starts that are called so: by their name at the border, or by the node's id. */
export function startsNamed(plan: Plan, name: string): readonly PlanNode[] {
  const starts = plan.nodes.filter(node => node.type.role === 'start')
  const named = starts.filter(node => node.name === name)
  return named.length > 0 ? named : starts.filter(node => node.id === name)
}

/** What a run's or a call's inputs show at the `flow/input` nodes: what was passed, else the default. */
export function inputOutputs(node: PlanNode, given: Values): Values | undefined {
  const value = Object.hasOwn(given, node.name) ? given[node.name] : node.config['default']
  return value === undefined ? undefined : { value }
}
