import { isNativeError } from 'node:util/types'
import type { PostgresPool } from 'kysely'
import type pg from 'pg'
import { unavailable } from './errors.ts'

/** Class 08: connection; 57P: the server ends, crashed, or starts; 53300: it has no room for one more. */
const CODES = /^(08|57P|53300)|^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)/
/** What pg says in words of its own. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

/** Whether the database could not be asked, or its answer did not come: the same may succeed later. */
export function isAway(error: unknown): boolean {
  if (!isNativeError(error)) return false
  if ('code' in error && typeof error.code === 'string' && CODES.test(error.code)) return true
  return WORDS.test(error.message) || ('errors' in error && Array.isArray(error.errors) && error.errors.some(isAway))
}

/** Gives what `work` gives; where the database is away, rejects with UNAVAILABLE. */
export async function orAway<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isAway(error)) throw error
    throw unavailable('the database cannot be reached at the moment: try again', { cause: error })
  }
}

/** A pool as kysely's dialect uses it: where the server is away, that is said so. */
export function sayingAway(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, Awaited<ReturnType<PostgresPool['connect']>>>()
  return {
    async connect() {
      const client = await orAway(pool.connect())
      const known = clients.get(client) ?? toDialect(client)
      clients.set(client, known)
      return known
    },
    end: () => pool.end(),
  } as PostgresPool
}

function toDialect(client: pg.PoolClient) {
  const query = (text: string, parameters: readonly unknown[]) => orAway(client.query(text, [...parameters]))
  return { query, release: () => client.release() } as unknown as Awaited<ReturnType<PostgresPool['connect']>>
}
