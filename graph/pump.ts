import { DivergenceError } from './cursor.ts'
import type { Engine } from './engine.ts'
import type { TerminalEntry } from './journal.ts'
import { isTerminal } from './journal.ts'
import { ActivationQueue } from './queue.ts'
import { WallClock } from './wall-clock.ts'

const STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 32
const SLICE_MS = 4

/** Keeps a run going: takes what is ready, step by step, in slices; follows the journal first; lets in what comes from outside. */
export class Pump {
  readonly #engine: Engine
  readonly queue = new ActivationQueue()
  readonly #clock: WallClock
  #working = false
  #isLive = false
  /** What came while frames were being closed, and what must not come together: one after the other, each after what the one before has closed. */
  readonly #deferred: (() => void)[] = []
  #sliceStart = 0
  #steps = 0
  #held = false

  constructor(engine: Engine) {
    this.#engine = engine
    this.#clock = new WallClock(engine)
  }

  /** Whether the journal it began with has been followed to its end. */
  get isLive(): boolean {
    return this.#isLive
  }

  /** What is ready or at work. */
  get busy(): number {
    return this.queue.size + this.#engine.pending.size
  }

  /** Works until nothing is ready, the run has ended, or the time slice is used up. */
  run(): void {
    if (this.#working || this.#engine.ended) return
    this.#working = true
    this.#clock.open()
    try {
      this.#loop()
    } finally {
      this.#working = false
    }
    this.#engine.pausing.open(this.busy)
  }

  /**
   * Lets in what came from outside. Closing a frame leaves no entry, so nothing may come between two of them: it would not when the
   * journal is followed.
   */
  admit(work: () => void): void {
    if (!this.#working && !this.#engine.pausing.paused && this.#engine.scopes.isClosing) this.defer(work)
    else this.#engine.protect(work)
  }

  /** Does it when no frame is left to be closed, before the next step. */
  defer(work: () => void): void {
    this.#deferred.push(work)
  }

  /** Starts nothing more, for good; what is at work goes on and is recorded. */
  hold(): void {
    this.#held = true
  }

  stop(): void {
    this.#clock.stop()
    this.queue.clear()
  }

  #loop(): void {
    const engine = this.#engine
    const { pausing, record, scopes, queue, steps } = engine
    this.#sliceStart = engine.host.now()
    while (!engine.ended) {
      if (!pausing.paused && scopes.closeNext()) {
        if (this.#isSliceOver()) return
        continue
      }
      if (this.#deferred.length > 0) {
        this.#deferred.shift()?.()
        continue
      }
      if (record.replaying) {
        if (this.#follow()) continue
      } else if (!this.#isLive) {
        this.#isLive = true
        engine.goLive()
        continue
      }
      if (pausing.watches && !record.replaying && this.#stopsHere()) continue
      const activation = pausing.paused || (this.#held && !record.replaying) ? undefined : queue.shift()
      if (!activation) {
        this.#idle()
        return
      }
      steps.step(activation)
      if (this.#isSliceOver()) return
    }
  }

  #isSliceOver(): boolean {
    const { host } = this.#engine
    if (++this.#steps % STEPS_BETWEEN_LOOKS_AT_THE_CLOCK !== 0 || host.now() - this.#sliceStart <= SLICE_MS)
      return false
    this.#letOthersWork()
    return true
  }

  /** While replaying: applies the next entry if it came from outside. False: the next step must produce it. */
  #follow(): boolean {
    const { record, pausing, pending, executor } = this.#engine
    const entry = record.peek()
    if (!entry) return true
    if (isTerminal(entry) && entry.kind !== 'run.completed') {
      this.#engine.finish(record.next() as TerminalEntry)
      return true
    }
    if (entry.kind === 'run.paused' || entry.kind === 'run.resumed') {
      record.next()
      pausing.follow(entry, this.queue.peek())
      return true
    }
    const activation = 'activation' in entry ? pending.get(entry.activation) : undefined
    if (activation) {
      executor.apply(activation, record.next())
      return true
    }
    if (pausing.paused) throw new DivergenceError(entry.seq, `${entry.kind} while the run is paused`)
    return false
  }

  /** Whether a breakpoint or a step ends before the next activation. */
  #stopsHere(): boolean {
    const { pausing, record } = this.#engine
    const activation = pausing.paused ? undefined : this.queue.peek()
    const reason = activation && pausing.stopsAt(activation)
    if (!reason) return false
    record.paused(reason, activation.path)
    pausing.pause(reason)
    return true
  }

  #idle(): void {
    const { record, controls, ended } = this.#engine
    const entry = record.replaying ? record.peek() : undefined
    if (entry)
      throw new DivergenceError(
        entry.seq,
        `nothing leads to ${entry.kind}${'node' in entry ? ` of "${entry.node}"` : ''}`,
      )
    if (ended || record.replayOnly) return
    if (this.#isTimed && controls.standing === 'working') this.#clock.start()
    else this.#clock.hold()
  }

  /** Whether the wall clock counts: not of a played run, which is meant to stay open. */
  get #isTimed(): boolean {
    return this.#engine.plan.sources.length === 0 && !this.#engine.pausing.paused
  }

  #letOthersWork(): void {
    const { host, record, ended } = this.#engine
    if (!ended && !record.replayOnly && this.#isTimed) this.#clock.start()
    host.turn().then(
      () => this.#engine.protect(() => this.run()),
      (error: unknown) =>
        this.#engine.protect(() => {
          throw error
        }),
    )
  }
}
