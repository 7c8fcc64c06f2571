import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { LRUCache } from 'lru-cache'

/** Under which day each run's journal stands. */
export interface Days {
  /** Reads from the day of a run; where it `isMissed` there, and the journal has moved meanwhile, from that day. Undefined: there is no such run. */
  read<T>(run: string, from: (day: number) => Promise<{ found: T; isMissed: boolean }>): Promise<T | undefined>
}

const MOST_KNOWN = 20_000

/**
 * Knows the days of runs. They are written into statements as numbers: then Postgres opens the one partition that it needs, where planning for all of them took
 * longer than to read.
 */
export function createDays(database: Kysely<unknown>): Days {
  const known = new LRUCache<string, number>({ max: MOST_KNOWN })
  const look = async (run: string): Promise<number | undefined> => {
    const { rows } = await sql<{ day: number }>`
      select journal_day as day from spell_runner.runs where id = ${run}`.execute(database)
    const day = rows[0]?.day
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
