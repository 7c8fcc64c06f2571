import type { Log } from '#mesh/log.ts'
import type { ActiveRun } from './active.ts'
import type { Leases } from './leases.ts'
import type { Runs } from './runs.ts'

const LOOK_MS = 20

/**
 * Leaves the runs at work here to others, each at the next end of a node, so that nothing is interrupted that costs or does something outside. Those that
 * are not so far after `withinMs` are interrupted.
 */
export async function leaveToOthers(
  runs: Pick<Runs, 'active'>,
  leases: Pick<Leases, 'giveUp'>,
  log: Log,
  withinMs: number,
): Promise<void> {
  const late = Date.now() + withinMs
  for (;;) {
    // One may have been taken up just now.
    for (const run of runs.active()) run.hold()
    await leave(
      [...runs.active()].filter(run => run.isStill),
      leases,
      log,
    )
    const left = [...runs.active()]
    if (left.length === 0) return
    if (Date.now() >= late) {
      log.warn({ runs: left.length }, 'runs are interrupted: they did not come to the end of a node')
      return leave(left, leases, log)
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}

async function leave(runs: readonly ActiveRun[], leases: Pick<Leases, 'giveUp'>, log: Log): Promise<void> {
  if (runs.length === 0) return
  for (const run of runs) run.abandon()
  await leases.giveUp(runs.map(({ id }) => id)).catch((error: unknown) => {
    log.warn({ error }, 'runs cannot be left to others: their lease must run out')
  })
}
