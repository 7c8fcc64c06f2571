// Databases in memory that start from a snapshot, which the first one ever makes: that is much faster than to make them anew.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { openMemoryDatabase } from './database-pglite.ts'
import type { Database } from './database.ts'
import { listServices, loadServices } from './discover.ts'
import { migrate, prepare } from './migrate.ts'

/** Opens an empty database. */
export function openTestDatabase(): Promise<Database> {
  return openSnapshot('empty-2', prepare)
}

/** Opens a database with the tables of all services, and nothing in them. */
export async function openReadyDatabase(): Promise<Database> {
  return openSnapshot(`ready-${await digestOfMigrations()}`, async database => {
    await prepare(database)
    for (const { name, declaration } of await loadServices(await listServices()))
      if (declaration.schema) await migrate(database, name, declaration.schema)
  })
}

const FOLDER = fileURLToPath(new URL('../node_modules/.cache/spellmesh/', import.meta.url))

async function openSnapshot(name: string, make: (database: Database) => Promise<void>): Promise<Database> {
  const file = join(FOLDER, `postgres-${name}.tar`)
  const cached = await readFile(file).catch(() => undefined)
  if (cached) return openMemoryDatabase(new Blob([cached]))
  const database = await openMemoryDatabase()
  await make(database)
  await lighten(database)
  await mkdir(FOLDER, { recursive: true })
  const draft = `${file}.${process.pid}`
  try {
    await writeFile(draft, (await database.snapshot()).stream())
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
  await removeOlder(name)
  return database
}

/** Leaves out what no test needs, and each would read and lay out at its start: that makes the start twice as fast. */
async function lighten({ kysely }: Database): Promise<void> {
  await sql`update pg_database set datistemplate = false`.execute(kysely)
  for (const template of ['template0', 'template1']) await sql`drop database ${sql.id(template)}`.execute(kysely)
  await sql`alter system set shared_buffers = '16MB'`.execute(kysely)
  await sql`checkpoint`.execute(kysely)
}

/** Each is some 30 MB. */
async function removeOlder(name: string): Promise<void> {
  const kind = name.split('-')[0] ?? ''
  for (const other of await readdir(FOLDER))
    if (other.startsWith(`postgres-${kind}-`) && other.endsWith('.tar') && other !== `postgres-${name}.tar`)
      await rm(join(FOLDER, other), { force: true })
}

async function digestOfMigrations(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of ['./migrate.ts', './testing-database.ts'])
    hash.update(await readFile(new URL(source, import.meta.url)))
  for (const service of await listServices()) {
    const folder = new URL(`../services/${service}/migrations/`, import.meta.url)
    const names = await readdir(folder).catch(() => [])
    for (const name of names.toSorted())
      hash.update(`${service}/${name}\n`).update(await readFile(new URL(name, folder)))
  }
  return hash.digest('hex').slice(0, 16)
}
