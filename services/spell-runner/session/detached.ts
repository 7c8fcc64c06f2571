import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { isCoded } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'

/** A run that its session leaves behind. */
export interface DetachedRun {
  readonly id: string
  readonly owner: string
  readonly spell: string
}

/** Runs whose session is gone and which nobody has come back to: each is cancelled after a while, at work or waiting. */
export interface Detached {
  add(run: DetachedRun): void
  /** This user is here again and has opened the spell: its runs go on, wherever they are at work. */
  keep(user: string, spell: string): void
  close(): void
}

/** `cancel` must change nothing about a run that has ended. */
export function createDetached(
  bus: Bus,
  log: Log,
  afterMs: number,
  cancel: (owner: string, run: string, reason: string) => Promise<unknown>,
): Detached {
  const timers = new Map<DetachedRun, NodeJS.Timeout>()
  const drop = (run: DetachedRun) => {
    clearTimeout(timers.get(run))
    timers.delete(run)
  }
  const subscription = bus.subscribe('att.v1.*.*', message => {
    const [user, spell] = message.subject.split('.').slice(2)
    for (const run of timers.keys()) if (run.owner === user && run.spell === spell) drop(run)
  })
  return {
    add(run) {
      const timer = setTimeout(() => {
        timers.delete(run)
        const reason = `nobody came back to it within ${Math.round(afterMs / 1000)} s`
        cancel(run.owner, run.id, reason).catch((error: unknown) => {
          // Its spell may have gone, and the run with it.
          if (isCoded(error, 'NOT_FOUND')) return
          log.warn({ error, run: run.id }, 'a run that nobody came back to is not cancelled')
        })
      }, afterMs)
      timers.set(run, timer)
    },
    keep: (user, spell) => bus.publish(subject('att.v1', user, spell), new Uint8Array()),
    close() {
      subscription.unsubscribe()
      for (const run of [...timers.keys()]) drop(run)
    },
  }
}
