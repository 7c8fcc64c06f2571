import type { Activation } from './activation.ts'
import type { ScopeDriver } from './define.ts'
import type { Frame } from './frame.ts'
import type { Values } from './json.ts'

/** A scope node at work: which child scopes are open, and what those that have closed left. */
export class ScopeRun {
  readonly activation: Activation
  /** Undefined for a sub-spell: it has one child scope. */
  readonly driver: ScopeDriver | undefined
  readonly frames = new Set<Frame>()
  readonly results: Values[] = []
  next = 0
  exhausted = false

  constructor(activation: Activation, driver: ScopeDriver | undefined) {
    this.activation = activation
    this.driver = driver
  }
}
