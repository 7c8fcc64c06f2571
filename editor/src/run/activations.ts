import type { Entry, Failure, Usage } from '#graph/journal.ts'
import type { Values } from '#graph/json.ts'
import type { Timeline } from '#graph/timeline.ts'
import type { NodeState } from '#graph/view.ts'

/** One time that a node was at work, as far as it had come at a moment. */
export interface Activation {
  readonly activation: string
  readonly scope: string | undefined
  readonly state: NodeState
  /** Numbers of its first entry, and of the last one so far. */
  readonly seq: number
  readonly lastSeq: number
  readonly startedAt: number
  /** Undefined: still at work. */
  readonly endedAt: number | undefined
  /** 1, 2 …: which attempt it is at, or ended with. */
  readonly attempt: number
  readonly outputs: Values
  readonly pulses: readonly string[]
  readonly error: Failure | undefined
  readonly usage: Usage | undefined
}

type Activated = Extract<Entry, { activation: string }>

/** All activations of all nodes of a run. Reads entries when it is asked. */
export class Activations {
  readonly #timeline: Timeline
  /** By node, in the order of their first entries. */
  readonly #byNode = new Map<string, Activated[][]>()
  readonly #byId = new Map<string, Activated[]>()
  #read = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  has(node: string, activation: string): boolean {
    this.#readOn()
    return this.#byId.has(`${node}\n${activation}`)
  }

  /** How many activations of a node have begun by entry `seq`. */
  count(node: string, seq: number): number {
    this.#readOn()
    const list = this.#byNode.get(node) ?? []
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle]?.[0]?.seq ?? 0) <= seq) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Activation `index` (0, 1 …) of a node as it stood after entry `seq`; undefined: it had not begun. */
  at(node: string, index: number, seq: number): Activation | undefined {
    this.#readOn()
    const entries = this.#byNode.get(node)?.[index]
    return entries && fold(entries, seq, this.#timeline)
  }

  #readOn(): void {
    const { entries } = this.#timeline
    for (; this.#read < entries.length; this.#read++) {
      const entry = entries[this.#read]
      if (!entry || !('activation' in entry)) continue
      const key = `${entry.node}\n${entry.activation}`
      const known = this.#byId.get(key)
      if (known) {
        known.push(entry)
        continue
      }
      const made = [entry]
      this.#byId.set(key, made)
      const list = this.#byNode.get(entry.node)
      if (list) list.push(made)
      else this.#byNode.set(entry.node, [made])
    }
  }
}

type Draft = { -readonly [K in keyof Activation]: Activation[K] }

function fold(entries: readonly Activated[], seq: number, timeline: Timeline): Activation | undefined {
  const [first] = entries
  if (!first || first.seq > seq) return undefined
  const { activation, scope, at: startedAt } = first
  const draft: Draft = {
    ...{ activation, scope, startedAt, state: 'running', seq: first.seq, lastSeq: first.seq, attempt: 1 },
    ...{ endedAt: undefined, outputs: {}, pulses: [], error: undefined, usage: undefined },
  }
  for (const entry of entries) {
    if (entry.seq > seq) break
    draft.lastSeq = entry.seq
    apply(draft, entry)
  }
  const end = timeline.entries[Math.min(seq, timeline.last) - 1]
  if (draft.endedAt === undefined && end && 'lastSeq' in end)
    Object.assign(draft, { state: draft.state === 'failed' ? 'failed' : 'cancelled', endedAt: end.at })
  return draft
}

function apply(draft: Draft, entry: Activated): void {
  switch (entry.kind) {
    case 'node.started':
      Object.assign(draft, { state: 'running', attempt: entry.attempt ?? draft.attempt })
      return
    case 'node.value':
      Object.assign(draft, { state: 'done', outputs: entry.outputs, endedAt: entry.at })
      return
    case 'node.emitted':
      Object.assign(draft, { outputs: { ...draft.outputs, ...entry.outputs }, pulses: entry.pulses })
      return
    case 'scope.opened':
      draft.outputs = { ...draft.outputs, ...entry.values }
      return
    case 'node.ended':
      Object.assign(draft, {
        ...{ state: entry.cached ? 'cached' : 'done', endedAt: entry.at, pulses: entry.pulses, usage: entry.usage },
        outputs: { ...draft.outputs, ...entry.outputs },
        error: undefined,
      })
      return
    case 'node.failed':
      Object.assign(draft, { error: entry.error, attempt: entry.attempt })
      if (entry.final) Object.assign(draft, { state: 'failed', endedAt: entry.at, pulses: entry.pulses ?? [] })
      return
    case 'run.waiting':
      draft.state = 'waiting'
      return
    case 'run.answered':
      draft.state = 'running'
      return
    default:
  }
}
