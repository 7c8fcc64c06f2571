import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import type { ActiveRun } from '../runs/active.ts'

/** Runs whose session is gone and which nobody has come back to: each is cancelled after a while. */
export interface Detached {
  add(run: ActiveRun): void
  /** This user is here again and has opened the spell: its runs go on, wherever they are at work. */
  keep(user: string, spell: string): void
  close(): void
}

export function createDetached(bus: Bus, afterMs: number): Detached {
  const timers = new Map<ActiveRun, NodeJS.Timeout>()
  const drop = (run: ActiveRun) => {
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
        run.cancel(`nobody came back to it within ${Math.round(afterMs / 1000)} s`)
      }, afterMs)
      timers.set(run, timer)
      run.finished.catch(() => {}).finally(() => drop(run))
    },
    keep: (user, spell) => bus.publish(subject('att.v1', user, spell), new Uint8Array()),
    close() {
      subscription.unsubscribe()
      for (const run of [...timers.keys()]) drop(run)
    },
  }
}
