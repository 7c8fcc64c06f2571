import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { isAway, orAway, sayingAway } from './database-away.ts'
import type { Database, Session } from './database.ts'
import type { Log } from './log.ts'
import { makeTogether } from './migrate.ts'

/** Opens a pool on a Postgres server. Nothing is prepared by name and no session is changed, so that a transaction-mode pooler may stand between. */
export async function openServerDatabase(url: string, options: { max: number; log: Log }): Promise<Database> {
  const { log } = options
  const pool = await patiently(() => connectedPool(url, options), log)
  pool.on('error', error => log.warn({ error }, 'an idle database connection was lost'))
  return toDatabase(pool, await enableVectors(pool, log))
}

/** A server may be starting, or starting again, when this process does. */
async function patiently<T>(connect: () => Promise<T>, log: Log): Promise<T> {
  const late = Date.now() + PATIENCE_MS
  for (let tries = 1; ; tries++) {
    try {
      return await connect()
    } catch (error) {
      if (!isAway(error) || Date.now() > late) throw error
      if (tries === 1) log.warn({ error }, 'the database cannot be reached yet: trying on')
      await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
  }
}

/** A pooler may refuse the start-up parameter that limits statements: then only the client limits them. */
async function connectedPool(url: string, { max, log }: { max: number; log: Log }): Promise<pg.Pool> {
  const limited = createPool(url, max, { statement_timeout: STATEMENT_TIMEOUT_MS })
  try {
    await limited.query('select 1')
    return limited
  } catch (error) {
    await limited.end()
    if (!(error instanceof Error && /unsupported startup parameter/.test(error.message))) throw error
    log.info(
      {},
      "a pooler refuses statement_timeout as a start-up parameter: set it for the role, or in pgbouncer's connect_query",
    )
    return createPool(url, max, {})
  }
}

function createPool(url: string, max: number, extra: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'spellmesh',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8 ? parseInt8 : pg.types.getTypeParser(oid, format as 'text'),
    },
    ...extra,
  })
  // One that is lost in use tells whoever uses it, too; without a listener that would end the process.
  pool.on('connect', client => client.on('error', () => undefined))
  return pool
}

/** How long a process waits for the database when it starts. */
const PATIENCE_MS = 30_000
const AGAIN_MS = 500
const STATEMENT_TIMEOUT_MS = 30_000
/** Of migrations: they lift the server's limit. */
const RUN_TIMEOUT_MS = 3_600_000
const INT8 = 20

/** As PGlite has it: a number while that is exact. */
function parseInt8(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

async function enableVectors(pool: pg.Pool, log: Log): Promise<boolean> {
  const { rows } = await pool.query<{ installed: string | null }>(
    "select installed_version as installed from pg_available_extensions where name = 'vector'",
  )
  const [found] = rows
  if (!found) {
    log.warn({}, 'this PostgreSQL has no pgvector: vector search is off until the extension is installed')
    return false
  }
  if (found.installed) return true
  try {
    await makeTogether({ transaction: work => inTransaction(pool, work) }, 'create extension if not exists vector')
    return true
  } catch (error) {
    log.warn({ error }, 'pgvector could not be enabled: run "create extension vector" as a superuser')
    return false
  }
}

function toDatabase(pool: pg.Pool, vectors: boolean): Database {
  const kysely = new Kysely<any>({ dialect: new PostgresDialect({ pool: sayingAway(pool) }) })
  let closed: Promise<void> | undefined
  return {
    kysely,
    alone: false,
    vectors,
    transaction: work => orAway(inTransaction(pool, work)),
    pool: () => ({ all: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    isReady: () =>
      pool.query('select 1').then(
        () => true,
        () => false,
      ),
    [Symbol.asyncDispose]: () => (closed ??= close(kysely, pool)),
  }
}

async function close(kysely: Kysely<unknown>, pool: pg.Pool): Promise<void> {
  await kysely.destroy()
  if (!pool.ended && !pool.ending) await pool.end()
}

/** What the client waits for as long as it takes; the types do not know of that. */
function patient(text: string): pg.QueryConfig & { readonly query_timeout: number } {
  return { text, query_timeout: RUN_TIMEOUT_MS }
}

async function inTransaction<T>(pool: pg.Pool, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query('begin')
    const result = await work({
      run: async text => void (await client.query(patient(text))),
      query: async <Row>(text: string, parameters: readonly unknown[] = []) =>
        (await client.query(text, [...parameters])).rows as Row[],
    })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true
    })
    throw error
  } finally {
    client.release(broken)
  }
}
