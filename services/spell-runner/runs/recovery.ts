import type { Log } from '#mesh/log.ts'
import type { Leases } from './leases.ts'
import type { Runs } from './runs.ts'

export interface RecoveryOptions {
  readonly leases: Leases
  readonly runs: Runs
  readonly log: Log
  readonly leaseMs: number
  /** Nobody else can leave runs behind: it is enough to look once. */
  readonly alone: boolean
  onTaken(count: number): void
  /** The lease had run out. */
  onLost(): void
}

/** Keeps this runner's lease, and takes up runs whose runner is gone. */
export interface Recovery {
  /** Looks once, then goes on looking. */
  begin(): Promise<void>
  /** A run that was put aside is due at this moment, milliseconds since 1970. */
  wakeAt(moment: number | undefined): void
  /** Takes nothing new from now on, and tells the edges so; the lease is still prolonged. */
  drain(): Promise<void>
  /** Gives everything back. */
  end(): Promise<void>
}

const AT_ONCE = 100
const LONGEST_TIMER_MS = 86_400_000
const AGAIN_MS = 1_000

export function createRecovery(options: RecoveryOptions): Recovery {
  const { leases, runs, log, leaseMs, alone } = options
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let renewedAt = 0
  /** It could not be renewed in time: somebody else may have taken what was at work here. */
  let isLost = false
  /** Nothing is taken any more. */
  let leaving = false

  async function renew(): Promise<void> {
    const at = Date.now()
    const kept = await leases.renew([...runs.active()].length)
    if (!alone && (isLost || (!kept && renewedAt > 0))) {
      log.warn({}, 'the lease had run out: the runs at work here are given up')
      options.onLost()
      abandonAll(runs)
      // Those that nobody has taken meanwhile are anybody's now, and may be taken up here.
      await leases.giveUp()
      isLost = false
    }
    renewedAt = at
  }

  async function look(): Promise<void> {
    try {
      await renew()
      for (;;) {
        const taken = leaving ? 0 : await takeOrphans(options)
        if (taken < AT_ONCE) break
      }
      if (!alone && !leaving) await stray.look()
    } catch (error) {
      log.warn({ error }, 'looking after leases failed')
      // Who cannot renew must not work on: another runner may.
      if (alone || Date.now() - renewedAt <= leaseMs) return
      isLost = true
      abandonAll(runs)
    }
  }

  const stray = createStray(leases, runs, log)
  const lookSoon = () => {
    looking ??= look().finally(() => void (looking = undefined))
  }

  const waker = createWaker(leases, log, lookSoon)

  return {
    async begin() {
      await look()
      waker.at(await leases.nextWake())
      if (!alone) timer = setInterval(lookSoon, leaseMs / 3)
    },
    wakeAt: waker.at,
    async drain() {
      leaving = true
      await tellDraining(leases, log)
    },
    async end() {
      leaving = true
      clearInterval(timer)
      waker.end()
      await looking
      await leases.release()
    },
  }
}

async function takeOrphans({ leases, runs, onTaken }: RecoveryOptions): Promise<number> {
  const rows = await leases.takeOrphans(AT_ONCE)
  // One that cannot be taken up must not keep the others from it.
  for (const row of rows) await runs.takeUp(row).catch(() => undefined)
  if (rows.length > 0) onTaken(rows.length)
  return rows.length
}

/**
 * Finds runs that the database has as this runner's and that nobody works on here: the answer that they were taken was lost on its way, or they were first
 * stored when the lease had just been lost. Those that are seen twice under the same attempt are given up; whoever looks next takes them.
 */
function createStray(leases: Leases, runs: Runs, log: Log): { look(): Promise<void> } {
  let seen = new Map<string, number>()
  return {
    async look() {
      const found = await leases.others([...runs.active()].map(({ id }) => id))
      const stray = found.filter(({ id }) => !runs.isTaken(id))
      const again = stray.filter(({ id, attempt }) => seen.get(id) === attempt)
      seen = new Map(stray.map(({ id, attempt }) => [id, attempt]))
      if (again.length === 0) return
      log.warn({ runs: again.map(({ id }) => id) }, 'runs of this runner that nobody works on here are given up')
      await leases.giveUp(again.map(({ id }) => id))
    },
  }
}

/** One timer for the run that is due next. */
function createWaker(leases: Leases, log: Log, onDue: () => void) {
  let next = Infinity
  let timer: NodeJS.Timeout | undefined
  const at = (moment: number | undefined) => {
    if (moment === undefined || moment >= next) return
    next = moment
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        next = Infinity
        onDue()
        leases.nextWake().then(at, (error: unknown) => {
          log.warn({ error }, 'waiting runs cannot be looked up: trying again')
          at(Date.now() + AGAIN_MS)
        })
      },
      Math.min(LONGEST_TIMER_MS, Math.max(0, moment - Date.now()) + 1),
    )
  }
  return {
    at,
    end() {
      next = -Infinity
      clearTimeout(timer)
    },
  }
}

async function tellDraining(leases: Leases, log: Log): Promise<void> {
  try {
    await leases.drain()
  } catch (error) {
    log.warn({ error }, 'the edges are not told that this runner is ending')
  }
}

function abandonAll(runs: Runs): void {
  for (const run of [...runs.active()]) run.abandon()
}
