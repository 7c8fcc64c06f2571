// behave-graph, as its examples tell: nodes are classes, the graph is read from JSON once, an engine executes it, and a listener of
// `onNodeExecutionEnd` keeps an event per node. Values live in the graph's sockets: one graph has one run at a time, and runs that
// overlap read a graph each. It has no end or failure of a run, no replay, no data but the sockets' latest, no yielding to others.
// Fan: a sequence fires one output after the other; the join counts (its own `waitAll` looks at all its inputs on each arrival).
import { loadPeer } from '../../peers/load.ts'
import type { Contender, Shape, Wait } from '../contender.ts'
import { toEvent } from '../limit.ts'

interface Socket {
  readonly name: string
  value: unknown
}
interface Node {
  readonly id: string
  readonly outputs: readonly Socket[]
  readonly configuration: Record<string, unknown>
  readInput<T>(name: string): T
  writeOutput(name: string, value: unknown): void
}
interface Fiber {
  commit(node: Node, output: string, done?: () => void): void
}
interface Engine {
  readonly eventNodes: readonly Node[]
  readonly onNodeExecutionEnd: { addListener(listener: (node: Node) => void): void }
  commitToNewFiber(node: Node, output: string): void
  executeAllSync(seconds?: number, steps?: number): number
}
type NodeClass = new (
  description: object,
  graph: object,
  inputs: Socket[],
  outputs: Socket[],
  configuration: object,
) => Node
interface Registry {
  readonly nodes: { register(...descriptions: object[]): void }
}
interface BehaveGraph {
  Registry: new () => Registry
  Engine: new (graph: object) => Engine
  Socket: new (type: string, name: string, value?: unknown) => Socket
  FlowNode: NodeClass
  AsyncNode: NodeClass
  EventNode: NodeClass
  NodeDescription: new (
    type: string,
    category: string,
    label: string,
    factory: (description: object, graph: object, configuration: object) => Node,
    others?: string[],
    help?: string,
    configuration?: object,
  ) => object
  registerCoreProfile(registry: Registry): void
  readGraphFromJSON(json: object, registry: Registry): object
}

const { default: behave } = await loadPeer<{ default: BehaveGraph }>('@behave-graph/core')
const { Socket } = behave
const flowIn = () => new Socket('flow', 'in')
const flowOut = (name = 'out') => new Socket('flow', name)
const number = (name: string) => new Socket('float', name)

/** As an event node that listens to something outside, with nothing to listen to. */
class Start extends behave.EventNode {
  init() {}
}

class Step extends behave.FlowNode {
  triggered(fiber: Fiber) {
    this.writeOutput('result', this.readInput<number>('value') + 1)
    fiber.commit(this, 'out')
  }
}

class ForEach extends behave.FlowNode {
  triggered(fiber: Fiber) {
    const times = this.configuration['times'] as number
    const round = (i: number) => {
      if (i === times) return
      this.writeOutput('index', i)
      fiber.commit(this, 'each', () => round(i + 1))
    }
    round(0)
  }
}

class Join extends behave.FlowNode {
  arrived = 0
  triggered(fiber: Fiber) {
    if (++this.arrived < (this.configuration['count'] as number)) return
    this.arrived = 0
    fiber.commit(this, 'out')
  }
}

export const contender: Contender = {
  name: 'behave-graph 0.9 (an event per node)',
  overlaps: false,
  open(shape, wait) {
    const registry = new behave.Registry()
    behave.registerCoreProfile(registry)
    registerNodes(registry, wait)
    const json = toJson(shape)
    if (wait) return () => startRun(behave.readGraphFromJSON(json, registry), shape)
    const engine = new behave.Engine(behave.readGraphFromJSON(json, registry))
    let events: object[] = []
    let last: unknown
    engine.onNodeExecutionEnd.addListener(node => {
      const value = node.outputs[1]?.value as number | undefined
      if (value !== undefined) last = value
      events.push(toEvent(events.length + 1, node.id, value ?? null))
    })
    // The sequence and the join, which runs once per arrival; or the loop.
    const around = shape.kind === 'chain' ? 0 : shape.kind === 'fan' ? 1 + shape.count : 1
    return () => {
      events = []
      start(engine)
      return { steps: events.length - around, last }
    }
  },
}

function start(engine: Engine): void {
  const [event] = engine.eventNodes
  if (event) engine.commitToNewFiber(event, 'out')
  engine.executeAllSync()
}

/** A run of its own, of a chain whose steps wait. */
function startRun(graph: object, shape: Shape) {
  return new Promise<{ steps: number; last: unknown }>(resolve => {
    const engine = new behave.Engine(graph)
    const events: object[] = []
    engine.onNodeExecutionEnd.addListener(node => {
      const value = node.outputs[1]?.value as number
      events.push(toEvent(events.length + 1, node.id, value))
      if (events.length === shape.count) resolve({ steps: shape.count, last: value })
    })
    start(engine)
  })
}

function registerNodes(registry: Registry, wait: Wait | undefined): void {
  class WaitingStep extends behave.AsyncNode {
    triggered(engine: Engine, _socket: string, finished: () => void) {
      const value = this.readInput<number>('value')
      void wait?.(value).then(() => {
        this.writeOutput('result', value + 1)
        engine.commitToNewFiber(this, 'out')
        finished()
        engine.executeAllSync()
      })
    }
    dispose() {}
  }
  const StepClass = wait ? WaitingStep : Step
  const describe = (type: string, make: (description: object, graph: object, configuration: object) => Node) =>
    new behave.NodeDescription(type, 'Flow', type, make)
  registry.nodes.register(
    describe('bench/step', (d, g, c) =>
      new StepClass(d, g, [flowIn(), number('value')], [flowOut(), number('result')], c)),
    describe('bench/start', (d, g, c) => new Start(d, g, [], [flowOut()], c)),
    describe('bench/each', (d, g, c) => new ForEach(d, g, [flowIn()], [flowOut('each'), number('index')], c)),
    describe('bench/join', (d, g, c) => new Join(d, g, [flowIn()], [flowOut()], c)),
  )
}

function toJson(shape: Shape): object {
  const link = (nodeId: string, socket: string) => ({ nodeId, socket })
  const opener = { chain: 's0', fan: 'all', loop: 'each' }[shape.kind]
  const nodes: object[] = [
    { id: 'start', type: 'bench/start', flows: { out: link(opener, shape.kind === 'fan' ? 'flow' : 'in') } },
  ]
  for (let i = 0; i < shape.count; i++) {
    const next = shape.kind === 'fan' ? link('join', 'in') : i + 1 < shape.count ? link(`s${i + 1}`, 'in') : undefined
    const source = i > 0 ? link(`s${i - 1}`, 'result') : shape.kind === 'loop' ? link('each', 'index') : undefined
    const value = source === undefined || shape.kind === 'fan' ? { value: i } : { link: source }
    nodes.push({ id: `s${i}`, type: 'bench/step', parameters: { value }, ...(next && { flows: { out: next } }) })
  }
  if (shape.kind === 'loop')
    nodes.push({
      id: 'each',
      type: 'bench/each',
      configuration: { times: shape.times },
      flows: { each: link('s0', 'in') },
    })
  if (shape.kind === 'fan') {
    const flows = Object.fromEntries(Array.from({ length: shape.count }, (_, i) => [`${i + 1}`, link(`s${i}`, 'in')]))
    nodes.push({ id: 'all', type: 'flow/sequence', configuration: { numOutputs: shape.count }, flows })
    nodes.push({ id: 'join', type: 'bench/join', configuration: { count: shape.count } })
  }
  return { nodes }
}
