import type { Activation } from './activation.ts'
import { contextOf } from './context.ts'
import { DivergenceError, JournalExhausted } from './cursor.ts'
import type { NodeAnswer, NodeEmissions, NodeResult } from './define.ts'
import { NodeFailure } from './define.ts'
import type { Engine } from './engine.ts'
import { finish } from './hash.ts'
import type { Entry, Failure } from './journal.ts'
import type { JsonObject, Values } from './json.ts'
import {
  checkOutputs,
  isRetryable,
  kindOfAnswer,
  NO_PULSES,
  PureFailure,
  readOutputs,
  readPulses,
  toFailure,
} from './values.ts'

const LONGEST_BACK_OFF_MS = 3_600_000

/** Runs actions: at once, later, in several results; again after a failure or a crash. Or takes from the journal what they did. */
export class Executor {
  readonly #engine: Engine
  readonly #durable: ((seq: number) => Promise<void>) | undefined

  constructor(engine: Engine, durable: ((seq: number) => Promise<void>) | undefined) {
    this.#engine = engine
    this.#durable = durable
  }

  /** Runs a ready activation, whose inputs have been read. */
  begin(activation: Activation): void {
    if (this.#engine.record.replaying && this.#followOwn(activation)) return
    this.#attempt(activation)
  }

  /** Takes what was recorded within this step. False: the journal ended in the middle of it. */
  #followOwn(activation: Activation): boolean {
    for (;;) {
      const entry = this.#engine.record.peek()
      if (!entry) return false
      if (!('activation' in entry) || entry.activation !== activation.id) {
        throw new DivergenceError(
          entry.seq,
          `expected what "${activation.path}" did, found ${entry.kind}${'node' in entry ? ` of "${entry.node}"` : ''}`,
        )
      }
      this.#engine.record.next()
      if (entry.kind === 'node.started' || (entry.kind === 'node.failed' && !entry.final))
        this.#engine.pending.set(activation.id, activation)
      this.apply(activation, entry)
      if (entry.kind !== 'node.log' && entry.kind !== 'state.changed') return true
    }
  }

  /** Lets a recorded entry of an activation take effect. */
  apply(activation: Activation, entry: Entry): void {
    switch (entry.kind) {
      case 'node.started':
        activation.attempt = entry.attempt ?? 1
        activation.backingOff = activation.waiting = false
        activation.answer = activation.writes = undefined
        return
      case 'node.emitted':
        this.#engine.deliver(activation, entry.outputs as Values, entry.pulses, activation.emitted++)
        return
      case 'node.ended':
        this.#end(activation, entry.outputs as Values, entry.pulses)
        return
      case 'node.failed':
        activation.attempt = entry.attempt
        activation.writes = undefined
        if (entry.final) this.#fallOut(activation, entry.error, entry.pulses ?? NO_PULSES)
        else activation.backingOff = true
        return
      case 'state.changed':
        ;(activation.writes ??= new Map()).set(entry.key, entry.value)
        return
      case 'run.waiting':
        activation.waiting = true
        return
      case 'run.answered':
        this.applyAnswer(activation, entry)
        return
      case 'node.log':
        return
      default:
        throw new DivergenceError(entry.seq, `${entry.kind} of "${activation.path}", which is at work`)
    }
  }

  applyAnswer(
    activation: Activation,
    { choice, outputs }: { choice: 'retry' | 'use' | 'fail'; outputs?: JsonObject | undefined },
  ): void {
    activation.waiting = false
    activation.answer = { choice, outputs }
  }

  /** Goes on with an activation that the journal left without an end. */
  resume(activation: Activation): void {
    const { answer, node } = activation
    if (activation.waiting) return
    if (answer?.choice === 'use') return this.#settle(activation, { outputs: (answer.outputs ?? {}) as Values })
    if (answer?.choice === 'fail')
      return this.conclude(activation, {
        code: 'INTERRUPTED',
        message: 'it was interrupted, and a person chose to let it fail',
        node: activation.path,
      })
    if (answer) {
      activation.answer = undefined
      activation.attempt++
      this.#engine.record.nodeStarted(activation)
      return this.#attempt(activation)
    }
    if (activation.backingOff) return this.#backOff(activation)
    if (node.effect !== 'unsafe') return this.#attempt(activation)
    this.#engine.record.waiting(activation)
    activation.waiting = true
  }

  #attempt(activation: Activation): void {
    activation.turn++
    if (activation.writes) activation.writes = undefined
    activation.drawn = activation.streamed = 0
    if (activation.node.effect !== 'unsafe') return this.#invoke(activation)
    // Whoever takes over must know that this may have happened, so it is written down before.
    this.#noteStart(activation)
    if (!this.#durable) return this.#invoke(activation)
    const { turn } = activation
    this.#durable(this.#engine.record.seq).then(
      () => this.#late(activation, turn, () => this.#invoke(activation)),
      error => this.#late(activation, turn, () => this.failed(activation, error)),
    )
  }

  #invoke(activation: Activation): void {
    const { node, inputs = {} } = activation
    let answer: NodeAnswer
    try {
      answer = node.type.run?.(inputs, contextOf(this.#engine, activation, node))
    } catch (error) {
      this.failed(activation, error)
      return
    }
    switch (kindOfAnswer(answer)) {
      case 'now':
        this.#settle(activation, answer as NodeResult | undefined)
        return
      case 'later': {
        this.#noteStart(activation)
        this.#watch(activation)
        const { turn } = activation
        ;(answer as Promise<NodeResult | undefined>).then(
          result => this.#late(activation, turn, () => this.#settle(activation, result)),
          error => this.#late(activation, turn, () => this.failed(activation, error)),
        )
        return
      }
      case 'stream':
        this.#noteStart(activation)
        this.#watch(activation)
        void this.#pull(activation, answer as NodeEmissions)
    }
  }

  #noteStart(activation: Activation): void {
    const { pending, record } = this.#engine
    if (pending.has(activation.id)) return
    record.nodeStarted(activation)
    pending.set(activation.id, activation)
  }

  /** Lets something that came later take effect, unless the attempt is over. */
  #late(activation: Activation, turn: number, work: () => void): void {
    if (activation.turn !== turn) return
    this.#engine.guard(() => {
      work()
      this.#engine.pump()
    })
  }

  /** Takes one result after the other. What was emitted before a crash is not emitted again. */
  async #pull(activation: Activation, emissions: NodeEmissions): Promise<void> {
    const { turn } = activation
    let index = 0
    try {
      for (;;) {
        const step = await emissions.next()
        if (activation.turn !== turn) break
        if (step.done) return this.#late(activation, turn, () => this.#settle(activation, step.value ?? undefined))
        this.#late(activation, turn, () => {
          if (index++ >= activation.emitted) this.#emit(activation, step.value)
        })
      }
      await emissions.return(undefined)
    } catch (error) {
      this.#late(activation, turn, () => this.failed(activation, error))
    }
  }

  #emit(activation: Activation, result: NodeResult): void {
    let outputs: Values
    try {
      outputs = readOutputs(result, this.#engine.limits)
    } catch (error) {
      this.failed(activation, error)
      return
    }
    const pulses = readPulses(result, activation.node.emitPulses)
    this.#engine.record.emitted(activation, outputs, pulses)
    this.#engine.deliver(activation, outputs, pulses, activation.emitted++)
  }

  #settle(activation: Activation, result: NodeResult | undefined): void {
    let outputs: Values
    try {
      outputs = readOutputs(result, this.#engine.limits)
      if (activation.writes) checkOutputs(Object.fromEntries(activation.writes), this.#engine.limits.outputBytes)
    } catch (error) {
      this.failed(activation, error)
      return
    }
    if (activation.writes)
      for (const [key, value] of activation.writes) this.#engine.record.changed(activation, key, value)
    const pulses = readPulses(result, activation.node.endPulses)
    this.#engine.record.ended(activation, outputs, pulses, result?.usage)
    this.#end(activation, outputs, pulses)
  }

  #end(activation: Activation, outputs: Values, pulses: readonly string[]): void {
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

  /** Full jitter: a random part of a delay that doubles (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). */
  #backOff(activation: Activation): void {
    const { attempt, high, node } = activation
    const longest = Math.min((node.retry?.delayMs ?? 0) * 2 ** (attempt - 1), LONGEST_BACK_OFF_MS)
    const delayMs = Math.round((longest * finish(high + attempt)) / 4_294_967_296)
    const turn = ++activation.turn
    activation.controller = new AbortController()
    this.#engine.host.sleep(delayMs, activation.controller.signal).then(
      () =>
        this.#late(activation, turn, () => {
          activation.backingOff = false
          activation.attempt++
          this.#engine.record.nodeStarted(activation)
          this.#attempt(activation)
        }),
      () => undefined,
    )
  }

  /** Ends an attempt that takes longer than its policy allows. */
  #watch(activation: Activation): void {
    const timeoutMs = activation.node.retry?.timeoutMs
    if (!timeoutMs) return
    const { turn } = activation
    activation.controller ??= new AbortController()
    this.#engine.host.sleep(timeoutMs, activation.controller.signal).then(
      () =>
        this.#late(activation, turn, () =>
          this.failed(activation, new NodeFailure('TIMEOUT', `it took longer than ${timeoutMs} ms`)),
        ),
      () => undefined,
    )
  }

  /** A node has failed for good. */
  conclude(activation: Activation, failure: Failure): void {
    const pulses = activation.node.wires.has('error') ? ['error'] : NO_PULSES
    this.#engine.record.nodeFailed(activation, failure, true, pulses)
    this.#fallOut(activation, failure, pulses)
  }

  /** Fires the `error` output; where it is not wired, the nearest scope node around whose is; where there is none, the run fails. */
  #fallOut(activation: Activation, failure: Failure, pulses: readonly string[]): void {
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

  /** Ends the attempt at work: its signal aborts, and nothing it still says counts. */
  abort(activation: Activation): void {
    activation.turn++
    activation.controller?.abort(new Error('the node is no longer wanted'))
    activation.controller = undefined
  }
}
