import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { Kysely, PGliteDialect } from 'kysely'
import type { PGliteDialectConfig } from 'kysely'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'
import { keepClean } from './database-pglite-cleaning.ts'
import { createPgliteSession } from './database-pglite-session.ts'
import type { PgliteSession } from './database-pglite-session.ts'
import { createStatements } from './database-pglite-statements.ts'
import type { Answer } from './database-pglite-statements.ts'
import { takeLock } from './lock-file.ts'
import { ensureCluster } from './new-cluster.ts'

/** Opens Postgres inside this process, in `dataDir/postgres`. Rejects when another process has it open. */
export async function openFolderDatabase(dataDir: string): Promise<Database> {
  await mkdir(dataDir, { recursive: true })
  const lock = await takeLock(join(dataDir, 'lock'))
  try {
    const folder = join(dataDir, 'postgres')
    await ensureCluster(folder)
    const pglite = await PGlite.create({ dataDir: folder, extensions: { vector } })
    // To fill each new file of the log with zeros stops everything for a tenth of a second; it is of use to other file systems only.
    await pglite.exec('create extension if not exists vector; set wal_init_zero = off')
    return toDatabase(pglite, () => lock.release())
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Opens an empty Postgres that lives in this process's memory, from a snapshot where one is given. */
export async function openMemoryDatabase(snapshot?: Blob): Promise<Database & { snapshot(): Promise<Blob> }> {
  const pglite = await PGlite.create({ extensions: { vector }, ...(snapshot ? { loadDataDir: snapshot } : {}) })
  await pglite.exec('create extension if not exists vector')
  return { ...toDatabase(pglite), snapshot: () => pglite.dumpDataDir('none') }
}

function toDatabase(pglite: PGlite, release?: () => Promise<void>): Database {
  const session = createPgliteSession(createStatements(pglite))
  const kysely = new Kysely<any>({ dialect: new PGliteDialect({ pglite: toDialect(pglite, session) }) })
  let closed: Promise<void> | undefined
  const stopCleaning = keepClean(session)
  const close = async () => {
    stopCleaning()
    await kysely.destroy()
    await session.end()
    if (!pglite.closed) await pglite.close()
    await release?.()
  }
  return {
    kysely,
    alone: true,
    vectors: true,
    transaction: work =>
      session.transaction(({ query, exec }) =>
        work({
          run: exec,
          query: async <Row>(text: string, parameters?: readonly unknown[]) =>
            (await query<Row>(text, parameters)).rows,
        }),
      ),
    isReady: () =>
      closed
        ? Promise.resolve(false)
        : session.query('select 1').then(
            () => true,
            () => false,
          ),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  }
}

type DialectPglite = Exclude<PGliteDialectConfig['pglite'], (...given: never[]) => unknown>

/** What kysely's dialect needs of PGlite, over our session. Kysely does not close it: we do. */
function toDialect(pglite: PGlite, session: PgliteSession): DialectPglite {
  const toResults = <Row>({ rows, affectedRows }: Answer<Row>) => ({ rows, affectedRows, fields: [] })
  const query = async <Row>(text: string, parameters?: readonly unknown[]) =>
    toResults(await session.query<Row>(text, parameters))
  return {
    query,
    transaction: work =>
      session.transaction(inside =>
        work({
          query: async <Row>(text: string, parameters?: readonly unknown[]) =>
            toResults(await inside.query<Row>(text, parameters)),
          rollback: () => inside.exec('rollback'),
        }),
      ),
    get closed() {
      return pglite.closed
    },
    get ready() {
      return pglite.ready
    },
    waitReady: pglite.waitReady,
    close: async () => {},
  }
}
