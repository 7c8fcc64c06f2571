import type { Failure } from './journal.ts'
import type { Limits } from './limits.ts'
import type { RunOptions } from './run.ts'

/** What the clock needs of a run. */
interface Timed {
  readonly host: Pick<RunOptions['host'], 'now' | 'sleep'>
  readonly limits: Limits
  fail(failure: Failure): void
}

/** The budget of a run's wall clock, of this process: a run that was interrupted does not pay for the time nobody worked on it. */
export class WallClock {
  readonly #run: Timed
  #openedAt = 0
  #stopping: AbortController | undefined

  constructor(run: Timed) {
    this.#run = run
  }

  /** The run begins, or goes on. */
  open(): void {
    this.#openedAt = this.#run.host.now()
  }

  /** Sets the timer, unless it is set: a run that never waits needs none. */
  start(): void {
    if (this.#stopping) return
    const { host, limits } = this.#run
    const { wallClockMs } = limits
    this.#stopping = new AbortController()
    const left = Math.max(0, this.#openedAt + wallClockMs - host.now())
    host.sleep(left, this.#stopping.signal).then(
      () =>
        this.#run.fail({
          code: 'BUDGET',
          message: `the run took longer than its limit of ${wallClockMs} ms of wall clock`,
        }),
      () => undefined,
    )
  }

  stop(): void {
    this.#stopping?.abort(new Error('the run has ended'))
  }
}
