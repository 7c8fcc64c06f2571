import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { Registry } from '#graph/define.ts'
import type { Timeline } from '#graph/timeline.ts'
import type { RunState, WaitView } from '#graph/view.ts'

/** How a run stands now, wherever its slider is. */
export interface Standing {
  readonly status: RunState
  /** The path of the node before which it is paused. */
  readonly pausedAt: string | undefined
  /** What it waits for, in order. */
  readonly waits: readonly WaitView[]
  /** Nodes with a start and no end yet, by their paths: how often. */
  readonly atWork: ReadonlyMap<string, number>
}

type Known = { -readonly [K in keyof Standing]: Standing[K] } & { read: number; readonly atWork: Map<string, number> }

const known = new WeakMap<Timeline, Known>()

/** Reads how a run stands: only entries that are new. */
export function standingOf(timeline: Timeline): Standing {
  const standing: Known = known.get(timeline) ?? {
    ...{ status: 'idle', pausedAt: undefined, waits: [], atWork: new Map(), read: 0 },
  }
  known.set(timeline, standing)
  for (; standing.read < timeline.entries.length; standing.read++) {
    const entry = timeline.entries[standing.read]
    if (entry) apply(standing, entry)
  }
  return standing
}

function apply(standing: Known, entry: Entry): void {
  switch (entry.kind) {
    case 'run.started':
      standing.status = 'running'
      return
    case 'node.started':
      return count(standing, entry.node, 1)
    case 'node.ended':
    case 'node.failed':
      return count(standing, entry.node, -1)
    case 'run.waiting': {
      const { kind: _, seq: _seq, at: _at, ...wait } = entry
      standing.waits = [...standing.waits.filter(one => one.activation !== wait.activation), wait]
      if (standing.status === 'running') standing.status = 'waiting'
      return
    }
    case 'run.answered':
      standing.waits = standing.waits.filter(({ activation }) => activation !== entry.activation)
      if (standing.status === 'waiting' && standing.waits.length === 0) standing.status = 'running'
      return
    case 'run.paused':
      standing.status = 'paused'
      standing.pausedAt = entry.before
      return
    case 'run.resumed':
      standing.status = standing.waits.length > 0 ? 'waiting' : 'running'
      standing.pausedAt = undefined
      return
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      standing.status = ENDS[entry.kind]
      standing.waits = []
      standing.pausedAt = undefined
      standing.atWork.clear()
      return
    default:
  }
}

const ENDS = { 'run.completed': 'completed', 'run.failed': 'failed', 'run.cancelled': 'cancelled' } as const

function count({ atWork }: Known, node: string, by: number): void {
  const now = (atWork.get(node) ?? 0) + by
  if (now > 0) atWork.set(node, now)
  else atWork.delete(node)
}

/** How a run stands: as its entries tell, once they are here. Undefined: there is none. */
export function statusOf(given: {
  readonly run: { readonly status: RunState } | undefined
  readonly timeline: Timeline
}): RunState | undefined {
  const { run, timeline } = given
  if (run && !isOpen(run.status)) return run.status
  const { status } = standingOf(timeline)
  return status === 'idle' ? run?.status : status
}

/** The statuses of a run that has not ended. */
export function isOpen(status: string): boolean {
  return status === 'running' || status === 'paused' || status === 'waiting'
}

/** Whether a spell is played: it has sources, and its run ends when it is stopped. */
export function isPlayed(document: SpellDocument | undefined, registry: Registry): boolean {
  return Object.values(document?.nodes ?? {}).some(({ type }) => registry.get(type)?.kind === 'source')
}

/** Whether a played run does nothing but listen to its sources. */
export function isListening(
  { status, waits, atWork }: Standing,
  document: SpellDocument | undefined,
  registry: Registry,
): boolean {
  if (status !== 'running' || waits.length > 0 || atWork.size === 0) return false
  return [...atWork.keys()].every(path => registry.get(document?.nodes[path]?.type ?? '')?.kind === 'source')
}

/** A wait that somebody has to do something about. */
export function needsPerson({ reason }: WaitView): boolean {
  return reason !== 'time'
}
