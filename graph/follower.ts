import type { Activation } from './activation.ts'
import { DivergenceError } from './cursor.ts'
import type { Engine } from './engine.ts'
import type { Executor } from './executor.ts'
import type { Entry } from './journal.ts'
import type { Values } from './json.ts'
import { NO_PULSES } from './values.ts'

/** Takes from the journal what actions did. */
export class Follower {
  readonly #engine: Engine
  readonly #executor: Executor

  constructor(engine: Engine, executor: Executor) {
    this.#engine = engine
    this.#executor = executor
  }

  /** Takes what was recorded within this step. False: the journal ended in the middle of it. */
  followOwn(activation: Activation): boolean {
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
        activation.backingOff = false
        activation.waits = activation.answer = activation.writes = undefined
        return
      case 'node.emitted':
        this.#engine.deliver(activation, entry.outputs as Values, entry.pulses, activation.emitted++)
        return
      case 'node.ended':
        if (entry.usage && !entry.cached) this.#engine.count(entry.usage)
        this.#executor.over(activation, entry.outputs as Values, entry.pulses)
        return
      case 'node.failed':
        activation.attempt = entry.attempt
        activation.writes = undefined
        if (entry.final) this.#executor.fallOut(activation, entry.error, entry.pulses ?? NO_PULSES)
        else activation.backingOff = true
        return
      case 'state.changed':
        ;(activation.writes ??= new Map()).set(entry.key, entry.value)
        return
      case 'run.waiting':
        activation.waits = entry
        return
      case 'run.answered':
        this.#executor.applyAnswer(activation, entry)
        return
      case 'node.log':
        return
      default:
        throw new DivergenceError(entry.seq, `${entry.kind} of "${activation.path}", which is at work`)
    }
  }
}
