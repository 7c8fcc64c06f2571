import type { Entry } from './journal.ts'
import type { RunView } from './view.ts'
import { applyEntry, emptyView } from './view.ts'

/** One stretch of time that a node was at work. */
export interface Span {
  /** Milliseconds since 1970. */
  readonly from: number
  /** Absent: still at work. */
  to?: number
  /** Number of the entry it began with. */
  readonly seq: number
  failed?: boolean
}

/** A run as a slider needs it: the view at any entry, at once. */
export interface Timeline {
  readonly entries: readonly Entry[]
  /** Number of the last entry; 0: none. */
  readonly last: number
  /** Adds the next entry; one that is known is ignored, one after a gap is refused. */
  push(entry: Entry): void
  /** The view after entry `seq` (clamped). Views of different positions share their nodes. */
  at(seq: number): RunView
  /** When each node was at work, by node id. */
  readonly spans: ReadonlyMap<string, readonly Span[]>
}

const CHECKPOINT_EVERY = 500

/** Builds a timeline; entries may come later. A seek replays at most {@link CHECKPOINT_EVERY} entries. */
export function createTimeline(initial: readonly Entry[] = []): Timeline {
  const entries: Entry[] = []
  const head = emptyView()
  const checkpoints: RunView[] = [copy(head)]
  const spans = new Map<string, Span[]>()
  const open = new Map<string, Span>()
  const timeline: Timeline = {
    entries,
    spans,
    get last() {
      return entries.length
    },
    push(entry) {
      if (entry.seq <= entries.length) return
      if (entry.seq !== entries.length + 1) throw new Error(`entry ${entry.seq} after entry ${entries.length}`)
      entries.push(entry)
      applyEntry(head, entry)
      noteSpan(entry, spans, open)
      if (entry.seq % CHECKPOINT_EVERY === 0) checkpoints.push(copy(head))
    },
    at(seq) {
      const wanted = Math.max(0, Math.min(seq, entries.length))
      if (wanted === entries.length) return copy(head)
      const view = copy(checkpoints[Math.floor(wanted / CHECKPOINT_EVERY)] ?? emptyView())
      for (let i = view.seq; i < wanted; i++) {
        const entry = entries[i]
        if (entry) applyEntry(view, entry)
      }
      return view
    },
  }
  for (const entry of initial) timeline.push(entry)
  return timeline
}

function copy(view: RunView): RunView {
  return { ...view, nodes: { ...view.nodes }, console: view.console.slice() }
}

function noteSpan(entry: Entry, spans: Map<string, Span[]>, open: Map<string, Span>): void {
  switch (entry.kind) {
    case 'node.started': {
      const span: Span = { from: entry.at, seq: entry.seq }
      open.set(entry.activation, span)
      add(spans, entry.node, span)
      return
    }
    case 'node.value':
      add(spans, entry.node, { from: entry.at, to: entry.at, seq: entry.seq })
      return
    case 'node.ended':
    case 'node.failed': {
      const span = open.get(entry.activation)
      open.delete(entry.activation)
      const failed = entry.kind === 'node.failed' ? { failed: true } : {}
      if (span) Object.assign(span, { to: entry.at }, failed)
      else add(spans, entry.node, { from: entry.at, to: entry.at, seq: entry.seq, ...failed })
      return
    }
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      for (const span of open.values()) span.to = entry.at
      open.clear()
      return
    default:
  }
}

function add(spans: Map<string, Span[]>, node: string, span: Span): void {
  const list = spans.get(node)
  if (list) list.push(span)
  else spans.set(node, [span])
}
