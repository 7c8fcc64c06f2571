import { LRUCache } from 'lru-cache'

/** Under which day each run's journal stands. */
export interface Days {
  /** Reads from the day of a run; where it `isMissed` there, and the journal has moved meanwhile, from that day. Undefined: there is no such run. */
  read<T>(run: string, from: (day: number) => Promise<{ found: T; isMissed: boolean }>): Promise<T | undefined>
}

const MOST_KNOWN = 20_000

/**
 * Keeps the days of runs that were looked up. They are written into statements as numbers: then Postgres opens the one partition that it needs, where planning for all of
 * them took longer than to read.
 */
export function createDays(lookUp: (run: string) => Promise<number | undefined>): Days {
  const known = new LRUCache<string, number>({ max: MOST_KNOWN })
  const look = async (run: string): Promise<number | undefined> => {
    const day = await lookUp(run)
    if (day !== undefined) known.set(run, day)
    return day
  }
  return {
    async read(run, from) {
      const day = known.get(run) ?? (await look(run))
      if (day === undefined) return undefined
      const { found, isMissed } = await from(day)
      if (!isMissed) return found
      const now = await look(run)
      return now === undefined || now === day ? found : (await from(now)).found
    },
  }
}
