import type { Usage } from './journal.ts'
import type { Limits } from './limits.ts'

/** What a run has used of what it may (rule 12). Time is the {@link WallClock}'s. */
export class Budget {
  readonly #limits: Limits
  #activations = 0
  #tokens = 0
  #cost = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Counts an activation or an iteration. Answers the limit that is reached. */
  activate(): string | undefined {
    return ++this.#activations <= this.#limits.activations ? undefined : `${this.#limits.activations} activations`
  }

  /** Counts what a node has used. Answers the limit that is reached. */
  use({ inputTokens = 0, outputTokens = 0, cost = 0 }: Usage): string | undefined {
    const { tokens: mostTokens, cost: mostCost } = this.#limits
    this.#tokens += inputTokens + outputTokens
    this.#cost += cost
    if (this.#tokens > mostTokens) return `${mostTokens} tokens: it used ${this.#tokens}`
    return this.#cost > mostCost ? `$${mostCost}: it spent $${this.#cost}` : undefined
  }
}
