import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { Kysely, PGliteDialect, sql } from 'kysely'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'
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
  if (!snapshot) await pglite.exec('create extension if not exists vector')
  return { ...toDatabase(pglite), snapshot: () => pglite.dumpDataDir('none') }
}

function toDatabase(pglite: PGlite, release?: () => Promise<void>): Database {
  const kysely = new Kysely<any>({ dialect: new PGliteDialect({ pglite }) })
  let closed: Promise<void> | undefined
  const close = async () => {
    await kysely.destroy()
    if (!pglite.closed) await pglite.close()
    await release?.()
  }
  return {
    kysely,
    alone: true,
    vectors: true,
    transaction: work =>
      pglite.transaction(transaction =>
        work({
          run: async text => void (await transaction.exec(text)),
          query: async <Row>(text: string, parameters: readonly unknown[] = []) =>
            (await transaction.query<Row>(text, [...parameters])).rows,
        }),
      ),
    isReady: () =>
      closed
        ? Promise.resolve(false)
        : sql`select 1`.execute(kysely).then(
            () => true,
            () => false,
          ),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  }
}
