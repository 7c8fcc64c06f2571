import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDiskBlobs } from './blobs-disk.ts'
import { openFolderDatabase } from './database-pglite.ts'
import type { Database } from './database.ts'
import { listServices, loadServices } from './discover.ts'
import type { NamedService } from './discover.ts'
import { startHost } from './host.ts'
import type { Host } from './host.ts'
import { newId } from './ids.ts'
import type { Client, Contract } from './service.ts'
import { usedBy } from './start-order.ts'
import { layCluster } from './testing-cluster.ts'
import { openReadyDatabase } from './testing-database.ts'

export { openTestDatabase } from './testing-database.ts'

export interface EmbeddedOptions {
  /** What to run, with all that these use. Absent: everything. */
  readonly services?: readonly string[]
  /** Services that no folder holds, e.g. a test's own. */
  readonly declared?: readonly NamedService[]
  readonly settings?: Readonly<Record<string, string>>
  /** A folder that the database and files are kept in. Absent: they are the system's own and die with it. */
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
  if (options.dataDir) await layCluster(options.dataDir)
  const database = options.dataDir ? await openFolderDatabase(options.dataDir) : await openReadyDatabase()
  const keepsBlobs = Boolean(options.dataDir ?? options.settings?.['BLOB_URL'])
  const host = await startHost({
    services,
    source: settings,
    serve: false,
    database,
    // The folder is made when the first file comes.
    ...(keepsBlobs ? {} : { blobs: await openDiskBlobs(join(tmpdir(), newId('spellmesh')), { temporary: true }) }),
  })
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
