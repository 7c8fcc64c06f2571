import type { Failure } from './journal.ts'
import type { Limits } from './limits.ts'
import type { RunOptions } from './run.ts'

/** What the clock needs of a run. */
interface Timed {
  readonly host: Pick<RunOptions['host'], 'now' | 'sleep'>
  readonly limits: Limits
  fail(failure: Failure): void
}

/** The budget of a run's wall clock, of this process: time in which nobody works on the run, or it waits for something outside, is not counted. */
export class WallClock {
  readonly #run: Timed
  #usedMs = 0
  #openedAt: number | undefined
  #stopping: AbortController | undefined

  constructor(run: Timed) {
    this.#run = run
  }

  /** The run begins, or goes on. */
  open(): void {
    this.#openedAt ??= this.#run.host.now()
  }

  /** Sets the timer, unless it is set: a run that never waits needs none. */
  start(): void {
    if (this.#stopping) return
    this.open()
    const { host, limits } = this.#run
    const { wallClockMs } = limits
    this.#stopping = new AbortController()
    const left = Math.max(0, wallClockMs - this.#usedMs - host.now() + (this.#openedAt ?? 0))
    host.sleep(left, this.#stopping.signal).then(
      () =>
        this.#run.fail({
          code: 'BUDGET',
          message: `the run took longer than its limit of ${wallClockMs} ms of wall clock`,
        }),
      () => undefined,
    )
  }

  /** Nothing is counted until it is opened again. */
  hold(): void {
    if (this.#openedAt === undefined) return
    this.#usedMs += this.#run.host.now() - this.#openedAt
    this.#openedAt = undefined
    this.stop()
  }

  stop(): void {
    this.#stopping?.abort(new Error('the clock is held'))
    this.#stopping = undefined
  }
}
