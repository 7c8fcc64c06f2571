import type { Plan } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import type { Observed } from '#graph/run.ts'
import type { VerifiedRun } from './types.ts'

/**
 * What every activation of a verified run read, in the order of the run: found out here, by the engine that ran it there, with nothing asked of a server. The
 * event loop turns at least every 5 ms, so that a page stays quick. Rejects with graph's `DivergenceError` where the plan is not the one that ran.
 */
export async function replayRun(plan: Plan, { entries }: Pick<VerifiedRun, 'entries'>): Promise<Observed[]> {
  const observed: Observed[] = []
  await replay(plan, entries, {
    observe: one => void observed.push(one),
    now: () => performance.now(),
    turn: () => new Promise(resolve => setTimeout(resolve, 0)),
  })
  return observed
}
