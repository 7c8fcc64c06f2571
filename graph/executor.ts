import type { Activation, Answer, Waits } from './activation.ts'
import { Context, contextOf } from './context.ts'
import { DivergenceError, JournalExhausted } from './cursor.ts'
import type { NodeAnswer, NodeEmissions, NodeResult, WaitEnd } from './define.ts'
import { NodeFailure } from './define.ts'
import type { Engine } from './engine.ts'
import { Follower } from './follower.ts'
import { backOffMs } from './back-off.ts'
import type { Entry, Failure } from './journal.ts'
import type { Values } from './json.ts'
import type { KnownEnd } from './known.ts'
import { resultKey } from './known.ts'
import {
  checkOutputs,
  isRetryable,
  kindOfAnswer,
  NO_PULSES,
  NO_VALUES,
  PureFailure,
  readOutputs,
  readPulses,
  toFailure,
} from './values.ts'
import { Reuse } from './reuse.ts'
import type { RunOptions } from './run.ts'
import { readWait } from './waiting.ts'

const LONGEST_TIMER_MS = 86_400_000

/** Runs actions: at once, later, in several results; again after a failure or a crash. Or takes from the journal what they did. */
export class Executor {
  readonly #engine: Engine
  readonly #follower: Follower
  readonly #durable: RunOptions['durable']
  readonly #reuse: Reuse

  constructor(engine: Engine, { durable, recall }: Pick<RunOptions, 'durable' | 'recall'>) {
    this.#engine = engine
    this.#durable = durable
    this.#reuse = new Reuse(engine, this, recall)
    this.#follower = new Follower(engine, this)
  }

  /** Runs a ready activation, whose inputs have been read. */
  begin(activation: Activation): void {
    const { listens } = activation.node
    if (listens) activation.listening = true
    if (this.#engine.record.replaying && this.#follower.followOwn(activation)) return
    if (this.#reuse.repeat(activation)) return
    if (listens) this.noteStart(activation)
    else this.#attempt(activation)
  }

  /** Lets a recorded entry of an activation take effect. */
  apply(activation: Activation, entry: Entry): void {
    this.#follower.apply(activation, entry)
  }

  applyAnswer(activation: Activation, answer: Answer): void {
    activation.waits = undefined
    activation.answer = answer
  }

  /** Goes on with an activation that the journal left without an end. */
  resume(activation: Activation): void {
    const { answer, node } = activation
    if (activation.listening) return
    if (activation.waits) return this.#armDeadline(activation)
    if (answer) return this.#goOn(activation, answer)
    if (activation.backingOff) return this.#backOff(activation)
    if (node.effect !== 'unsafe' || this.#engine.forked) return this.#attempt(activation)
    this.#wait(activation, { reason: 'interrupted' })
  }

  /** The wait is over. */
  #goOn(activation: Activation, { choice, outputs, value }: Answer): void {
    switch (choice) {
      case 'use':
        return this.#settle(activation, { outputs: (outputs ?? {}) as Values })
      case 'fail':
        return this.conclude(activation, {
          code: 'INTERRUPTED',
          message: 'it was interrupted, and a person chose to let it fail',
          node: activation.path,
        })
      case 'retry':
        return this.#again(activation)
      default: {
        const end: WaitEnd = choice === 'expired' ? { kind: 'expired' } : { kind: 'answered', value: value ?? null }
        activation.turn++
        activation.drawn = activation.streamed = 0
        this.#invoke(activation, end)
      }
    }
  }

  /** A source was sent something. */
  received(activation: Activation, { outputs, pulses }: KnownEnd): void {
    this.#engine.record.emitted(activation, outputs, pulses)
    this.#engine.deliver(activation, outputs, pulses, activation.emitted++)
  }

  #wait(activation: Activation, waits: Waits): void {
    this.abort(activation)
    this.#engine.record.waiting(activation, waits)
    activation.waits = waits
    this.#armDeadline(activation)
  }

  /** Ends a wait at its time. */
  #armDeadline(activation: Activation): void {
    const { until } = activation.waits ?? {}
    if (until === undefined) return
    const { host } = this.#engine
    const { turn } = activation
    const left = Math.max(0, until - host.now())
    activation.controller ??= new AbortController()
    host.sleep(Math.min(left, LONGEST_TIMER_MS), activation.controller.signal).then(
      () =>
        this.late(activation, turn, () => {
          if (left > LONGEST_TIMER_MS) this.#armDeadline(activation)
          else this.answer(activation, { choice: 'expired' })
        }),
      () => undefined,
    )
  }

  /** Takes an answer that fits. */
  answer(activation: Activation, answer: Answer): void {
    this.abort(activation)
    this.#engine.record.answered(activation, answer)
    this.applyAnswer(activation, answer)
    this.#goOn(activation, answer)
  }

  #attempt(activation: Activation): void {
    activation.turn++
    if (activation.writes) activation.writes = undefined
    activation.drawn = activation.streamed = 0
    if (activation.node.reuses && activation.attempt === 1 && this.#engine.host.results) this.#lookUp(activation)
    else this.#run(activation)
  }

  /** Others go on while it is asked: that it has begun stands where it began. */
  #lookUp(activation: Activation): void {
    this.noteStart(activation)
    const { turn } = activation
    const go = (known: KnownEnd | undefined) =>
      this.late(activation, turn, () => (known ? this.#reuse.end(activation, known) : this.#run(activation)))
    this.#engine.host.results?.get(resultKey(activation)).then(go, () => go(undefined))
  }

  #run(activation: Activation): void {
    const { effect, type } = activation.node
    if (effect !== 'unsafe' && !type.keyed) return this.#invoke(activation, undefined)
    // Whoever takes over must know that this may have happened, and with which inputs, so it is written down before.
    this.noteStart(activation)
    if (!this.#durable) return this.#invoke(activation, undefined)
    const { turn } = activation
    this.#durable(this.#engine.record.seq).then(
      () => this.late(activation, turn, () => this.#invoke(activation, undefined)),
      error => this.late(activation, turn, () => this.failed(activation, error)),
    )
  }

  /** Runs the node; or, with the end of its wait, asks it what comes of that. */
  #invoke(activation: Activation, end: WaitEnd | undefined): void {
    const { node, inputs = NO_VALUES } = activation
    let answer: NodeAnswer
    try {
      answer = end
        ? node.type.afterWait?.(end, inputs, new Context(this.#engine, activation, node))
        : node.type.run?.(inputs, contextOf(this.#engine, activation, node))
    } catch (error) {
      this.failed(activation, error)
      return
    }
    switch (kindOfAnswer(answer)) {
      case 'now':
        this.#settle(activation, answer as NodeResult | undefined)
        return
      case 'later': {
        this.noteStart(activation)
        this.#watch(activation)
        const { turn } = activation
        ;(answer as Promise<NodeResult | undefined>).then(
          result => this.late(activation, turn, () => this.#settle(activation, result)),
          error => this.late(activation, turn, () => this.failed(activation, error)),
        )
        return
      }
      case 'stream':
        this.noteStart(activation)
        this.#watch(activation)
        void this.#pull(activation, answer as NodeEmissions)
    }
  }

  /** Writes down that it has begun, unless that is known. */
  noteStart(activation: Activation): void {
    const { pending, record } = this.#engine
    if (pending.has(activation.id)) return
    record.nodeStarted(activation)
    pending.set(activation.id, activation)
  }

  /** Lets something that came later take effect, unless the attempt is over. */
  late(activation: Activation, turn: number, work: () => void): void {
    if (activation.turn !== turn) return
    this.#engine.guard(() => {
      work()
      this.#engine.pump()
    })
  }

  /** Takes one result after the other. What was emitted before a crash is not emitted again. */
  async #pull(activation: Activation, emissions: NodeEmissions): Promise<void> {
    const { turn } = activation
    let index = activation.node.type.continues ? activation.emitted : 0
    try {
      for (;;) {
        await this.#engine.gate()
        if (activation.turn !== turn) break
        const step = await emissions.next()
        if (activation.turn !== turn) break
        if (step.done) return this.late(activation, turn, () => this.#settle(activation, step.value ?? undefined))
        this.late(activation, turn, () => {
          if (index++ >= activation.emitted) this.#emit(activation, step.value)
        })
      }
      await emissions.return(undefined)
    } catch (error) {
      this.late(activation, turn, () => this.failed(activation, error))
    }
  }

  #emit(activation: Activation, result: NodeResult): void {
    let outputs: Values
    let pulses: readonly string[]
    try {
      outputs = readOutputs(result, this.#engine.limits)
      pulses = readPulses(result, activation.node.emitPulses)
    } catch (error) {
      this.failed(activation, error)
      return
    }
    this.#engine.record.emitted(activation, outputs, pulses)
    this.#engine.deliver(activation, outputs, pulses, activation.emitted++)
  }

  #settle(activation: Activation, result: NodeResult | undefined): void {
    let outputs: Values
    let pulses: readonly string[]
    try {
      if (result?.wait) {
        const waits = readWait(result.wait)
        this.noteStart(activation)
        return this.#wait(activation, waits)
      }
      outputs = readOutputs(result, this.#engine.limits)
      pulses = readPulses(result, activation.node.endPulses)
      if (activation.writes) checkOutputs(Object.fromEntries(activation.writes), this.#engine.limits.outputBytes)
    } catch (error) {
      this.failed(activation, error)
      return
    }
    if (activation.writes)
      for (const [key, value] of activation.writes) this.#engine.record.changed(activation, key, value)
    const usage = result?.usage
    this.#engine.record.ended(activation, outputs, pulses, usage)
    if (activation.node.reuses && activation.emitted === 0 && !activation.writes)
      this.#engine.host.results?.put(resultKey(activation), { outputs, pulses, ...(usage ? { usage } : {}) })
    this.over(activation, outputs, pulses)
    if (usage) this.#engine.count(usage)
  }

  /** The activation has ended: what that leads to. */
  over(activation: Activation, outputs: Values, pulses: readonly string[]): void {
    const { pending } = this.#engine
    if (pending.size > 0) pending.delete(activation.id)
    activation.turn++
    this.#engine.state.commit(activation.writes)
    this.#engine.deliver(activation, outputs, pulses, activation.emitted)
    this.#engine.release(activation)
  }

  /** An attempt failed: again, or for good (rule 7). */
  failed(activation: Activation, error: unknown): void {
    if (error instanceof DivergenceError || error instanceof JournalExhausted) throw error
    this.abort(activation)
    activation.writes = undefined
    const failure = error instanceof PureFailure ? error.failure : toFailure(error, activation.path)
    const attempts = activation.node.kind === 'scope' ? 1 : (activation.node.retry?.attempts ?? 1)
    if (activation.attempt >= attempts || !isRetryable(error) || activation.inputs === undefined) {
      this.conclude(activation, failure)
      return
    }
    this.#engine.record.nodeFailed(activation, failure, false, NO_PULSES)
    this.#engine.pending.set(activation.id, activation)
    activation.backingOff = true
    this.#backOff(activation)
  }

  #backOff(activation: Activation): void {
    const turn = ++activation.turn
    activation.controller = new AbortController()
    this.#engine.host.sleep(backOffMs(activation), activation.controller.signal).then(
      () =>
        this.late(activation, turn, () => {
          activation.backingOff = false
          this.#again(activation)
        }),
      () => undefined,
    )
  }

  #again(activation: Activation): void {
    activation.answer = undefined
    activation.attempt++
    this.#engine.record.nodeStarted(activation)
    this.#attempt(activation)
  }

  /** Ends an attempt that takes longer than its policy allows. */
  #watch(activation: Activation): void {
    const timeoutMs = activation.node.retry?.timeoutMs
    if (!timeoutMs) return
    const { turn } = activation
    activation.controller ??= new AbortController()
    this.#engine.host.sleep(timeoutMs, activation.controller.signal).then(
      () =>
        this.late(activation, turn, () =>
          this.failed(activation, new NodeFailure('TIMEOUT', `it took longer than ${timeoutMs} ms`)),
        ),
      () => undefined,
    )
  }

  /** A node has failed for good. */
  conclude(activation: Activation, failure: Failure): void {
    const pulses = activation.node.wires.has('error') ? ['error'] : NO_PULSES
    this.#engine.record.nodeFailed(activation, failure, true, pulses)
    this.fallOut(activation, failure, pulses)
  }

  /** Fires the `error` output; where it is not wired, the nearest scope node around whose is; where there is none, the run fails. */
  fallOut(activation: Activation, failure: Failure, pulses: readonly string[]): void {
    this.#engine.pending.delete(activation.id)
    activation.turn++
    if (pulses.length > 0) {
      this.#engine.deliver(activation, { failure: { ...failure } }, pulses, activation.emitted)
      this.#engine.release(activation)
      return
    }
    for (let { owner } = activation.frame; owner; owner = owner.activation.frame.owner) {
      if (!owner.activation.node.wires.has('error')) continue
      this.#engine.scopes.abandon(owner)
      this.conclude(owner.activation, failure)
      return
    }
    this.#engine.end({ kind: 'failed', failure })
  }

  /** What is around it was given up: nobody wants its result any more, nor an answer to what it asks. */
  drop(activation: Activation): void {
    this.abort(activation)
    if (!activation.waits) return
    activation.waits = undefined
    this.#engine.record.answered(activation, { choice: 'dropped' })
  }

  /** Ends the attempt at work: its signal aborts, and nothing it still says counts. */
  abort(activation: Activation): void {
    activation.turn++
    activation.controller?.abort(new Error('the node is no longer wanted'))
    activation.controller = undefined
  }
}
