import type { Log } from '#mesh/log.ts'
import { ActiveRun } from './active.ts'
import type { ActiveOptions, Workshop } from './active.ts'
import type { Leases } from './leases.ts'

export interface AtWorkOptions {
  readonly leases: Leases
  readonly log: Log
  readonly workshop: Omit<Workshop, 'onGone' | 'onIdle'>
  /** How long a run is kept at work that only waits. */
  readonly idleMs: number
  onCount(active: number): void
  onEnd(run: ActiveRun): void
  /** A run was put aside until this moment. */
  onAside(wakesAt: number | undefined): void
}

/** Runs at work in this process. */
export interface AtWork {
  get(id: string): ActiveRun | undefined
  all(): Iterable<ActiveRun>
  countOf(owner: string): number
  /** Puts a run to work. Of one that was taken up twice at the same time the later attempt goes on. */
  put(given: ActiveOptions): ActiveRun
  close(): void
}

/** The runs at work in this process, counted by user. */
export function createAtWork(options: AtWorkOptions): AtWork {
  const { leases, log, idleMs } = options
  const active = new Map<string, ActiveRun>()
  const perUser = createCounts()
  const idle = new Map<ActiveRun, NodeJS.Timeout>()
  let closed = false

  /** Nobody works on it any more, here or elsewhere, until it is asked or its time has come. */
  const putAside = async (run: ActiveRun, seq: number) => {
    idle.delete(run)
    if (closed || !run.isIdle || run.seq !== seq) return
    const { wakesAt } = run
    const { status } = run.row()
    run.leaveAside()
    const isStored = await untilStored(
      () => leases.putAside(run.id, run.attempt, status, wakesAt),
      error => log.warn({ error, run: run.id }, 'a waiting run cannot be put aside: trying again'),
      () => active.has(run.id) || closed,
    )
    if (isStored) options.onAside(wakesAt)
  }

  const workshop: Workshop = {
    ...options.workshop,
    onIdle(run) {
      clearTimeout(idle.get(run))
      const { seq } = run
      idle.set(
        run,
        setTimeout(() => void putAside(run, seq), idleMs),
      )
    },
    onGone(run) {
      clearTimeout(idle.get(run))
      idle.delete(run)
      if (active.get(run.id) !== run) return
      active.delete(run.id)
      perUser.add(run.owner, -1)
      options.onCount(active.size)
      options.onEnd(run)
    },
  }
  return {
    get: (id: string) => active.get(id),
    all: () => active.values(),
    countOf: perUser.of,
    put(given: ActiveOptions): ActiveRun {
      const before = active.get(given.id)
      if (before && before.attempt >= given.attempt) return before
      before?.abandon()
      // Counted first: a run may end within its constructor's call, though never leave before it is committed.
      perUser.add(given.make.owner, 1)
      const run = new ActiveRun(workshop.traces.mark(given), workshop)
      active.set(run.id, run)
      options.onCount(active.size)
      return run
    },
    close() {
      closed = true
      for (const timer of idle.values()) clearTimeout(timer)
      idle.clear()
    },
  }
}

/** How many there are of each name; of those that there are none of, nothing is kept. */
function createCounts() {
  const counts = new Map<string, number>()
  return {
    of: (name: string) => counts.get(name) ?? 0,
    add(name: string, change: number) {
      const count = (counts.get(name) ?? 0) + change
      if (count > 0) counts.set(name, count)
      else counts.delete(name)
    },
  }
}

/** Tries again until it is stored; false: it need not be any more. */
export async function untilStored(
  store: () => Promise<void>,
  onError: (error: unknown) => void,
  isMoot: () => boolean,
): Promise<boolean> {
  for (let delayMs = 100; !isMoot(); delayMs = Math.min(5_000, delayMs * 2)) {
    try {
      await store()
      return true
    } catch (error) {
      onError(error)
      await new Promise(resolve => setTimeout(resolve, delayMs))
    }
  }
  return false
}
