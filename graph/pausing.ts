import type { Activation } from './activation.ts'
import type { RunPaused, RunResumed } from './journal.ts'
import { MOST_BUFFERED } from './limits.ts'

const NONE: ReadonlySet<string> = new Set()

/** Whether a run may go on: paused or not, where it is to stop by itself, and whether sources must wait. */
export class Pausing {
  paused = false
  #breakpoints: ReadonlySet<string>
  /** Breakpoints that the journal does not know of yet. */
  #fresh: readonly string[] | undefined
  /** Stop before the next activation, whichever it is. */
  #stepping = false
  /** Paused where nothing in particular was about to run: a step runs what comes next. */
  #between = false
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
    this.#fresh = [...this.#breakpoints]
  }

  /** Breakpoints that the journal does not know of yet; from now on it does. */
  takeFresh(): readonly string[] | undefined {
    const fresh = this.#fresh
    this.#fresh = undefined
    return fresh
  }

  /** Why to stop before this activation, if at all; once for each. */
  stopsAt(activation: Activation): 'breakpoint' | 'step' | undefined {
    if (activation.passed) return undefined
    const reason = this.#breakpoints.has(activation.path) ? 'breakpoint' : this.#stepping ? 'step' : undefined
    activation.passed = reason !== undefined
    return reason
  }

  pause(reason: RunPaused['reason']): void {
    this.paused = true
    this.#stepping = false
    this.#between = reason === 'asked'
  }

  /** Does what the journal says. `next`: the activation that is to run next. */
  follow(entry: RunPaused | RunResumed, next: Activation | undefined): void {
    if (entry.kind === 'run.paused') {
      this.pause(entry.reason)
      if (entry.reason !== 'asked' && next) next.passed = true
      return
    }
    if (entry.breakpoints) this.#breakpoints = new Set(entry.breakpoints)
    this.play(entry.step ?? false, next)
  }

  /** `next`: the activation that is to run next. A step runs it, and stops before the one after. */
  play(step: boolean, next: Activation | undefined): void {
    if (step && this.#between && next) next.passed = true
    this.paused = this.#between = false
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
