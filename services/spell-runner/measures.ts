import type { Sandbox } from '#graph/define.ts'
import { NodeFailure } from '#graph/define.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import type { Commit } from './runs/committer.ts'
import type { RecoveryOptions } from './runs/recovery.ts'

/** What metrics tell of a runner's work beside its runs. */
export interface Measures {
  readonly recovery: Pick<RecoveryOptions, 'onTaken' | 'onLost'>
  commit(commit: Commit): Commit
  sandbox<S extends Sandbox>(sandbox: S): Sandbox
}
type Counter = ReturnType<Metrics['counter']>

const ENTRIES = [1, 2, 5, 10, 20, 50, 100, 200, 500]
const SANDBOX_SECONDS = [0.002, 0.01, 0.05, 0.25, 1, 5]
const SANDBOX_RESULTS = new Set(['CODE_ERROR', 'TIMEOUT', 'MEMORY', 'UNAVAILABLE', 'CANCELLED'])

export function createMeasures(metrics: Metrics): Measures {
  const zero = (name: string, help: string): Counter => {
    const counter = metrics.counter(name, help)
    counter.add(0)
    return counter
  }
  const failures = zero(
    'journal_commit_failures_total',
    'Group commits that the database did not take; most are tried again.',
  )
  const entries = metrics.histogram('journal_commit_entries', 'Entries of one group commit.', ENTRIES)
  const jobs = metrics.counter('sandbox_jobs_total', 'Calls of user code, by how they ended.', ['result'])
  const seconds = metrics.histogram(
    'sandbox_seconds',
    'How long calls of user code took, with their wait.',
    SANDBOX_SECONDS,
  )
  const taken = zero('runs_taken_up_total', 'runs taken up from runners that were gone')
  const lost = zero('leases_lost_total', 'times that this runner’s lease ran out before it was renewed')
  return {
    recovery: { onTaken: count => taken.add(count), onLost: () => lost.add() },
    commit: commit => async batches => {
      try {
        const fine = await commit(batches)
        entries.observe(batches.reduce((sum, { texts }) => sum + texts.length, 0))
        return fine
      } catch (error) {
        failures.add()
        throw error
      }
    },
    sandbox: sandbox => ({
      async run(code, args, options) {
        const startedAt = performance.now()
        const end = (result: string) => {
          jobs.add(1, { result })
          seconds.observe((performance.now() - startedAt) / 1000)
        }
        try {
          const result = await sandbox.run(code, args, options)
          end('OK')
          return result
        } catch (error) {
          end(error instanceof NodeFailure && SANDBOX_RESULTS.has(error.code) ? error.code : 'OTHER')
          throw error
        }
      },
    }),
  }
}
