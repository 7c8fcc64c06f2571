import type { Activation } from './activation.ts'
import { DivergenceError, JournalExhausted } from './cursor.ts'
import { NodeFailure } from './define.ts'
import type { Engine } from './engine.ts'
import type { Values } from './json.ts'
import type { Pin, RunOptions } from './run.ts'
import { NO_PULSES, NO_VALUES } from './values.ts'

/** One step of a run: a ready activation is begun. */
export class Steps {
  readonly #engine: Engine
  readonly #observe: RunOptions['observe']
  readonly #pins: ReadonlyMap<string, Pin> | undefined

  constructor(engine: Engine, { observe, pins }: Pick<RunOptions, 'observe' | 'pins'>) {
    this.#engine = engine
    this.#observe = observe
    this.#pins = pins && new Map(Object.entries(pins))
  }

  /** Does the next thing: reads an activation's inputs and begins it. */
  step(activation: Activation): void {
    const { node, frame } = activation
    if (frame.depth > 0 && frame.isDead()) return
    if (!this.#engine.spend(activation)) return
    if ((this.#pins || this.#engine.record.replaying) && this.#usePin(activation)) return
    let inputs: Values
    try {
      inputs = this.#engine.gather(node.inputs, frame, activation)
    } catch (error) {
      if (error instanceof JournalExhausted || error instanceof DivergenceError) throw error
      // An output that no flow reaches is read when all else is done: where nothing came, it has nothing to say.
      const isEmpty = error instanceof NodeFailure && error.code === 'NO_VALUE'
      if (isEmpty && activation.cause === undefined && node.type.role === 'output')
        this.#engine.finishNow(activation, NO_VALUES, NO_PULSES)
      else this.#engine.executor.failed(activation, error)
      return
    }
    activation.inputs = inputs
    this.#observe?.({
      activation: activation.id,
      node: activation.path,
      scope: frame.id,
      inputs,
      seq: this.#engine.record.seq,
    })
    switch (node.type.role) {
      case undefined:
        if (node.kind === 'scope') this.#engine.scopes.begin(activation)
        else this.#engine.executor.begin(activation)
        return
      case 'sub-spell':
        this.#engine.scopes.begin(activation)
        return
      case 'output':
        if (inputs['value'] !== undefined) frame.ofSpell().outputs[node.name] = inputs['value']
        this.#engine.finishNow(
          activation,
          inputs['value'] === undefined ? NO_VALUES : { value: inputs['value'] },
          node.endPulses,
        )
        return
      case 'exit': {
        const { exits } = frame.ofSpell()
        if (!exits.includes(node.name)) exits.push(node.name)
        this.#engine.finishNow(activation, NO_VALUES, NO_PULSES)
        return
      }
      default:
        this.#engine.finishNow(activation, NO_VALUES, node.endPulses)
    }
  }

  /** Gives what a person has set in place of running the node, or what the journal says was set. */
  #usePin(activation: Activation): boolean {
    const { record } = this.#engine
    const entry = record.replaying ? record.peek() : undefined
    if (entry) {
      if (entry.kind !== 'node.ended' || !entry.pinned || entry.activation !== activation.id) return false
      record.next()
      this.#engine.deliver(activation, entry.outputs as Values, entry.pulses, 0)
    } else {
      const { role } = activation.node.type
      const pin = role === undefined || role === 'sub-spell' ? this.#pins?.get(activation.path) : undefined
      if (!pin) return false
      const { outputs, pulses = activation.node.endPulses } = pin
      record.endedWithout(activation, { outputs: outputs as Values, pulses }, 'pinned')
      this.#engine.deliver(activation, outputs as Values, pulses, 0)
    }
    this.#engine.release(activation)
    return true
  }

  /** What a pure node is to give in place of being evaluated. */
  pinOf(path: string): Values | undefined {
    return this.#pins?.get(path)?.outputs as Values | undefined
  }
}
