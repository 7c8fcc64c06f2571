import type { Activation } from './activation.ts'
import type { RunPaused, RunResumed } from './journal.ts'
import { MOST_BUFFERED } from './limits.ts'

const NONE: ReadonlySet<string> = new Set()

/** Whether a run may go on: paused or not, where it is to stop by itself, and whether sources must wait. */
export class Pausing {
  paused = false
  #breakpoints: ReadonlySet<string>
  /** Stop before the next activation, whichever it is. */
  #stepping = false
  #gates: (() => void)[] | undefined

  constructor(breakpoints: Iterable<string> | undefined) {
    this.#breakpoints = breakpoints ? new Set(breakpoints) : NONE
  }

  /** Whether there is anything to look at before an activation: one test for runs without breakpoints. */
  get watches(): boolean {
    return this.#stepping || this.#breakpoints.size > 0
  }

  set breakpoints(nodes: Iterable<string>) {
    this.#breakpoints = new Set(nodes)
  }

  /** Why to stop before this activation, if at all; once for each. */
  stopsAt(activation: Activation): 'breakpoint' | 'step' | undefined {
    if (activation.passed) return undefined
    const reason = this.#breakpoints.has(activation.path) ? 'breakpoint' : this.#stepping ? 'step' : undefined
    activation.passed = reason !== undefined
    if (reason) this.#stepping = false
    return reason
  }

  /** Does what the journal says. `next`: the activation that is to run next. */
  follow(entry: RunPaused | RunResumed, next: Activation | undefined): void {
    this.paused = entry.kind === 'run.paused'
    if (entry.kind === 'run.paused' && entry.reason !== 'asked' && next) next.passed = true
  }

  play(step: boolean): void {
    this.paused = false
    this.#stepping = step
  }

  /** Resolves at once, or when sources may go on. `busy`: activations that are ready or at work. */
  gate(busy: number): Promise<void> | undefined {
    if (!this.paused && busy < MOST_BUFFERED) return undefined
    return new Promise(resolve => void (this.#gates ??= []).push(resolve))
  }

  /** Lets sources go on, where they may. */
  open(busy: number): void {
    if (!this.#gates || this.paused || busy >= MOST_BUFFERED) return
    const gates = this.#gates
    this.#gates = undefined
    for (const open of gates) open()
  }

  /** The run is over: whoever waits may go. */
  release(): void {
    this.paused = false
    this.open(0)
  }
}
