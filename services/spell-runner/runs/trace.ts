import { TRACEPARENT, inSpan } from '#mesh/trace.ts'
import type { Span, SpanAttributes, Tracer } from '#mesh/trace.ts'
import type { BusHeaders } from '#mesh/bus.ts'
import type { Entry, TerminalEntry, Usage } from '#graph/journal.ts'
import type { Plan } from '#graph/plan.ts'
import type { Observed } from '#graph/run.ts'
import type { ActiveOptions } from './active.ts'
import type { Commit } from './committer.ts'

/** Runs as the traces of the mesh show them. Where nobody listens there is none. */
export interface RunTraces {
  /** The run as it is put to work: a new one remembers what started it. */
  mark(options: ActiveOptions): ActiveOptions
  /** A run is put to work. */
  begin(options: ActiveOptions): RunTrace | undefined
  /** What is published of a run is told with these. */
  headersFor(run: string, entries: number): BusHeaders | undefined
  /** The same, with a span for each commit. */
  traced(commit: Commit): Commit
}

/** One run at work. The spans of its nodes follow from what it reports. */
export interface RunTrace {
  /** Does work of the engine: what nodes call there is theirs. */
  within<T>(work: () => T): T
  /** Absent: nobody will see it. */
  readonly observe?: (observed: Observed) => void
  append(entry: Entry): void
  end(terminal: TerminalEntry | undefined, status: string): void
}

/** Spans of nodes in one run: loops would bury the rest. */
const MOST_NODES = 1_000
const MOST_LINKS = 32

export function createRunTraces(tracer: Tracer): RunTraces {
  if (!tracer.on) return NO_TRACES
  const spans = new Map<string, Span>()
  return {
    mark(options) {
      const traceparent = options.stored ? undefined : tracer.current()
      if (traceparent === undefined) return options
      const mode = { ...options.mode, traceparent }
      return { ...options, mode, make: { ...options.make, mode: JSON.stringify(mode) } }
    },
    begin(options) {
      const span = tracer.start('run', beginning(options))
      spans.set(options.id, span)
      const end = () => spans.get(options.id) === span && spans.delete(options.id)
      return span.isRecorded
        ? new RecordedRun(tracer, span, options, end)
        : { within: work => tracer.within(span, work), append() {}, end }
    },
    headersFor(run, entries) {
      const span = spans.get(run)
      if (!span) return undefined
      const attributes = { ...MESSAGES, 'messaging.operation.type': 'send', 'messaging.batch.message_count': entries }
      const sent = tracer.start('send ev.v1', { kind: 'producer', parent: span, attributes })
      sent.end()
      return { [TRACEPARENT]: sent.traceparent }
    },
    traced: commit => batches => {
      const [parent = null, ...others] = batches.flatMap(({ run }) => spans.get(run) ?? [])
      const links = others.slice(0, MOST_LINKS).map(({ traceparent }) => traceparent)
      const attributes = { 'db.system.name': 'postgresql', 'spellmesh.runs': batches.length }
      return inSpan(tracer, 'commit', { kind: 'client', parent, links, attributes }, () => commit(batches))
    },
  }
}

const NO_TRACES: RunTraces = {
  mark: options => options,
  begin: () => undefined,
  headersFor: () => undefined,
  traced: commit => commit,
}

const MESSAGES = { 'messaging.system.name': 'nats', 'messaging.destination.template': 'ev.v1.{user}.{spell}.{run}' }

/** A new run belongs to what started it, by whoever it is taken up. */
function beginning({ id, attempt, make, mode, stored }: ActiveOptions) {
  const { traceparent = null } = mode
  return {
    parent: traceparent,
    links: stored && traceparent ? [traceparent] : [],
    attributes: {
      'spellmesh.run.id': id,
      'spellmesh.run.attempt': attempt,
      'spellmesh.spell.id': make.spell,
      'spellmesh.spell.revision': make.revision,
      'user.id': make.owner,
    },
  }
}

class RecordedRun implements RunTrace {
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #plan: Plan
  readonly #nodes = new Map<string, Span>()
  readonly #types = new Map<string, string | undefined>()
  readonly #onEnd: () => void
  /** Entries up to here are those it goes on from. */
  readonly #from: number
  #count = 0
  #entries = 0

  constructor(tracer: Tracer, span: Span, { compiled, stored, prefix }: ActiveOptions, onEnd: () => void) {
    this.#tracer = tracer
    this.#span = span
    this.#plan = compiled.plan
    this.#from = (stored?.entries ?? prefix ?? []).length
    this.#onEnd = onEnd
  }

  within<T>(work: () => T): T {
    return this.#tracer.within(this.#span, work)
  }

  readonly observe = ({ activation, node, seq }: Observed): void => {
    if (seq < this.#from) return
    const span = this.#startNode(activation, node)
    this.#tracer.enter(span ?? this.#span)
  }

  append(entry: Entry): void {
    this.#entries++
    switch (entry.kind) {
      case 'node.ended': {
        const { cached, pinned, usage } = entry
        const span = this.#nodes.get(entry.activation) ?? this.#startNode(entry.activation, entry.node)
        if (cached) span?.set({ 'spellmesh.node.cached': true, ...(pinned ? { 'spellmesh.node.pinned': true } : {}) })
        if (usage) span?.set(toAttributes(usage))
        this.#endNode(entry.activation)
        return
      }
      case 'node.failed':
        if (entry.final) this.#endNode(entry.activation, entry.error)
        else this.#nodes.get(entry.activation)?.set({ 'spellmesh.node.failures': entry.attempt })
        return
      case 'run.waiting':
        this.#nodes.get(entry.activation)?.set({ 'spellmesh.node.waits': entry.reason })
        this.#endNode(entry.activation)
        return
      default:
    }
  }

  end(terminal: TerminalEntry | undefined, status: string): void {
    for (const span of this.#nodes.values()) span.end({ code: 'CANCELLED' })
    this.#nodes.clear()
    const hidden = this.#count - MOST_NODES
    this.#span.set({
      'spellmesh.run.status': status,
      'spellmesh.run.entries': this.#entries,
      ...(hidden > 0 ? { 'spellmesh.run.nodes_not_shown': hidden } : {}),
    })
    this.#span.end(terminal?.kind === 'run.failed' ? terminal.error : undefined)
    this.#onEnd()
  }

  /** Pure nodes have none: they take microseconds, within the node that reads them. */
  #startNode(activation: string, node: string): Span | undefined {
    const type = this.#typeOf(node)
    if (type === undefined || ++this.#count > MOST_NODES) return undefined
    const span = this.#tracer.start(`node ${type}`, {
      parent: this.#span,
      attributes: { 'spellmesh.node.id': node, 'spellmesh.node.type': type, 'spellmesh.activation': activation },
    })
    this.#nodes.set(activation, span)
    return span
  }

  #endNode(activation: string, error?: unknown): void {
    this.#nodes.get(activation)?.end(error)
    this.#nodes.delete(activation)
  }

  /** The type of a node that is not pure, by its path. */
  #typeOf(path: string): string | undefined {
    if (this.#types.has(path)) return this.#types.get(path)
    let plan: Plan | undefined = this.#plan
    let type: string | undefined
    for (const id of path.split('/')) {
      const found: Plan['nodes'][number] | undefined = plan?.nodes.find(node => node.id === id)
      type = found && found.kind !== 'pure' ? plan?.document.nodes[id]?.type : undefined
      plan = found?.inner
    }
    this.#types.set(path, type)
    return type
  }
}

function toAttributes({ model, inputTokens, outputTokens, cost }: Usage): SpanAttributes {
  return {
    ...(model === undefined ? {} : { 'gen_ai.response.model': model }),
    ...(inputTokens === undefined ? {} : { 'gen_ai.usage.input_tokens': inputTokens }),
    ...(outputTokens === undefined ? {} : { 'gen_ai.usage.output_tokens': outputTokens }),
    ...(cost === undefined ? {} : { 'spellmesh.usage.cost': cost }),
  }
}
