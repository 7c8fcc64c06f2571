import { Activation } from './activation.ts'
import type { ContextHost } from './context.ts'
import { Cursor, DivergenceError, JournalExhausted } from './cursor.ts'
import { NodeFailure } from './define.ts'
import { Executor } from './executor.ts'
import { Frame } from './frame.ts'
import { hashString, mixHigh, mixLow } from './hash.ts'
import type { Failure, LogLevel, TerminalEntry } from './journal.ts'
import { isTerminal } from './journal.ts'
import type { Json, JsonObject, Values } from './json.ts'
import type { FlowWire, InputSet, Plan, PlanNode } from './plan.ts'
import { inputOutputs } from './plan.ts'
import { Pures } from './pures.ts'
import { ActivationQueue } from './queue.ts'
import { Recorder } from './recorder.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import type { Run, RunOptions } from './run.ts'
import { RunState } from './run-state.ts'
import { Scopes } from './scopes.ts'
import { NO_PULSES, NO_VALUES, toLogValue } from './values.ts'
import { WallClock } from './wall-clock.ts'

const ROOT = hashString('run')
const STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 32
const SLICE_MS = 4

/** How a run came to an end by itself, before it is recorded. */
type Ending = { kind: 'completed' } | { kind: 'failed'; failure: Failure } | { kind: 'cancelled'; reason: string }

/**
 * The engine: one run. It is a state machine that steps through activations in one order. What comes from outside (ends of nodes that do not
 * answer at once, cancellation …) is recorded where it enters, so that the same steps follow when the record is replayed.
 */
export class Engine implements Run, ContextHost {
  readonly done: Promise<TerminalEntry>
  readonly run: string
  readonly user: string
  readonly seed: number
  readonly host: RunOptions['host']
  readonly plan: Plan
  readonly limits: Limits
  readonly record: Recorder
  readonly root: Frame
  readonly scopes: Scopes
  readonly executor: Executor
  /** Activations that have a recorded start and no end, in order of their start. */
  readonly pending = new Map<string, Activation>()
  readonly #options: RunOptions
  readonly #pures: Pures
  readonly state = new RunState()
  /** What `done` was rejected with. */
  error: Error | undefined
  readonly #queue = new ActivationQueue()
  readonly #clock: WallClock
  #activations = 0
  #pumping = false
  #resumed = false
  #sliceStart = 0
  /** Asked for while the journal is still followed. */
  #wanted: Ending | undefined
  #steps = 0
  #ended = false
  #resolve!: (terminal: TerminalEntry) => void
  #reject!: (error: unknown) => void

  constructor(options: RunOptions & { readonly replayOnly?: boolean }) {
    this.#options = options
    this.run = options.run
    this.user = options.user
    this.seed = options.seed
    this.host = options.host
    this.plan = options.plan
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#clock = new WallClock(this)
    this.#pures = new Pures(this, options.observe)
    this.record = new Recorder(options, new Cursor(options.journal ?? []))
    this.root = new Frame({
      plan: options.plan,
      region: options.plan.region,
      high: ROOT.high,
      low: ROOT.low,
      prefix: '',
      depth: 0,
    })
    this.scopes = new Scopes(this)
    this.executor = new Executor(this, options.durable)
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever awaits it sees the rejection; nobody awaiting it must not end the process.
    this.done.catch(() => undefined)
  }

  get seq(): number {
    return this.record.seq
  }

  get parked(): boolean {
    if (this.#ended || this.pending.size === 0 || !this.#queue.isEmpty) return false
    for (const activation of this.pending.values()) if (!activation.waiting) return false
    return true
  }

  start(): void {
    this.guard(() => {
      const started = this.record.started(this.#options)
      this.#clock.open()
      this.state.open(started.state, this.plan.document.state)
      this.open(this.root, started.inputs as Values)
      this.pump()
    })
  }

  cancel(reason: string): void {
    this.#ask({ kind: 'cancelled', reason })
  }

  fail(failure: Failure): void {
    this.#ask({ kind: 'failed', failure })
  }

  #ask(ending: Ending): void {
    if (this.record.replaying) this.#wanted = ending
    else this.guard(() => this.end(ending))
  }

  abandon(): void {
    this.#ended = true
    this.#abortAll()
  }

  answer(id: string, choice: 'retry' | 'use' | 'fail', outputs?: JsonObject): boolean {
    const activation = this.pending.get(id)
    if (this.#ended || !activation?.waiting) return false
    this.guard(() => {
      this.record.answered(activation, choice, outputs)
      this.executor.applyAnswer(activation, { choice, outputs })
      this.executor.resume(activation)
      this.pump()
    })
    return true
  }

  /** Shows a (sub-)run's inputs at its input nodes and activates its starts. */
  open(frame: Frame, inputs: Values, socket?: string): void {
    const { plan } = frame
    this.#pures.prepare(plan)
    for (const input of plan.inputs) {
      const outputs = inputOutputs(input, inputs)
      if (outputs) frame.keep(input, outputs, 0)
    }
    const named =
      socket === undefined ? [] : plan.nodes.filter(node => node.type.role === 'start' && node.name === socket)
    const { high, low } = frame
    for (const node of named.length > 0 ? named : plan.starts)
      this.activate(node, frame, undefined, 'in', mixHigh(high, low, node.hash, 0), mixLow(high, low, node.hash, 0))
    if (frame.open === 0) this.scopes.quiesce(frame)
  }

  /** Puts an activation into the queue. */
  activate(node: PlanNode, frame: Frame, cause: PlanNode | undefined, socket: string, high: number, low: number): void {
    frame.open++
    this.#queue.push(new Activation(node, frame, high, low, cause, socket))
  }

  /** Keeps outputs and fires pulses of an activation; `emission` tells several of one activation apart. */
  deliver(activation: Activation, outputs: Values, pulses: readonly string[], emission: number): void {
    const { node, frame } = activation
    if (outputs !== NO_VALUES) frame.keep(node, outputs, this.record.seq)
    if (pulses === node.endPulses) {
      for (const wire of node.endWires) this.#fire(wire, activation, emission)
      return
    }
    for (const pulse of pulses) {
      const wires = node.wires.get(pulse)
      if (wires) for (const wire of wires) this.#fire(wire, activation, emission)
    }
  }

  #fire(wire: FlowWire, { high, low, frame, node }: Activation, emission: number): void {
    const { target, socket, hash } = wire
    if (target.kind === 'join') return this.scopes.arrive(wire, frame, node)
    this.activate(target, frame, node, socket, mixHigh(high, low, hash, emission), mixLow(high, low, hash, emission))
  }

  /** The activation is over: its frame may be, too. */
  release({ frame }: Activation): void {
    if (--frame.open === 0) this.scopes.quiesce(frame)
  }

  /** Works until nothing is ready, the run has ended, or the time slice is used up. */
  pump(): void {
    if (this.#pumping || this.#ended) return
    this.#pumping = true
    try {
      this.#loop()
    } finally {
      this.#pumping = false
    }
  }

  #loop(): void {
    this.#sliceStart = this.host.now()
    while (!this.#ended) {
      if (this.scopes.closeNext()) continue
      if (this.record.replaying) {
        if (this.#follow()) continue
      } else if (!this.#resumed) {
        this.#resumed = true
        if (this.#wanted) this.end(this.#wanted)
        for (const activation of [...this.pending.values()]) this.executor.resume(activation)
        continue
      }
      const activation = this.#queue.shift()
      if (!activation) {
        this.#idle()
        return
      }
      this.#step(activation)
      if (++this.#steps % STEPS_BETWEEN_LOOKS_AT_THE_CLOCK === 0 && this.host.now() - this.#sliceStart > SLICE_MS) {
        this.#pauseForOthers()
        return
      }
    }
  }

  /** While replaying: applies the next entry if it came from outside. False: the next step must produce it. */
  #follow(): boolean {
    const entry = this.record.peek()
    if (!entry) return true
    if (isTerminal(entry) && entry.kind !== 'run.completed') {
      this.#finish(this.record.next() as TerminalEntry)
      return true
    }
    const activation = 'activation' in entry ? this.pending.get(entry.activation) : undefined
    if (!activation) return false
    this.executor.apply(activation, this.record.next())
    return true
  }

  #idle(): void {
    const entry = this.record.replaying ? this.record.peek() : undefined
    if (entry)
      throw new DivergenceError(
        entry.seq,
        `nothing leads to ${entry.kind}${'node' in entry ? ` of "${entry.node}"` : ''}`,
      )
    this.#startClock()
  }

  #pauseForOthers(): void {
    this.#startClock()
    this.host.turn().then(
      () => this.guard(() => this.pump()),
      error => this.#reject(error),
    )
  }

  #startClock(): void {
    if (!this.#ended && !this.record.replayOnly) this.#clock.start()
  }

  #step(activation: Activation): void {
    const { node, frame } = activation
    if (frame.depth > 0 && frame.isDead()) return
    if (!this.spend(activation)) return
    let inputs: Values
    try {
      inputs = this.gather(node.inputs, frame, activation)
    } catch (error) {
      if (error instanceof JournalExhausted || error instanceof DivergenceError) throw error
      // An output that no flow reaches is read when all else is done: where nothing came, it has nothing to say.
      const isEmpty = error instanceof NodeFailure && error.code === 'NO_VALUE'
      if (isEmpty && activation.cause === undefined && node.type.role === 'output')
        this.finishNow(activation, NO_VALUES, NO_PULSES)
      else this.executor.failed(activation, error)
      return
    }
    activation.inputs = inputs
    this.#options.observe?.({
      activation: activation.id,
      node: activation.path,
      scope: frame.id,
      inputs,
      seq: this.record.seq,
    })
    switch (node.type.role) {
      case undefined:
        if (node.kind === 'scope') this.scopes.begin(activation)
        else this.executor.begin(activation)
        return
      case 'sub-spell':
        this.scopes.begin(activation)
        return
      case 'output':
        if (inputs['value'] !== undefined) frame.ofSpell().outputs[node.name] = inputs['value']
        this.finishNow(
          activation,
          inputs['value'] === undefined ? NO_VALUES : { value: inputs['value'] },
          node.endPulses,
        )
        return
      case 'exit': {
        const { exits } = frame.ofSpell()
        if (!exits.includes(node.name)) exits.push(node.name)
        this.finishNow(activation, NO_VALUES, NO_PULSES)
        return
      }
      default:
        this.finishNow(activation, NO_VALUES, node.endPulses)
    }
  }

  /** Counts an activation or an iteration; false: the run has reached its limit and ended. */
  spend(activation: Activation): boolean {
    if (++this.#activations <= this.limits.activations) return true
    this.end({
      kind: 'failed',
      failure: {
        code: 'BUDGET',
        message: `the run reached its limit of ${this.limits.activations} activations`,
        node: activation.path,
      },
    })
    return false
  }

  /** Ends an activation that has no recorded start. */
  finishNow(activation: Activation, outputs: Values, pulses: readonly string[]): void {
    this.record.ended(activation, outputs, pulses, undefined)
    this.deliver(activation, outputs, pulses, activation.emitted)
    this.release(activation)
  }

  gather(set: InputSet, frame: Frame, activation: Activation): Values {
    return this.#pures.gather(set, frame, activation)
  }

  log(activation: Activation, node: PlanNode, level: LogLevel, text: string, value: Json | undefined): void {
    if (!this.#ended && !this.record.replaying)
      this.record.logged(activation, activation.frame.prefix + node.id, level, text, toLogValue(value))
  }
  chunk(activation: Activation, offset: number, text: string, fraction: number | undefined): void {
    if (this.#ended) return
    this.#options.chunk?.({
      node: activation.path,
      activation: activation.id,
      offset,
      text,
      ...(fraction === undefined ? {} : { fraction }),
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Ends the run, once. */
  end(ending: Ending): void {
    if (this.#ended) return
    this.#finish(
      ending.kind === 'completed'
        ? this.record.completed(this.root.outputs, this.state.changes())
        : ending.kind === 'failed'
          ? this.record.failed(ending.failure)
          : this.record.cancelled(ending.reason),
    )
  }

  #finish(terminal: TerminalEntry): void {
    this.#ended = true
    this.#abortAll()
    this.#resolve(terminal)
  }

  #abortAll(): void {
    this.#clock.stop()
    for (const activation of this.pending.values()) this.executor.abort(activation)
    this.pending.clear()
    this.#queue.clear()
  }

  /** Runs what came from outside; whatever goes wrong in the engine itself rejects `done`. */
  guard(work: () => void): void {
    if (this.#ended) return
    this.record.lookAtClock()
    try {
      work()
    } catch (error) {
      this.#ended = true
      this.#abortAll()
      if (error instanceof JournalExhausted) return
      this.error = error instanceof Error ? error : new Error(String(error))
      this.#reject(this.error)
    }
  }
}
