import type { Chunk, Entry, Failure, LogLevel, RunAnswered, RunWaiting, TerminalEntry, Usage } from './journal.ts'
import type { Json, JsonObject, Values } from './json.ts'

/** Where a node stands. `cancelled`: the run ended while it was at work. */
export type NodeState = 'idle' | 'running' | 'done' | 'cached' | 'failed' | 'waiting' | 'cancelled'

/** A node at one moment of a run. Never changed: a new object takes its place. */
export interface NodeView {
  readonly state: NodeState
  /** Ends and final failures so far. */
  readonly activations: number
  /** At work now. */
  readonly running: number
  /** The latest value of each output. */
  readonly outputs: Values
  /** Flow outputs fired by the latest end or emission. */
  readonly pulses: readonly string[]
  /** What is streamed at the moment, or was streamed last. */
  readonly text: string
  /** 0 to 1, where the node tells. */
  readonly fraction?: number
  readonly startedAt?: number
  readonly endedAt?: number
  readonly error?: Failure
  readonly usage?: Usage
}

/** A line of the console. */
export interface ConsoleLine {
  readonly seq: number
  readonly at: number
  /** Empty: the run itself. */
  readonly node: string
  readonly level: LogLevel
  readonly text: string
  readonly value?: Json
}

export type RunState = 'idle' | 'running' | 'paused' | 'waiting' | 'completed' | 'failed' | 'cancelled'

/** Something the run waits for. */
export type WaitView = Pick<RunWaiting, 'activation' | 'node' | 'scope' | 'reason' | 'prompt' | 'form' | 'until'>

/** A run at one moment: what `GET /v1/runs/{id}/state` answers and what the editor shows at a position of its slider. */
export interface RunView {
  seq: number
  at: number
  status: RunState
  startedAt: number
  endedAt?: number
  inputs: JsonObject
  outputs: JsonObject
  /** The spell's state as the run sees it. */
  state: Record<string, Json>
  error?: Failure
  /** What it waits for, in order. */
  waits: readonly WaitView[]
  /** The node before which it was paused. */
  pausedAt?: string
  /** By id; of sub-spells with the path to them: `outer/inner`. A node that has not run is absent. */
  nodes: Record<string, NodeView>
  console: ConsoleLine[]
}

const IDLE: NodeView = { state: 'idle', activations: 0, running: 0, outputs: {}, pulses: [], text: '' }

/** A run before its first entry. */
export function emptyView(): RunView {
  return {
    seq: 0,
    at: 0,
    status: 'idle',
    startedAt: 0,
    inputs: {},
    outputs: {},
    state: {},
    waits: [],
    nodes: {},
    console: [],
  }
}

/** A node of a view, idle where it has not run. */
export function nodeOf(view: RunView, id: string): NodeView {
  return Object.hasOwn(view.nodes, id) ? (view.nodes[id] ?? IDLE) : IDLE
}

/** Brings a view to the next entry. The view changes; its nodes are replaced. */
export function applyEntry(view: RunView, entry: Entry): void {
  view.seq = entry.seq
  view.at = entry.at
  switch (entry.kind) {
    case 'run.started':
      view.status = 'running'
      view.startedAt = entry.at
      view.inputs = entry.inputs
      view.state = { ...entry.state }
      return
    case 'run.paused':
      view.status = 'paused'
      if (entry.before !== undefined) view.pausedAt = entry.before
      return
    case 'run.resumed':
      view.status = view.waits.length > 0 ? 'waiting' : 'running'
      delete view.pausedAt
      return
    case 'state.changed':
      view.state = { ...view.state, [entry.key]: entry.value }
      return
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      applyTerminal(view, entry)
      return
    case 'node.log':
      tell(view, entry, entry.level, entry.text, entry.value)
      return
    case 'node.ended':
      applyEnd(view, entry)
      return
    case 'node.failed':
      applyFailure(view, entry)
      return
    default:
      applyProgress(view, entry)
  }
}

type Progress = 'node.started' | 'node.value' | 'node.emitted' | 'scope.opened' | 'run.waiting' | 'run.answered'

/** What happens to a node before its end. */
function applyProgress(view: RunView, entry: Extract<Entry, { kind: Progress }>): void {
  const node = nodeOf(view, entry.node)
  const { at } = entry
  switch (entry.kind) {
    case 'node.started': {
      const startedAt = node.running === 0 ? at : (node.startedAt ?? at)
      set(view, entry.node, { ...node, state: 'running', running: node.running + 1, text: '', startedAt })
      return
    }
    case 'node.value': {
      const { outputs } = entry
      const activations = node.activations + 1
      set(view, entry.node, { ...node, state: 'done', activations, outputs, startedAt: at, endedAt: at })
      return
    }
    case 'node.emitted':
      set(view, entry.node, { ...node, outputs: merged(node.outputs, entry.outputs), pulses: entry.pulses })
      return
    case 'scope.opened':
      set(view, entry.node, { ...node, outputs: merged(node.outputs, entry.values) })
      return
    case 'run.waiting':
      wait(view, entry)
      set(view, entry.node, { ...node, state: 'waiting' })
      return
    case 'run.answered':
      goOn(view, entry)
      set(view, entry.node, { ...node, state: 'running' })
  }
}

function wait(view: RunView, { activation, node, scope, reason, prompt, form, until }: RunWaiting): void {
  const one = { activation, node, scope, reason, prompt, form, until }
  view.waits = [...view.waits, JSON.parse(JSON.stringify(one)) as WaitView]
  if (view.status === 'running') view.status = 'waiting'
}

function goOn(view: RunView, { activation }: RunAnswered): void {
  view.waits = view.waits.filter(one => one.activation !== activation)
  if (view.status === 'waiting' && view.waits.length === 0) view.status = 'running'
}

function applyTerminal(view: RunView, entry: TerminalEntry): void {
  switch (entry.kind) {
    case 'run.completed':
      view.outputs = entry.outputs
      view.state = { ...view.state, ...entry.state }
      finish(view, entry, 'completed')
      return
    case 'run.failed':
      view.error = entry.error
      tell(view, entry, 'error', `the run failed: ${entry.error.message}`)
      finish(view, entry, 'failed')
      return
    case 'run.cancelled':
      view.outputs = entry.outputs ?? {}
      view.state = { ...view.state, ...entry.state }
      tell(view, entry, 'warn', `the run was cancelled: ${entry.reason}`)
      finish(view, entry, 'cancelled')
  }
}

/** Adds a line to the console. */
function tell(view: RunView, entry: Entry, level: LogLevel, text: string, value?: Json): void {
  const node = 'node' in entry ? entry.node : ''
  view.console.push({ seq: entry.seq, at: entry.at, node, level, text, ...(value === undefined ? {} : { value }) })
}

function applyEnd(view: RunView, entry: Extract<Entry, { kind: 'node.ended' }>): void {
  const node = nodeOf(view, entry.node)
  const wasRunning = node.running > 0
  const running = Math.max(0, node.running - 1)
  const text = entry.outputs['text']
  set(view, entry.node, {
    ...without(node, 'error', 'fraction'),
    state: running > 0 ? 'running' : entry.cached ? 'cached' : 'done',
    activations: node.activations + 1,
    running,
    outputs: merged(node.outputs, entry.outputs),
    pulses: entry.pulses,
    text: node.text !== '' && typeof text === 'string' ? text : node.text,
    startedAt: wasRunning ? (node.startedAt ?? entry.at) : entry.at,
    endedAt: entry.at,
    ...(entry.usage ? { usage: entry.usage } : {}),
  })
}

function applyFailure(view: RunView, entry: Extract<Entry, { kind: 'node.failed' }>): void {
  const node = nodeOf(view, entry.node)
  const running = Math.max(0, node.running - 1)
  const { message } = entry.error
  tell(
    view,
    entry,
    entry.final ? 'error' : 'warn',
    entry.final ? message : `attempt ${entry.attempt} failed: ${message}`,
  )
  // A pure node fails in the name of its consumer: it shows what went wrong as well.
  const source = entry.error.node
  if (source !== undefined && source !== entry.node)
    set(view, source, { ...nodeOf(view, source), state: 'failed', error: entry.error, endedAt: entry.at })
  const failed = { ...node, running, error: entry.error, endedAt: entry.at, startedAt: node.startedAt ?? entry.at }
  set(
    view,
    entry.node,
    entry.final
      ? {
          ...failed,
          state: 'failed',
          activations: node.activations + 1,
          pulses: entry.pulses ?? [],
          outputs: { ...node.outputs, failure: { ...entry.error } },
        }
      : { ...failed, state: 'running' },
  )
}

function finish(view: RunView, entry: Entry, status: RunState): void {
  view.status = status
  view.endedAt = entry.at
  view.waits = []
  delete view.pausedAt
  for (const [id, node] of Object.entries(view.nodes)) {
    if (node.running > 0 || node.state === 'waiting')
      set(view, id, { ...node, state: node.state === 'failed' ? 'failed' : 'cancelled', running: 0, endedAt: entry.at })
  }
}

function set(view: RunView, id: string, node: NodeView): void {
  view.nodes[id] = node
}

function merged(before: Values, outputs: JsonObject): Values {
  return { ...before, ...outputs }
}

function without(node: NodeView, ...keys: readonly (keyof NodeView)[]): NodeView {
  const copy: Record<string, unknown> = { ...node }
  for (const key of keys) delete copy[key]
  return copy as unknown as NodeView
}

/** Shows a streamed piece or progress: pieces that overlap what is there replace it from their offset on. */
export function applyChunk(view: RunView, chunk: Chunk): void {
  const node = nodeOf(view, chunk.node)
  set(
    view,
    chunk.node,
    chunk.fraction === undefined
      ? { ...node, text: node.text.slice(0, chunk.offset) + chunk.text }
      : { ...node, fraction: chunk.fraction },
  )
}
