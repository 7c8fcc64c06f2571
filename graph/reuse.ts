import type { Activation } from './activation.ts'
import type { Engine } from './engine.ts'
import type { Executor } from './executor.ts'
import type { KnownEnd, KnownResult, Recall } from './known.ts'
import { NO_VALUES } from './values.ts'

/** Gives what is known of an activation in place of running it: what it gave in an earlier run, or the same node with the same inputs in any. */
export class Reuse {
  readonly #engine: Engine
  readonly #executor: Executor
  readonly #recall: Recall | undefined

  constructor(engine: Engine, executor: Executor, recall: Recall | undefined) {
    this.#engine = engine
    this.#executor = executor
    this.#recall = recall
  }

  /** Takes what the activation gave in an earlier run. False: it goes on for real, after what it has emitted there. */
  repeat(activation: Activation): boolean {
    const { id, path, node, inputs = NO_VALUES } = activation
    const known = this.#recall?.(id, path, node, inputs)
    return known !== undefined && this.#take(activation, known)
  }

  #take(activation: Activation, { emissions, end, writes }: KnownResult): boolean {
    const { type } = activation.node
    if (!end && !activation.listening && !type.continues) return false
    if (emissions.length > 0) this.#executor.noteStart(activation)
    for (const emission of emissions) this.#executor.received(activation, emission)
    if (!end) return false
    for (const [key, value] of writes) {
      ;(activation.writes ??= new Map()).set(key, value)
      this.#engine.record.changed(activation, key, value)
    }
    this.end(activation, end)
    return true
  }

  /** Ends an activation with what is known of it. */
  end(activation: Activation, end: KnownEnd): void {
    this.#engine.record.endedWithout(activation, end, 'cached')
    this.#executor.over(activation, end.outputs, end.pulses)
  }
}
