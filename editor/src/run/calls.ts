import type { Entry } from '#graph/journal.ts'
import type { Timeline } from '#graph/timeline.ts'
import { createTimeline } from '#graph/timeline.ts'

/** A call of a sub-spell: one activation of its node. */
export interface Call {
  /** The scope that what runs inside is in. */
  readonly scope: string
  /** Number of the entry it began with. */
  readonly seq: number
}

/** What happened inside of one call, as a timeline of its own: nodes by their ids in the inner spell, entries numbered anew. */
export interface CallTimeline {
  readonly timeline: Timeline
  /** How many of its entries are among the first `seq` of the run. */
  positionAt(seq: number): number
  /** The number in the run of its entry `position`; 0: before its start. */
  seqAt(position: number): number
}

interface Opened {
  /** The scope it was opened in. */
  readonly outer: string | undefined
  readonly node: string
  readonly activation: string
  readonly index: number
  readonly seq: number
}

/** The scopes of a run, and what happened in them. Reads entries when it is asked: whoever never steps in pays nothing. */
export class Calls {
  readonly #timeline: Timeline
  readonly #scopes = new Map<string, Opened>()
  readonly #byNode = new Map<string, Call[]>()
  readonly #followed = new Map<string, Following>()
  #read = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  /** Calls of a sub-spell node (by its path) inside of a scope, up to an entry, first one first. */
  of(node: string, within: string | undefined, seq: number): readonly Call[] {
    this.#readOn()
    const all = this.#byNode.get(node) ?? []
    const known = all.slice(0, countUpTo(all, seq))
    return within === undefined ? known : known.filter(({ scope }) => this.#isWithin(scope, within))
  }

  /** The node that opened a scope, and which of its turns that is: 0, 1 … */
  scope(scope: string): { readonly node: string; readonly index: number } | undefined {
    this.#readOn()
    return this.#scopes.get(scope)
  }

  /** What happened in a call, up to now. The same object each time; it grows with the run. */
  timelineOf(scope: string): CallTimeline | undefined {
    this.#readOn()
    const opened = this.#scopes.get(scope)
    if (!opened) return undefined
    const following = this.#followed.get(scope) ?? new Following(scope, opened)
    this.#followed.set(scope, following)
    following.readOn(this.#timeline, inner => this.#isWithin(inner, scope))
    return following
  }

  #readOn(): void {
    const { entries } = this.#timeline
    for (; this.#read < entries.length; this.#read++) {
      const entry = entries[this.#read]
      if (entry?.kind !== 'scope.opened') continue
      const { opened, scope: outer, node, activation, index, seq } = entry
      this.#scopes.set(opened, { outer, node, activation, index, seq })
      const list = this.#byNode.get(node)
      if (list) list.push({ scope: opened, seq })
      else this.#byNode.set(node, [{ scope: opened, seq }])
    }
  }

  #isWithin(scope: string | undefined, around: string): boolean {
    for (let at = scope; at !== undefined; at = this.#scopes.get(at)?.outer) if (at === around) return true
    return false
  }
}

class Following implements CallTimeline {
  readonly timeline = createTimeline()
  readonly #scope: string
  readonly #opened: Opened
  /** Numbers in the run, by position. */
  readonly #seqs: number[] = []
  #read: number
  #over = false

  constructor(scope: string, opened: Opened) {
    this.#scope = scope
    this.#opened = opened
    this.#read = opened.seq - 1
  }

  positionAt(seq: number): number {
    return countUpTo(this.#seqs, seq)
  }
  seqAt(position: number): number {
    return this.#seqs[Math.min(position, this.#seqs.length) - 1] ?? 0
  }

  readOn({ entries }: Timeline, isWithin: (scope: string | undefined) => boolean): void {
    for (; this.#read < entries.length && !this.#over; this.#read++) {
      const entry = entries[this.#read]
      const inner = entry && this.#translate(entry, isWithin)
      if (!entry || !inner) continue
      this.#seqs.push(entry.seq)
      this.timeline.push({ ...inner, seq: this.#seqs.length })
      this.#over = 'lastSeq' in inner
    }
  }

  /** The entry as a run of the inner spell alone would have it; undefined: it happened elsewhere. */
  #translate(entry: Entry, isWithin: (scope: string | undefined) => boolean): Entry | undefined {
    const { seq, at } = entry
    if (!('activation' in entry)) return entry
    const { node, activation } = this.#opened
    if (entry.kind === 'scope.opened' && entry.opened === this.#scope)
      return {
        ...{ seq, at, kind: 'run.started', run: '', spell: '', revision: 0, seed: 0 },
        inputs: entry.values,
        state: {},
      }
    if (entry.activation === activation && entry.node === node) {
      const lastSeq = this.#seqs.length + 1
      if (entry.kind === 'node.ended')
        return { seq, at, kind: 'run.completed', lastSeq, outputs: entry.outputs, state: {} }
      if (entry.kind === 'node.failed') return { seq, at, kind: 'run.failed', lastSeq, error: entry.error }
      return undefined
    }
    return isWithin(entry.scope) ? { ...entry, node: entry.node.slice(node.length + 1) } : undefined
  }
}

/** How many of a list that ascends are at or before a number. */
function countUpTo(list: readonly (number | { readonly seq: number })[], seq: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const one = list[middle] ?? 0
    if ((typeof one === 'number' ? one : one.seq) <= seq) low = middle + 1
    else high = middle
  }
  return low
}
