import type { Activation, Answer, Waits } from './activation.ts'
import type { Cursor } from './cursor.ts'
import { DivergenceError, JournalExhausted } from './cursor.ts'
import type {
  Entry,
  Failure,
  LogLevel,
  NodeEnded,
  NodeFailed,
  RunCancelled,
  RunCompleted,
  RunFailed,
  RunPaused,
  RunStarted,
  TerminalEntry,
  Usage,
} from './journal.ts'
import type { Json, JsonObject, Values } from './json.ts'
import type { PlanNode } from './plan.ts'
import type { RunOptions } from './run.ts'

const ENTRIES_PER_LOOK = 8

/**
 * Writes the journal, or follows one: while it replays, each call takes the next entry instead and refuses one that does not fit.
 * Entries are built once, here, with their keys in one order.
 */
export class Recorder {
  seq = 0
  replaying: boolean
  readonly replayOnly: boolean
  readonly #cursor: Cursor
  readonly #options: RunOptions
  #at = 0
  #entriesUntilLook = 0

  constructor(options: RunOptions & { readonly replayOnly?: boolean }, cursor: Cursor) {
    this.#options = options
    this.#cursor = cursor
    this.replayOnly = options.replayOnly ?? false
    this.replaying = cursor.peek() !== undefined
  }

  /** The entry that is followed next. At the end of the journal: undefined, and live from now on. */
  peek(): Entry | undefined {
    const entry = this.#cursor.peek()
    if (entry) return entry
    if (this.replayOnly) throw new JournalExhausted()
    this.replaying = false
    return undefined
  }

  /** Takes it. */
  next(): Entry {
    const entry = this.#cursor.take()
    this.seq = entry.seq
    return entry
  }

  /** While replaying: the entry that must come now; undefined: the journal is at its end, live from now on. */
  #expect<K extends Entry['kind']>(kind: K, activation?: Activation): Extract<Entry, { kind: K }> | undefined {
    if (!this.replaying) return undefined
    const entry = this.peek()
    if (!entry) return undefined
    if (entry.kind !== kind || (activation && 'activation' in entry && entry.activation !== activation.id)) {
      const found = 'node' in entry ? `${entry.kind} of "${entry.node}"` : entry.kind
      throw new DivergenceError(
        entry.seq,
        `expected ${kind}${activation ? ` of "${activation.path}"` : ''}, found ${found}`,
      )
    }
    this.next()
    return entry as Extract<Entry, { kind: K }>
  }

  /** Time may have passed: the next entry looks at the clock. */
  lookAtClock(): void {
    this.#entriesUntilLook = 0
  }

  /** Of entries that are written in one go, every eighth looks at the clock: nodes that answer at once take microseconds. */
  #now(): number {
    if (this.#entriesUntilLook-- <= 0) {
      this.#entriesUntilLook = ENTRIES_PER_LOOK - 1
      this.#at = this.#options.host.now()
    }
    return this.#at
  }

  #append(entry: Entry): void {
    this.#options.append(entry)
  }

  started({ run, spell, revision, inputs, state, seed, startAt, fork }: RunOptions): RunStarted {
    const recorded = this.#expect('run.started')
    const entry: RunStarted = recorded ?? {
      seq: ++this.seq,
      at: this.#now(),
      kind: 'run.started',
      run,
      spell,
      revision,
      inputs,
      state: state ?? {},
      seed,
      ...(startAt === undefined ? undefined : { startAt }),
      ...(fork === undefined ? undefined : { fork }),
    }
    if (!recorded) this.#append(entry)
    return entry
  }

  nodeStarted(activation: Activation): void {
    if (this.#expect('node.started', activation)) return
    const { frame, attempt } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'node.started',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      ...(attempt === 1 ? undefined : { attempt }),
    })
  }

  /** What the journal says a pure node gave for this consumer, while it is followed. */
  takeValue(node: PlanNode, activation: Activation): Values | undefined {
    if (!this.replaying || !this.peek()) return undefined
    const entry = this.peek()
    // It failed when it was recorded: then it is evaluated again, and fails again.
    if (entry?.kind === 'node.failed' && entry.activation === activation.id) return undefined
    const taken = this.#expect('node.value', activation)
    if (taken && taken.node !== activation.frame.prefix + node.id)
      throw new DivergenceError(taken.seq, `expected a value of "${node.id}", found one of "${taken.node}"`)
    return taken?.outputs as Values | undefined
  }

  value(node: PlanNode, activation: Activation, outputs: Values): void {
    const { id, prefix } = activation.frame
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'node.value',
      node: prefix + node.id,
      activation: activation.id,
      ...(id === undefined ? undefined : { scope: id }),
      outputs,
    })
  }

  emitted(activation: Activation, outputs: Values, pulses: readonly string[]): void {
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'node.emitted',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      index: activation.emitted,
      outputs,
      pulses,
    })
  }

  ended(activation: Activation, outputs: Values, pulses: readonly string[], usage: Usage | undefined): void {
    if (this.replaying && this.#expect('node.ended', activation)) return
    const scope = activation.frame.id
    const seq = ++this.seq
    const at = this.#now()
    // Two plain shapes for the commonest entry: it is built once per activation.
    const entry: NodeEnded =
      scope === undefined
        ? { seq, at, kind: 'node.ended', node: activation.path, activation: activation.id, outputs, pulses }
        : { seq, at, kind: 'node.ended', node: activation.path, activation: activation.id, scope, outputs, pulses }
    this.#append(usage === undefined ? entry : { ...entry, usage })
  }

  /** The end of an activation that did not run: its result was known, or a person has set it. */
  endedWithout(
    activation: Activation,
    { outputs, pulses, usage }: Pick<NodeEnded, 'outputs' | 'pulses' | 'usage'>,
    how: 'cached' | 'pinned',
  ): void {
    if (this.replaying && this.#expect('node.ended', activation)) return
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'node.ended',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      outputs,
      pulses,
      ...(usage === undefined ? undefined : { usage }),
      cached: true,
      ...(how === 'pinned' ? { pinned: true } : undefined),
    })
  }

  nodeFailed(activation: Activation, error: Failure, final: boolean, pulses: readonly string[]): void {
    if (this.#expect('node.failed', activation)) return
    const { frame, attempt } = activation
    const entry: NodeFailed = {
      seq: ++this.seq,
      at: this.#now(),
      kind: 'node.failed',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      attempt,
      error,
      final,
    }
    this.#append(final ? { ...entry, pulses } : entry)
  }

  logged(activation: Activation, node: string, level: LogLevel, text: string, value: Json | undefined): void {
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'node.log',
      node,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      level,
      text,
      ...(value === undefined ? undefined : { value }),
    })
  }

  changed(activation: Activation, key: string, value: Json): void {
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'state.changed',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      key,
      value,
    })
  }

  opened(activation: Activation, opened: string, index: number, values: Values): void {
    if (this.#expect('scope.opened', activation)) return
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'scope.opened',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      opened,
      index,
      values,
    })
  }

  waiting(activation: Activation, waits: Waits): void {
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'run.waiting',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      ...waits,
    })
  }

  paused(reason: RunPaused['reason'], before: string | undefined): void {
    const at = this.#now()
    this.#append({
      seq: ++this.seq,
      at,
      kind: 'run.paused',
      reason,
      ...(before === undefined ? undefined : { before }),
    })
  }

  resumed(step: boolean, breakpoints: readonly string[] | undefined): void {
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'run.resumed',
      ...(step ? { step } : undefined),
      ...(breakpoints === undefined ? undefined : { breakpoints }),
    })
  }

  answered(activation: Activation, { choice, outputs, value }: Answer): void {
    if (this.#expect('run.answered', activation)) return
    const { frame } = activation
    this.#append({
      seq: ++this.seq,
      at: this.#now(),
      kind: 'run.answered',
      node: activation.path,
      activation: activation.id,
      ...(frame.id === undefined ? undefined : { scope: frame.id }),
      choice,
      ...(outputs === undefined ? undefined : { outputs }),
      ...(value === undefined ? undefined : { value }),
    })
  }

  completed(outputs: Values, state: JsonObject): TerminalEntry {
    const recorded = this.#expect('run.completed')
    if (recorded) return recorded
    const seq = ++this.seq
    const entry: RunCompleted = {
      seq,
      at: this.#now(),
      kind: 'run.completed',
      outputs: { ...outputs },
      state,
      lastSeq: seq,
    }
    return this.#terminal(entry)
  }

  failed(error: Failure): TerminalEntry {
    const recorded = this.#expect('run.failed')
    if (recorded) return recorded
    const seq = ++this.seq
    const entry: RunFailed = { seq, at: this.#now(), kind: 'run.failed', error, lastSeq: seq }
    return this.#terminal(entry)
  }

  cancelled(reason: string, played: { outputs: JsonObject; state: JsonObject } | undefined): TerminalEntry {
    const recorded = this.#expect('run.cancelled')
    if (recorded) return recorded
    const seq = ++this.seq
    const entry: RunCancelled = { seq, at: this.#now(), kind: 'run.cancelled', reason, ...played, lastSeq: seq }
    return this.#terminal(entry)
  }

  #terminal(entry: TerminalEntry): TerminalEntry {
    const digest = this.#options.digest?.(entry)
    const complete = digest === undefined ? entry : { ...entry, digest }
    this.#append(complete)
    return complete
  }
}
