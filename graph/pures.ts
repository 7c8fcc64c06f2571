import type { Activation } from './activation.ts'
import type { ContextHost } from './context.ts'
import { contextOf } from './context.ts'
import type { NodeResult } from './define.ts'
import type { Frame } from './frame.ts'
import { gather, PureValues } from './gather.ts'
import type { Values } from './json.ts'
import type { Limits } from './limits.ts'
import type { InputSet, Plan, PlanNode } from './plan.ts'
import type { Recorder } from './recorder.ts'
import type { RunOptions } from './run.ts'
import { checkOutputs, NO_VALUES, PureFailure, toFailure } from './values.ts'

/** What the evaluation of pure nodes needs of a run. */
interface Evaluating extends ContextHost {
  readonly record: Recorder
  readonly limits: Limits
  pinOf(path: string): Values | undefined
}

/** The pure nodes of one run: evaluated when a consumer asks, once per activation of it. */
export class Pures {
  readonly #run: Evaluating
  readonly #observe: RunOptions['observe']
  readonly #values = new Map<Plan, PureValues>()

  constructor(run: Evaluating, observe: RunOptions['observe']) {
    this.#run = run
    this.#observe = observe
  }

  /** Makes room for a plan's values. */
  prepare(plan: Plan): void {
    if (plan.hasPure && !this.#values.has(plan)) this.#values.set(plan, new PureValues())
  }

  /** Reads a consumer's inputs. */
  gather(set: InputSet, frame: Frame, activation: Activation): Values {
    return gather(set, frame, activation, this.#values, this.#evaluate)
  }

  readonly #evaluate = (node: PlanNode, inputs: Values, activation: Activation): Values => {
    const { record, limits } = this.#run
    const { id, frame } = activation
    this.#observe?.({ activation: id, node: frame.prefix + node.id, scope: frame.id, inputs, seq: record.seq })
    const recorded = record.takeValue(node, activation)
    if (recorded) return recorded
    const pin = this.#run.pinOf(frame.prefix + node.id)
    if (pin) {
      record.value(node, activation, pin)
      return pin
    }
    let outputs: Values
    try {
      const answer = node.type.run?.(inputs, contextOf(this.#run, activation, node)) as NodeResult | undefined
      outputs = answer?.outputs === undefined ? NO_VALUES : checkOutputs(answer.outputs, limits.outputBytes)
    } catch (error) {
      throw new PureFailure(toFailure(error, frame.prefix + node.id))
    }
    record.value(node, activation, outputs)
    return outputs
  }
}
