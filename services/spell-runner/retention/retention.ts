import type { Log } from '#mesh/log.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import type { Archive } from './archive.ts'
import type { RetentionStore } from './store.ts'
import type { RunStore } from '../runs/store.ts'

export interface RetentionOptions {
  readonly store: Pick<RunStore, 'sweep'>
  readonly days: RetentionStore
  /** Where runs go before their journals are dropped; absent: nowhere. */
  readonly archive?: Archive
  /** How many days a journal is kept after its run has ended. 0: for ever. */
  readonly keepDays: number
  readonly instance: string
  readonly log: Log
  readonly metrics: Metrics
}

/** Makes the days that journals stand under, and drops those that are kept no longer. */
export interface Retention {
  /** Looks once, then each hour. Resolves when there is a place for what comes now. */
  begin(): Promise<void>
  /** Looks now: whatever is due is dropped, unless another runner is at it. */
  look(): Promise<void>
  /** Resolves when nothing is done any more. */
  end(): Promise<void>
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const DAYS_AHEAD = 3
const PAGE = 200
/** Renewed with every page; a runner that died is replaced after this. */
const CLAIM_MS = 600_000

export function createRetention(options: RetentionOptions): Retention {
  const { days, log } = options
  const keeping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()

  const make = async () => {
    const today = await days.today()
    await days.make(Array.from({ length: DAYS_AHEAD + 1 }, (_, index) => today + index))
  }
  /** What has no day of its own stands with the others: nothing is lost, and it is tried again. */
  const makeOrWarn = () => make().catch((error: unknown) => log.warn({ error }, 'days of journals could not be made'))
  const look = async () => {
    await makeOrWarn()
    if (!keeping.signal.aborted) await dropDue(options, keeping.signal)
  }
  const lookSoon = () => {
    looking = looking
      .then(look)
      .catch((error: unknown) => log.warn({ error }, 'old journals could not be looked after: trying again'))
  }

  return {
    async begin() {
      await makeOrWarn()
      lookSoon()
      timer = setInterval(lookSoon, HOUR_MS)
    },
    look,
    async end() {
      keeping.abort()
      clearInterval(timer)
      await looking
    },
  }
}

async function dropDue(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { days, store, keepDays, instance } = options
  if (!(await days.claim(instance, CLAIM_MS))) return
  const today = await days.today()
  const keptFrom = keepDays > 0 ? today - keepDays : 0
  for (const day of keepDays > 0 ? await days.before(keptFrom) : []) {
    if (signal.aborted) break
    await dropDay(day, { today, keptFrom }, options, signal)
  }
  const [oldest = keptFrom] = keepDays > 0 ? await days.before(keptFrom) : []
  if (!signal.aborted) await store.sweep(oldest)
  await days.unclaim(instance)
}

/** Moves what must stay, keeps a recording of the rest, and drops the day. Whatever goes wrong, the day stays and is tried again. */
async function dropDay(day: number, bounds: Bounds, options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { days, log, metrics } = options
  const count = { moved: 0, archived: 0, failed: 0 }
  try {
    // Else another runner has taken over from one that took too long, or it is time to end.
    if (!(await clearDay(day, bounds, options, count, signal))) return
    if (count.failed === 0 && !(await days.drop(day))) return
  } catch (error) {
    count.failed++
    log.error({ error, day: dateOf(day) }, 'a day of journals is due, and cannot be dropped')
  }
  if (count.failed > 0)
    return metrics.counter('journal_days_stuck_total', 'days of journals that could not be dropped when due').add()
  metrics.counter('journal_days_dropped_total', 'days of journals that were dropped').add()
  log.info({ day: dateOf(day), ...count }, 'a day of journals was dropped')
}

/** Sees to every run of a day; false: it did not come to the end. */
async function clearDay(
  day: number,
  bounds: Bounds,
  options: RetentionOptions,
  count: { moved: number; archived: number; failed: number },
  signal: AbortSignal,
): Promise<boolean> {
  const { days, instance } = options
  for (let after = ''; ;) {
    if (!(await days.claim(instance, CLAIM_MS))) return false
    const runs = await days.runsOf(day, after, PAGE)
    for (const { id, endedAt } of runs) {
      if (signal.aborted) return false
      after = id
      if (endedAt === undefined) continue
      const to = dayFor(endedAt, bounds)
      if (to !== undefined) count.moved += Number(await days.move(id, day, to))
      else if (options.archive) await putAway(id, options.archive, options, count)
    }
    if (runs.length < PAGE) return true
  }
}

interface Bounds {
  readonly today: number
  readonly keptFrom: number
}

/** The day that the journal of a run is to stand under; undefined: it is to go. */
function dayFor(endedAt: number, { today, keptFrom }: Bounds): number | undefined {
  if (endedAt === 0) return today
  const ended = Math.min(today, Math.floor(endedAt / DAY_MS))
  return ended < keptFrom ? undefined : ended
}

async function putAway(
  id: string,
  archive: Archive,
  { days, log, metrics }: RetentionOptions,
  count: { archived: number; failed: number },
): Promise<void> {
  try {
    const row = await days.run(id)
    if (!row) return
    await archive.put(row)
    count.archived++
    metrics.counter('runs_archived_total', 'runs that were written to the archive').add()
  } catch (error) {
    count.failed++
    metrics.counter('runs_not_archived_total', 'times that a run could not be written to the archive').add()
    log.error({ error, run: id }, 'a run cannot be written to the archive: its journal stays')
  }
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
