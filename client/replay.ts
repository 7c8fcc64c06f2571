import { hydrate } from '#graph/blob.ts'
import type { Plan } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import type { Observed } from '#graph/run.ts'
import type { VerifiedRun } from './types.ts'

/**
 * What every activation of a verified run read, in the order of the run: found out here, by the engine that ran it there, with nothing asked of a server. The
 * event loop turns at least every 5 ms, so that a page stays quick. Rejects with graph's `DivergenceError` where the plan is not the one that ran.
 */
export async function replayRun(
  plan: Plan,
  { entries, blobs = {} }: Pick<VerifiedRun, 'entries' | 'blobs'>,
): Promise<Observed[]> {
  const observed: Observed[] = []
  const isLarge = Object.keys(blobs).length > 0
  const whole = isLarge ? entries.map(entry => hydrate(entry, hash => blobs[hash])) : entries
  await replay(plan, whole, {
    observe: one => void observed.push(one),
    now: () => performance.now(),
    turn: () => new Promise(resolve => setTimeout(resolve, 0)),
  })
  return observed
}
