import type { Entry, Failure, Usage } from '#graph/journal.ts'
import type { JsonObject, Values } from '#graph/json.ts'
import type { RunState } from '#graph/view.ts'
import { isSame } from './same.ts'

/** What a run came to, as far as it has come. */
export interface Totals {
  readonly status: RunState
  readonly tookMs: number
  readonly entries: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** US dollars. */
  readonly cost: number
  readonly inputs: JsonObject
  readonly outputs: JsonObject
  readonly error: Failure | undefined
}

/** What one node did in a run. */
export interface NodeSide {
  readonly activations: number
  /** Those that did not run: taken over, or pinned. */
  readonly cached: number
  /** Time at work, of all activations together. */
  readonly tookMs: number
  readonly tokens: number
  readonly cost: number
  /** Of the last activation. */
  readonly outputs: Values
  readonly error: Failure | undefined
}

export type Verdict = 'same' | 'different' | 'only-a' | 'only-b'

/** A node in two runs. */
export interface NodeRow {
  /** Its path. */
  readonly node: string
  readonly verdict: Verdict
  readonly a: NodeSide | undefined
  readonly b: NodeSide | undefined
}

export interface Comparison {
  readonly a: Totals
  readonly b: Totals
  readonly isSameOutputs: boolean
  /** In the order of their first work, those of the first run first. */
  readonly nodes: readonly NodeRow[]
}

/** Compares two runs, node by node: what each activation gave, and what it took. Times never make a difference. */
export function compareRuns(a: Compared, b: Compared): Comparison {
  const [left, right] = [read(a), read(b)]
  const nodes = new Set([...left.nodes.keys(), ...right.nodes.keys()])
  return {
    ...{ a: left.totals, b: right.totals },
    isSameOutputs: isSame(left.totals.outputs, right.totals.outputs),
    nodes: [...nodes].map(node => rowOf(node, left.nodes.get(node), right.nodes.get(node))),
  }
}

/** A run's journal, and when it began itself: the beginning of a branch is that of another run. */
interface Compared {
  readonly entries: readonly Entry[]
  readonly startedAt?: number
}

/** One activation of a node. */
interface Work {
  outputs: Values
  pulses: readonly string[]
  error: Failure | undefined
  startedAt: number
  tookMs: number
  usage: Usage | undefined
  isCached: boolean
}

function rowOf(
  node: string,
  a: ReadonlyMap<string, Work> | undefined,
  b: ReadonlyMap<string, Work> | undefined,
): NodeRow {
  const verdict: Verdict = a && b ? (isSameWork(a, b) ? 'same' : 'different') : a ? 'only-a' : 'only-b'
  return { node, verdict, a: a && sideOf(a), b: b && sideOf(b) }
}

function sideOf(works: ReadonlyMap<string, Work>): NodeSide {
  const all = [...works.values()]
  const sum = (of: (work: Work) => number) => all.reduce((total, work) => total + of(work), 0)
  const last = all.at(-1)
  return {
    activations: all.length,
    cached: sum(work => (work.isCached ? 1 : 0)),
    tookMs: sum(work => work.tookMs),
    tokens: sum(work => (work.usage?.inputTokens ?? 0) + (work.usage?.outputTokens ?? 0)),
    cost: sum(work => work.usage?.cost ?? 0),
    outputs: last?.outputs ?? {},
    error: last?.error,
  }
}

/** By activation where both runs have the same ones; else one after the other. */
function isSameWork(a: ReadonlyMap<string, Work>, b: ReadonlyMap<string, Work>): boolean {
  if (a.size !== b.size) return false
  const isById = [...a.keys()].every(id => b.has(id))
  const others = [...b.values()]
  return [...a].every(([id, work], index) => {
    const other = isById ? b.get(id) : others[index]
    return (
      other !== undefined &&
      isSame(work.outputs, other.outputs) &&
      isSame(work.pulses, other.pulses) &&
      work.error?.code === other.error?.code &&
      work.error?.message === other.error?.message
    )
  })
}

function read({ entries, startedAt = 0 }: Compared) {
  const nodes = new Map<string, Map<string, Work>>()
  for (const entry of entries) if ('activation' in entry) note(nodes, entry)
  const works = [...nodes.values()].flatMap(one => [...one.values()])
  const sum = (of: (usage: Usage) => number | undefined) =>
    works.reduce((total, { usage }) => total + ((usage && of(usage)) ?? 0), 0)
  const [first, last] = [entries[0], entries.at(-1)]
  const totals: Totals = {
    status: statusAfter(entries),
    tookMs: Math.max(0, (last?.at ?? 0) - (first?.at ?? 0) - idleMs(entries, startedAt)),
    entries: entries.length,
    inputTokens: sum(usage => usage.inputTokens),
    outputTokens: sum(usage => usage.outputTokens),
    cost: sum(usage => usage.cost),
    inputs: first?.kind === 'run.started' ? first.inputs : {},
    outputs: last?.kind === 'run.completed' || last?.kind === 'run.cancelled' ? (last.outputs ?? {}) : {},
    error: last?.kind === 'run.failed' ? last.error : undefined,
  }
  return { totals, nodes }
}

/** Between what a branch took over from another run and its own beginning nothing was at work. */
function idleMs(entries: readonly Entry[], startedAt: number): number {
  const [first] = entries
  if (first?.kind !== 'run.started' || !first.fork || first.at >= startedAt) return 0
  return Math.max(0, startedAt - (entries[first.fork.seq - 1]?.at ?? startedAt))
}

/** How a run stands after its entries. */
function statusAfter(entries: readonly Entry[]): RunState {
  const waits = new Set<string>()
  let isPaused = false
  for (const entry of entries) {
    if (entry.kind === 'run.waiting') waits.add(entry.activation)
    else if (entry.kind === 'run.answered') waits.delete(entry.activation)
    else if (entry.kind === 'run.paused') isPaused = true
    else if (entry.kind === 'run.resumed') isPaused = false
  }
  switch (entries.at(-1)?.kind) {
    case 'run.completed':
      return 'completed'
    case 'run.failed':
      return 'failed'
    case 'run.cancelled':
      return 'cancelled'
    default:
      return isPaused ? 'paused' : waits.size > 0 ? 'waiting' : 'running'
  }
}

function note(nodes: Map<string, Map<string, Work>>, entry: Extract<Entry, { activation: string }>): void {
  const works = nodes.get(entry.node) ?? new Map<string, Work>()
  nodes.set(entry.node, works)
  const work = works.get(entry.activation) ?? {
    ...{ outputs: {}, pulses: [], error: undefined, usage: undefined, isCached: false },
    ...{ startedAt: entry.at, tookMs: 0 },
  }
  works.set(entry.activation, work)
  switch (entry.kind) {
    case 'node.started':
      work.startedAt = entry.at
      return
    case 'node.value':
    case 'node.emitted':
      work.outputs = { ...work.outputs, ...entry.outputs }
      return
    case 'node.ended':
      work.outputs = { ...work.outputs, ...entry.outputs }
      work.pulses = entry.pulses
      work.error = undefined
      work.usage = entry.usage
      work.isCached = entry.cached === true
      work.tookMs += entry.at - work.startedAt
      return
    case 'node.failed':
      work.error = entry.error
      work.tookMs += entry.at - work.startedAt
      return
    default:
  }
}
