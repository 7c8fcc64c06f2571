// Rivet, as its documentation tells: a plugin's nodes, a project, a processor with `onNodeFinish`, which gives an event per node with
// its outputs. The processor is made for each run, as `runGraph` does: it holds the state of one. It pulls: it starts from the nodes
// that nothing depends on and fetches what they need. A loop is its loop controller. Trace texts are off.
import type {
  ChartNode,
  GraphId,
  Inputs,
  NodeConnection,
  NodeId,
  PluginNodeImpl,
  PortId,
  Project,
  ProjectId,
} from '@ironclad/rivet-core'
import { coreCreateProcessor, loopControllerNode, NodeRegistration, pluginNodeDefinition } from '@ironclad/rivet-core'
import type { Contender, Shape, Wait } from '../contender.ts'
import { lastOf } from '../contender.ts'
import { toEvent } from '../limit.ts'

type BenchNode = ChartNode<'benchStep' | 'benchEnd' | 'benchMore', BenchData>
interface BenchData {
  /** Of a step: what it starts from when nothing is wired to it, and what it adds. */
  readonly value: number
  readonly adds: number
  /** Of the end: how many inputs. */
  readonly count: number
  /** Of what asks for another round: the last value of all. */
  readonly last: number
}

const asPort = (id: string) => id as PortId
const asNode = (id: string) => id as NodeId
const [VALUE, FROM, GO] = [asPort('value'), asPort('from'), asPort('go')]
const settings = { openAiKey: '', pluginEnv: {}, pluginSettings: {}, recordingPlaybackLatency: 0 }

export const contender: Contender = {
  name: 'Rivet 1.23 (an event per node)',
  overlaps: true,
  open(shape, wait) {
    const registry = createRegistry(wait)
    const project = toProject(shape)
    return async () => {
      const events: object[] = []
      let last: unknown
      const { run } = coreCreateProcessor(project, {
        registry: registry as unknown as NodeRegistration,
        includeTrace: false,
        onNodeFinish: ({ node, outputs }) => {
          if (node.type !== 'benchStep') return
          last = outputs[VALUE]?.value
          events.push(toEvent(events.length + 1, node.id, last as number))
        },
        ...settings,
      })
      await run()
      return { steps: events.length, last }
    }
  },
}

function createRegistry(wait: Wait | undefined): NodeRegistration {
  const registry = new NodeRegistration()
  registry.register(loopControllerNode)
  const define = (type: BenchNode['type'], impl: Pick<PluginNodeImpl<BenchNode>, 'getInputDefinitions' | 'process'>) =>
    registry.registerPluginNode(pluginNodeDefinition({ ...plain(type), ...impl }, type), { id: 'bench', name: 'bench' })
  define('benchStep', {
    getInputDefinitions: () => [input(FROM), input(GO)],
    async process(data, inputs) {
      const value = numberOf(inputs[FROM]) ?? data.value
      if (wait) await wait(value)
      return { [VALUE]: { type: 'number', value: value + data.adds } }
    },
  })
  define('benchMore', {
    getInputDefinitions: () => [input(FROM)],
    process: (data, inputs) =>
      Promise.resolve({ [VALUE]: { type: 'boolean', value: (numberOf(inputs[FROM]) ?? 0) < data.last } }),
  })
  define('benchEnd', {
    getInputDefinitions: data => Array.from({ length: data.count }, (_, i) => input(asPort(`from${i}`))),
    process: () => Promise.resolve({}),
  })
  return registry as unknown as NodeRegistration
}

const input = (id: PortId) => ({ id, title: id, dataType: 'any' as const })
const numberOf = (value: Inputs[PortId]) => (value?.type === 'number' ? value.value : undefined)

function plain(type: BenchNode['type']): PluginNodeImpl<BenchNode> {
  return {
    create: () => toNode(type, type),
    getUIData: () => ({}),
    getEditors: () => [],
    getBody: () => undefined,
    getInputDefinitions: () => [],
    getOutputDefinitions: () => [input(VALUE)],
    process: () => Promise.resolve({}),
  }
}

const toNode = (type: BenchNode['type'], id: string, data: Partial<BenchData> = {}): BenchNode => ({
  type,
  id: asNode(id),
  title: id,
  visualData: { x: 0, y: 0 },
  data: { value: 0, adds: 1, count: 0, last: 0, ...data },
})

function toProject(shape: Shape): Project {
  const nodes: ChartNode[] = []
  const connections: NodeConnection[] = []
  const wire = (from: string, output: PortId, to: string, into: PortId) =>
    connections.push({ outputNodeId: asNode(from), outputId: output, inputNodeId: asNode(to), inputId: into })
  for (let i = 0; i < shape.count; i++) {
    // The loop controller counts from one: the first step inside adds nothing to that.
    const adds = shape.kind === 'loop' && i === 0 ? 0 : 1
    nodes.push(toNode('benchStep', `s${i}`, { value: shape.kind === 'fan' ? i : 0, adds }))
    if (shape.kind === 'fan') wire(`s${i}`, VALUE, 'end', asPort(`from${i}`))
    else if (i > 0) wire(`s${i - 1}`, VALUE, `s${i}`, FROM)
  }
  const last = `s${shape.count - 1}`
  if (shape.kind === 'fan') nodes.push(toNode('benchEnd', 'end', { count: shape.count }))
  if (shape.kind === 'loop') {
    const controller = { ...loopControllerNode.impl.create(), id: asNode('loop') }
    controller.data = { ...(controller.data as object), maxIterations: shape.times + 1 } as typeof controller.data
    nodes.push(controller, toNode('benchMore', 'first'), toNode('benchEnd', 'end', { count: 1 }))
    nodes.push(toNode('benchMore', 'more', { last: lastOf(shape) }))
    wire('first', VALUE, 'loop', asPort('input1Default'))
    wire(last, VALUE, 'loop', asPort('input1'))
    wire(last, VALUE, 'more', FROM)
    wire('more', VALUE, 'loop', asPort('continue'))
    wire('loop', asPort('output1'), 's0', GO)
    wire('loop', asPort('iteration'), 's0', FROM)
    wire('loop', asPort('break'), 'end', asPort('from0'))
  }
  const id = 'main' as GraphId
  return {
    metadata: { id: 'bench' as ProjectId, title: 'bench', description: '', mainGraphId: id },
    graphs: { [id]: { metadata: { id, name: 'main' }, nodes, connections } },
    plugins: [],
  }
}
