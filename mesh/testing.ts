import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openFolderDatabase, openMemoryDatabase } from './database-pglite.ts'
import type { Database } from './database.ts'
import { listServices, loadServices } from './discover.ts'
import type { NamedService } from './discover.ts'
import { startHost } from './host.ts'
import type { Host } from './host.ts'
import { prepare } from './migrate.ts'
import type { Client, Contract } from './service.ts'
import { usedBy } from './start-order.ts'

export interface EmbeddedOptions {
  /** What to run, with all that these use. Absent: everything. */
  readonly services?: readonly string[]
  /** Services that no folder holds, e.g. a test's own. */
  readonly declared?: readonly NamedService[]
  readonly settings?: Readonly<Record<string, string>>
  /** A folder that the database is kept in. Absent: it lives in memory and dies with the system. */
  readonly dataDir?: string
}

/** Makes clients of services. */
export interface Clients {
  client<C extends Contract>(contract: C): Client<C>
}

/** A running system for a test. */
export interface TestSystem extends Clients, AsyncDisposable {
  /** Clients whose calls are this user's, through the edge. {@link Clients.client} itself calls as the service `test`. */
  as(user: string): Clients
  readonly settings: Readonly<Record<string, string>>
  /** Where the edge answers; empty where it does not run. */
  readonly url: string
  readonly host: Host
  readonly bus: Host['bus']
  readonly database: Database
  stop(): Promise<void>
}

/** Starts services in this process, with a database of their own, the in-process bus and free ports. */
export async function embedded(options: EmbeddedOptions = {}): Promise<TestSystem> {
  const services = [
    ...(options.declared ?? []),
    ...(options.declared && !options.services ? [] : await withUsed(options.services)),
  ]
  const settings = {
    PORT: '0',
    LOG_LEVEL: 'error',
    DRAIN_MS: '5000',
    ...(options.dataDir ? { DATA_DIR: options.dataDir } : {}),
    ...options.settings,
  }
  const database = options.dataDir ? await openFolderDatabase(options.dataDir) : await openTestDatabase()
  const host = await startHost({ services, source: settings, serve: false, database })
  const clients = (user: string, service: string): Clients => ({
    client: contract => host.client(contract, { user, service }),
  })
  return {
    ...clients('', 'test'),
    as: user => clients(user, 'edge'),
    settings,
    url: host.url ?? '',
    host,
    bus: host.bus,
    database: host.database,
    stop: () => host.stop(),
    [Symbol.asyncDispose]: () => host.stop(),
  }
}

async function withUsed(names: readonly string[] | undefined): Promise<readonly NamedService[]> {
  const known = await listServices()
  const loaded = new Map<string, NamedService>()
  let wanted = names ?? known
  while (wanted.length > 0) {
    const found = await loadServices(wanted)
    for (const service of found) loaded.set(service.name, service)
    wanted = [...new Set(found.flatMap(usedBy))].filter(name => known.includes(name) && !loaded.has(name))
  }
  return [...loaded.values()]
}

/** Opens an empty database in memory. The first one ever makes a snapshot, which the others start from: that is four times as fast. */
export async function openTestDatabase(): Promise<Database> {
  const cached = await readFile(SNAPSHOT).catch(() => undefined)
  if (cached) return openMemoryDatabase(new Blob([cached]))
  const database = await openMemoryDatabase()
  await prepare(database)
  await mkdir(new URL('./', SNAPSHOT_URL), { recursive: true })
  const draft = `${SNAPSHOT}.${process.pid}`
  try {
    await writeFile(draft, (await database.snapshot()).stream())
    await rename(draft, SNAPSHOT)
  } finally {
    await rm(draft, { force: true })
  }
  return database
}

const SNAPSHOT_URL = new URL('../node_modules/.cache/spellmesh/postgres-1.tar', import.meta.url)
const SNAPSHOT = fileURLToPath(SNAPSHOT_URL)
