import { unauthenticated } from '#mesh/errors.ts'
import type { Call } from '#mesh/service.ts'
import type { RunMessage } from './runs/record.ts'
import type { ActiveRun } from './runs/active.ts'
import type { Runner } from './runner.ts'

/** Everything here belongs to a user. */
export function userOf({ caller }: Call): string {
  if (caller.user === '') throw unauthenticated('this needs a user')
  return caller.user
}

/** How long somebody waits for a run that is played: it may never end. */
const PLAYED_MS = 5_000

/** Resolves when the call can be answered: when the run is stored, or has come as far as it can by itself; of a played run, when it has been played for a while. */
export async function settled(run: ActiveRun, detached: boolean, signal: AbortSignal): Promise<void> {
  if (detached) return run.stored
  if (!run.isPlayed) return untilAborted(run.settled, signal)
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>(resolve => {
    timer = setTimeout(resolve, PLAYED_MS)
  })
  try {
    await untilAborted(Promise.race([run.settled, enough]), signal)
    await run.stored
  } finally {
    clearTimeout(timer)
  }
}

/** A run that an earlier call has started, once it has come as far as it can by itself, wherever that is. */
export async function finished(
  { runs, journals, store }: Pick<Runner, 'runs' | 'journals' | 'store'>,
  owner: string,
  id: string,
  detached: boolean,
  signal: AbortSignal,
): Promise<RunMessage> {
  const here = detached ? undefined : runs.here(id)
  if (here) await settled(here, false, signal)
  const run = await runs.get(owner, id)
  const isAside = Number((await store.find(owner, id))?.asleep_until) > 0
  if (detached || here || isAside || run.status !== 'running') return run
  for await (const _ of journals.watch(owner, id, run.lastSeq, signal)) {
    const now = await runs.get(owner, id)
    if (now.status !== 'running') return now
  }
  return runs.get(owner, id)
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
