// Node-RED's runtime in this process, with its flows in memory and nodes of our own, as its guide tells: a node gets a message, sends it
// on and says that it is done. It has no runs: messages pass through one deployed flow, and the last node tells whose message
// came. It keeps no record of anything (hooks and "complete" nodes could, and would make it slower). Fan: the message is cloned for
// each wire, as it does. A loop is a wire back. Delivery is asynchronous, as it is by default.
import { fileURLToPath } from 'node:url'
import { loadPeer } from '../../peers/load.ts'
import type { Contender, Outcome, Shape, Wait } from '../contender.ts'

interface Message {
  payload: number
  /** Which run it belongs to: the runtime has no notion of that. */
  run: number
  round: number
}
type Send = (message: Message | readonly (Message | null)[]) => void
interface Node {
  on(event: 'input', work: (message: Message, send: Send, done: () => void) => void): void
  receive(message: Message): void
}
interface Config {
  readonly id: string
  readonly type: string
  /** The flow it belongs to. */
  readonly z?: string
  readonly wires?: readonly (readonly string[])[]
  readonly start?: number
  readonly times?: number
}
interface Runtime {
  init(settings: object, server: object): void
  start(): Promise<void>
  readonly events: { once(event: string, listener: () => void): void }
  readonly flows: { setFlows(options: object): Promise<unknown> }
  readonly _: {
    readonly nodes: {
      registerType(set: string, type: string, constructor: (this: Node, config: Config) => void): void
      createNode(node: Node, config: Config): void
      getNode(id: string): Node
    }
  }
}
interface Run {
  steps: number
  arrived: number
  resolve(outcome: Outcome): void
}
interface World {
  readonly runtime: Runtime
  readonly runs: Map<number, Run>
  /** By flow. */
  readonly waits: Map<string, Wait>
  /** Of all flows: each deployment names them all. */
  readonly nodes: object[]
}

let world: Promise<World> | undefined
let lastRun = 0

export const contender: Contender = {
  name: 'Node-RED 5.0 (no record)',
  overlaps: true,
  async open(shape, wait) {
    const { runtime, runs, waits, nodes } = await (world ??= openWorld())
    const flow = `flow${nodes.length}`
    if (wait) waits.set(flow, wait)
    nodes.push({ id: flow, type: 'tab', label: flow }, ...toNodes(shape, flow))
    await deploy(runtime, nodes)
    const start = runtime._.nodes.getNode(`${flow}-start`)
    return () =>
      new Promise(resolve => {
        const run = ++lastRun
        runs.set(run, { steps: 0, arrived: 0, resolve })
        start.receive({ payload: 0, run, round: 0 })
      })
  },
}

async function openWorld(): Promise<World> {
  const { default: runtime } = await loadPeer<{ default: Runtime }>('@node-red/runtime')
  const { default: util } = await loadPeer<{ default: { init(settings: object): void } }>('@node-red/util')
  const opened: World = { runtime, runs: new Map(), waits: new Map(), nodes: [] }
  const nothing = () => Promise.resolve({})
  const storageModule = {
    init: nothing,
    getFlows: () => Promise.resolve([]),
    saveFlows: nothing,
    getCredentials: nothing,
    saveCredentials: nothing,
    getSettings: nothing,
    saveSettings: nothing,
    getSessions: nothing,
    saveSessions: nothing,
    getLibraryEntry: nothing,
    saveLibraryEntry: nothing,
  }
  const logging = { console: { level: 'error', metrics: false, audit: false } }
  const userDir = fileURLToPath(new URL('../../peers/', import.meta.url))
  const settings = { storageModule, logging, userDir }
  util.init(settings)
  runtime.init(settings, {})
  registerNodes(opened)
  const started = new Promise<void>(resolve => runtime.events.once('flows:started', resolve))
  await runtime.start()
  await started
  return opened
}

async function deploy(runtime: Runtime, nodes: readonly object[]): Promise<void> {
  const started = new Promise<void>(resolve => runtime.events.once('flows:started', resolve))
  await runtime.flows.setFlows({ flows: { flows: [...nodes] }, deploymentType: 'full' })
  await started
}

function registerNodes({ runtime, runs, waits }: World): void {
  const { nodes } = runtime._
  const define = (type: string, make: (config: Config) => (message: Message, send: Send, done: () => void) => void) =>
    nodes.registerType('bench', type, function (this: Node, config) {
      nodes.createNode(this, config)
      this.on('input', make(config))
    })
  define('bench-start', () => (message, send, done) => {
    send(message)
    done()
  })
  define('bench-step', ({ start, z = '' }) => {
    const wait = waits.get(z)
    const work = (message: Message, send: Send, done: () => void) => {
      message.payload = (start ?? message.payload) + 1
      const run = runs.get(message.run)
      if (run) run.steps++
      send(message)
      done()
    }
    if (!wait) return work
    return (message, send, done) => void wait(message.payload).then(() => work(message, send, done))
  })
  define('bench-loop', ({ times = 0 }) => (message, send, done) => {
    const isOver = message.round === times
    if (!isOver) message.payload = message.round++
    send(isOver ? [null, message] : [message, null])
    done()
  })
  define('bench-end', ({ times = 1 }) => (message, _send, done) => {
    const run = runs.get(message.run)
    if (run && ++run.arrived === times) {
      runs.delete(message.run)
      run.resolve({ steps: run.steps, last: message.payload })
    }
    done()
  })
}

function toNodes(shape: Shape, flow: string): Config[] {
  const id = (name: string) => `${flow}-${name}`
  const node = (name: string, type: string, wires: readonly (readonly string[])[], more: object = {}): Config => ({
    id: id(name),
    type,
    z: flow,
    wires: wires.map(names => names.map(id)),
    ...more,
  })
  const names = Array.from({ length: shape.count }, (_, i) => `s${i}`)
  const steps = names.map((name, i) => {
    if (shape.kind === 'fan') return node(name, 'bench-step', [['end']], { start: i })
    const next = names[i + 1] ?? (shape.kind === 'loop' ? 'loop' : 'end')
    return node(name, 'bench-step', [[next]])
  })
  const first = shape.kind === 'fan' ? names : shape.kind === 'loop' ? ['loop'] : ['s0']
  const loop = shape.kind === 'loop' ? [node('loop', 'bench-loop', [['s0'], ['end']], { times: shape.times })] : []
  const end = node('end', 'bench-end', [], { times: shape.kind === 'fan' ? shape.count : 1 })
  return [node('start', 'bench-start', [first]), ...loop, ...steps, end]
}
