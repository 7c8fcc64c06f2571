import type { Values } from '#graph/json.ts'
import type { Observed } from '#graph/run.ts'

/** What nodes read, as the local replay saw it: by node (with the path to it) and activation. */
export class Inputs {
  readonly #byNode = new Map<string, Map<string, Values>>()

  /** Notes an activation. Of one that was tried again, the last attempt counts. */
  note({ node, activation, inputs }: Pick<Observed, 'node' | 'activation' | 'inputs'>): void {
    const known = this.#byNode.get(node)
    if (known) known.set(activation, inputs)
    else this.#byNode.set(node, new Map([[activation, inputs]]))
  }

  /** What a node read; undefined where nobody knows. */
  of(node: string, activation: string): Values | undefined {
    return this.#byNode.get(node)?.get(activation)
  }
}
