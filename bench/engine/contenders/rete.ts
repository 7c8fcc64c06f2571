// rete-engine's control flow, as its guide tells: a node's `execute` forwards to the next, within the call. It has no record, no
// event, no data along the wires (the value is the run's variable), no end of a run, no errors per node, no yielding to others.
// Runs cannot overlap unless each has an editor of its own: nodes belong to the editor and nothing tells runs apart.
import { loadPeer } from '../../peers/load.ts'
import type { Contender } from '../contender.ts'

interface Node {
  id: string
  addInput(key: string, input: unknown): void
  addOutput(key: string, output: unknown): void
  execute?: (input: string, forward: (output: string) => void) => void
}
interface Editor {
  use(scope: unknown): void
  addNode(node: Node): Promise<boolean>
  addConnection(connection: object): Promise<boolean>
}
interface Rete {
  NodeEditor: new () => Editor
  ClassicPreset: {
    Node: new (label: string) => Node
    Socket: new (name: string) => object
    Input: new (socket: object, label?: string, multiple?: boolean) => object
    Output: new (socket: object) => object
    Connection: new (source: Node, output: string, target: Node, input: string) => object
  }
}
interface ReteEngine {
  ControlFlowEngine: new () => { execute(node: string): void }
}

const { default: rete } = await loadPeer<{ default: Rete }>('rete')
const { default: reteEngine } = await loadPeer<{ default: ReteEngine }>('rete-engine')

export const contender: Contender = {
  name: 'rete-engine 2.1 (no record)',
  overlaps: false,
  async open(shape) {
    const { ClassicPreset: preset } = rete
    const editor = new rete.NodeEditor()
    const engine = new reteEngine.ControlFlowEngine()
    editor.use(engine)
    const socket = new preset.Socket('flow')
    const run = { value: 0, steps: 0 }
    const add = async (label: string, execute: (forward: (output: string) => void) => void) => {
      const node = new preset.Node(label)
      node.addInput('in', new preset.Input(socket, 'in', true))
      node.addOutput('out', new preset.Output(socket))
      node.execute = (_input, forward) => execute(forward)
      await editor.addNode(node)
      return node
    }
    const wire = (source: Node, target: Node) =>
      editor.addConnection(new preset.Connection(source, 'out', target, 'in'))
    const start = await add('start', forward => {
      if (shape.kind !== 'loop') return forward('out')
      for (let i = 0; i < shape.times; i++) {
        run.value = i
        forward('out')
      }
    })
    const end = await add('end', () => undefined)
    let before = start
    for (let i = 0; i < shape.count; i++) {
      const step = await add(`s${i}`, forward => {
        run.value = (shape.kind === 'fan' ? i : run.value) + 1
        run.steps++
        forward('out')
      })
      await wire(shape.kind === 'fan' ? start : before, step)
      if (shape.kind === 'fan') await wire(step, end)
      before = step
    }
    return () => {
      run.value = 0
      run.steps = 0
      engine.execute(start.id)
      return { steps: run.steps, last: run.value }
    }
  },
}
