import { Activation } from './activation.ts'
import type { Answer } from './activation.ts'
import { Budget } from './budget.ts'
import type { ContextHost } from './context.ts'
import { Controls } from './controls.ts'
import { Cursor, JournalExhausted } from './cursor.ts'
import { Executor } from './executor.ts'
import { Frame } from './frame.ts'
import { hashString, mixHigh, mixLow } from './hash.ts'
import type { Failure, LogLevel, TerminalEntry, Usage } from './journal.ts'
import type { Json, Values } from './json.ts'
import type { FlowWire, InputSet, Plan, PlanNode } from './plan.ts'
import { inputOutputs, startsNamed } from './plan.ts'
import { Pausing } from './pausing.ts'
import { Pures } from './pures.ts'
import { Pump } from './pump.ts'
import type { ActivationQueue } from './queue.ts'
import { Recorder } from './recorder.ts'
import { limitsOf } from './limits.ts'
import type { Limits } from './limits.ts'
import type { Run, RunOptions, Standing, WaitingFor } from './run.ts'
import { RunState } from './run-state.ts'
import { Scopes } from './scopes.ts'
import { NO_VALUES, toLogValue } from './values.ts'
import { Steps } from './steps.ts'

const ROOT = hashString('run')

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
  readonly pausing: Pausing
  readonly steps: Steps
  readonly #pump: Pump
  readonly #budget: Budget
  /** Asked for while the journal is still followed. */
  #wanted: Ending | undefined
  /** The limit that was reached by then. */
  #overdrawn: string | undefined
  #ended = false
  #controls: Controls | undefined
  #live: PromiseWithResolvers<void> | undefined
  #resolve!: (terminal: TerminalEntry) => void
  #reject!: (error: unknown) => void

  constructor(options: RunOptions & { readonly replayOnly?: boolean }) {
    this.#options = options
    this.run = options.run
    this.user = options.user
    this.seed = options.seed
    this.host = options.host
    this.plan = options.plan
    this.limits = limitsOf(options.plan, options.limits)
    this.#budget = new Budget(this.limits)
    this.pausing = new Pausing(options.breakpoints)
    this.steps = new Steps(this, options)
    this.#pures = new Pures(this, options.observe)
    this.record = new Recorder(options, new Cursor(options.journal ?? []))
    const { plan } = options
    this.root = new Frame({ plan, region: plan.region, ...ROOT, prefix: '', depth: 0 })
    this.scopes = new Scopes(this)
    this.executor = new Executor(this, options)
    this.#pump = new Pump(this)
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

  /** Made when first asked for: most runs are never asked anything. */
  get controls(): Controls {
    return (this.#controls ??= new Controls(this))
  }

  get live(): Promise<void> {
    if (this.#ended || this.isLive) return Promise.resolve()
    return (this.#live ??= Promise.withResolvers<void>()).promise
  }
  get admits(): boolean {
    return this.#ended || this.pausing.paused || !this.scopes.isClosing
  }
  get standing(): Standing {
    return this.#ended ? 'ended' : this.#pump.isLive ? this.controls.standing : 'working'
  }
  get isBusy(): boolean {
    return !this.#ended && (!this.isLive || this.controls.isBusy)
  }
  get paused(): boolean {
    return this.pausing.paused
  }
  get waits(): readonly WaitingFor[] {
    return this.controls.waits
  }
  get wakesAt(): number | undefined {
    return this.controls.wakesAt
  }
  /** Whether a run is branched off: what was at work in the one it came from is not at work here. */
  get forked(): boolean {
    return this.#options.fork !== undefined
  }

  start(): void {
    this.guard(() => {
      const started = this.record.started(this.#options)
      this.state.open(started.state, this.plan.document.state)
      this.open(this.root, started.inputs as Values, started.startAt)
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
    this.#live?.resolve()
  }

  hold(): void {
    this.#pump.hold()
  }
  pause(): void {
    this.controls.pause()
  }
  play(step = false): void {
    this.controls.play(step)
  }
  setBreakpoints(nodes: Iterable<string>): void {
    this.controls.setBreakpoints(nodes)
  }
  answer(activation: string, answer: Answer): void {
    this.controls.answer(activation, answer)
  }
  send(name: string, message: Json): void {
    this.controls.send(name, message)
  }

  /** Shows a (sub-)run's inputs at its input nodes and activates its starts. */
  open(frame: Frame, inputs: Values, socket?: string): void {
    const { plan } = frame
    this.#pures.prepare(plan)
    for (const input of plan.inputs) {
      const outputs = inputOutputs(input, inputs)
      if (outputs) frame.keep(input, outputs, 0)
    }
    const named = socket === undefined ? [] : startsNamed(plan, socket)
    const { high, low } = frame
    const activate = (node: PlanNode) =>
      this.activate(
        node,
        frame,
        undefined,
        'in',
        mixHigh(high, low, node.hash, 0),
        mixLow(high, low, node.hash, 0),
        NO_VALUES,
      )
    for (const node of named.length > 0 ? named : plan.starts) activate(node)
    if (frame === this.root) for (const node of plan.sources) activate(node)
    if (frame.open === 0) this.scopes.quiesce(frame)
  }

  /** Puts an activation into the queue. */
  activate(
    node: PlanNode,
    frame: Frame,
    cause: PlanNode | undefined,
    socket: string,
    high: number,
    low: number,
    given: Values,
  ): void {
    frame.open++
    this.#pump.queue.push(new Activation(node, frame, high, low, cause, socket, given))
  }

  /** Keeps outputs and fires pulses of an activation; `emission` tells several of one activation apart. */
  deliver(activation: Activation, outputs: Values, pulses: readonly string[], emission: number): void {
    const { node, frame } = activation
    if (outputs !== NO_VALUES) frame.keep(node, outputs, this.record.seq)
    if (pulses === node.endPulses) {
      for (const wire of node.endWires) this.#fire(wire, activation, emission, outputs)
      return
    }
    for (const pulse of pulses) {
      const wires = node.wires.get(pulse)
      if (wires) for (const wire of wires) this.#fire(wire, activation, emission, outputs)
    }
  }

  #fire(wire: FlowWire, { high, low, frame, node }: Activation, emission: number, outputs: Values): void {
    const { target, socket, hash } = wire
    if (target.kind === 'join') return this.scopes.arrive(wire, frame, node, outputs)
    this.activate(
      target,
      frame,
      node,
      socket,
      mixHigh(high, low, hash, emission),
      mixLow(high, low, hash, emission),
      outputs,
    )
  }

  /** The activation is over: its frame may be, too. */
  release({ frame }: Activation): void {
    if (--frame.open === 0) this.scopes.quiesce(frame)
  }

  /** Works as far as it can at once. */
  pump(): void {
    this.#pump.run()
  }

  /** Lets in what came from outside; see {@link Pump.admit}. */
  guard(work: () => void): void {
    this.#pump.admit(work)
  }

  /** See {@link Pump.defer}. */
  defer(work: () => void): void {
    this.#pump.defer(work)
  }

  get queue(): ActivationQueue {
    return this.#pump.queue
  }

  /** What is ready or at work. */
  get busy(): number {
    return this.#pump.busy
  }

  /** Resolves when a stream may be asked for more; undefined: at once. */
  gate(): Promise<void> | undefined {
    return this.pausing.gate(this.#pump.busy)
  }

  get isLive(): boolean {
    return this.#pump.isLive
  }

  /** The journal has been followed to its end: what it left without an end goes on, from now on for real. */
  goLive(): void {
    this.#live?.resolve()
    if (this.#wanted) this.end(this.#wanted)
    else if (this.#overdrawn !== undefined) this.#endAtLimit(this.#overdrawn)
    else if (this.pending.size > 0) this.controls.takeOver()
  }

  /** What a pure node is to give in place of being evaluated. */
  pinOf(path: string): Values | undefined {
    return this.steps.pinOf(path)
  }

  /** Adds what a node has used; the run may end at its limit. */
  count(usage: Usage): void {
    const reached = this.#budget.use(usage)
    if (!reached) return
    // While the journal is followed it tells what came of that, unless it ends here.
    if (this.record.replaying) this.#overdrawn = reached
    else this.#endAtLimit(reached)
  }

  /** Counts an activation or an iteration; false: the run has reached its limit and ended. */
  spend(activation: Activation): boolean {
    const reached = this.#budget.activate()
    if (!reached || this.#goesOn()) return true
    this.#endAtLimit(reached, activation.path)
    return false
  }

  /** Whether the journal says that it went on: whoever follows it may have lower limits. Then these count from its end on. */
  #goesOn(): boolean {
    return this.record.replaying && (this.record.peek()?.kind ?? 'run.failed') !== 'run.failed'
  }

  #endAtLimit(reached: string, node?: string): void {
    const message = `the run reached its limit of ${reached}`
    this.end({ kind: 'failed', failure: { code: 'BUDGET', message, ...(node === undefined ? {} : { node }) } })
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
    this.finish(
      ending.kind === 'completed'
        ? this.record.completed(this.root.outputs, this.state.changes())
        : ending.kind === 'failed'
          ? this.record.failed(ending.failure)
          : this.record.cancelled(
              ending.reason,
              this.plan.sources.length > 0
                ? { outputs: { ...this.root.outputs }, state: this.state.changes() }
                : undefined,
            ),
    )
  }

  /** The run has ended with this entry. */
  finish(terminal: TerminalEntry): void {
    this.#ended = true
    this.#abortAll()
    this.#live?.resolve()
    this.#resolve(terminal)
  }

  #abortAll(): void {
    this.pausing.release()
    for (const activation of this.pending.values()) this.executor.abort(activation)
    this.pending.clear()
    this.#pump.stop()
  }

  /** Whatever goes wrong in the engine itself rejects `done`. */
  protect(work: () => void): void {
    if (this.#ended) return
    this.record.lookAtClock()
    try {
      work()
    } catch (error) {
      this.#ended = true
      this.#abortAll()
      this.#live?.resolve()
      if (error instanceof JournalExhausted) return
      this.error = error instanceof Error ? error : new Error(String(error))
      this.#reject(this.error)
    }
  }
}
