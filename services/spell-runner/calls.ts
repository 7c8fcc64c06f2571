import { unauthenticated } from '#mesh/errors.ts'
import type { Call } from '#mesh/service.ts'
import type { ActiveRun } from './runs/active.ts'

/** Everything here belongs to a user. */
export function userOf({ caller }: Call): string {
  if (caller.user === '') throw unauthenticated('this needs a user')
  return caller.user
}

/** Resolves when the call can be answered: when the run is stored, or has come as far as it can by itself. */
export function settled(run: ActiveRun, detached: boolean, signal: AbortSignal): Promise<void> {
  return detached ? run.stored : untilAborted(run.settled, signal)
}

/** A caller that is gone does not wait; the run goes on. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
