import type { Values } from '#graph/json.ts'
import type { Observed } from '#graph/run.ts'
import type { RunView } from '#graph/view.ts'

/** What nodes read, as the local replay saw it. */
export class Inputs {
  readonly #byNode = new Map<string, { seq: number; inputs: Values }[]>()

  /** Notes an activation; they come in the order of the run. */
  note({ node, inputs, seq }: Observed): void {
    const list = this.#byNode.get(node)
    if (list) list.push({ seq, inputs })
    else this.#byNode.set(node, [{ seq, inputs }])
  }

  /** What a node read last before this moment; undefined where nobody knows. */
  at(node: string, view: RunView): Values | undefined {
    const list = this.#byNode.get(node)
    if (!list) return undefined
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle]?.seq ?? 0) < view.seq) low = middle + 1
      else high = middle
    }
    return list[low - 1]?.inputs
  }
}
