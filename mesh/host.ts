import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { openBlobs } from './blobs-open.ts'
import type { Blobs } from './blobs.ts'
import { measured } from './bus-measured.ts'
import { createMemoryBus } from './bus-memory.ts'
import type { Bus } from './bus.ts'
import { schemaOf } from './database.ts'
import type { Database } from './database.ts'
import type { NamedService } from './discover.ts'
import { createEndpoints } from './endpoint.ts'
import type { Endpoints } from './endpoint.ts'
import { createHealth, HealthDefinition } from './health.ts'
import { readAllSettings } from './host-settings.ts'
import type { HostSettings, ReadSettings } from './host-settings.ts'
import { openIdentities } from './identities.ts'
import type { Identities, Identity } from './identity.ts'
import { createLifetime } from './lifetime.ts'
import type { Lifetime } from './lifetime.ts'
import { createLog } from './log.ts'
import type { Log } from './log.ts'
import { migrate } from './migrate.ts'
import type { Client, Contract, Environment } from './service.ts'
import type { SettingsDeclaration, SettingsSource } from './settings.ts'
import { withRetries } from './retry.ts'
import { inStartOrder, toFolderName } from './start-order.ts'
import { openMetricsServer } from './metrics-server.ts'
import { createMetrics } from './telemetry.ts'
import type { Metrics } from './telemetry.ts'
import { openTracerOf } from './trace-open.ts'
import type { Tracer } from './trace.ts'
import type { GrpcClients, GrpcClientsOptions } from './transport-grpc-client.ts'
import { createMemoryClient } from './transport-memory.ts'

export interface HostOptions {
  /** What runs here. */
  readonly services: readonly NamedService[]
  /** Where settings are read from. */
  readonly source: SettingsSource
  /** Whether other processes call the services that run here. */
  readonly serve: boolean
  /** Whether the metrics tell of the process. */
  readonly ofProcess?: boolean
  /** In place of what the settings name. The host closes it. */
  readonly database?: Database
  /** The same. */
  readonly blobs?: Blobs
}

/** A running set of services. */
export interface Host extends AsyncDisposable {
  readonly settings: HostSettings
  readonly database: Database
  readonly bus: Bus
  readonly identities: Identities
  readonly log: Log
  /** Where people are answered; undefined where no service announced it. */
  readonly url: string | undefined
  /** Where gRPC is answered; undefined where it is not served. */
  readonly grpcAddress: string | undefined
  /** A client of a service that runs here, by its contract. */
  client<C extends Contract>(contract: C, caller: Identity): Client<C>
  readiness(): Promise<Readonly<Record<string, boolean>>>
  /** Drains and closes everything; the second call waits for the first. */
  stop(): Promise<void>
}

/** Starts services in one process, each after those it uses. Rejects with every wrong setting, or with what the first failing service threw, with all closed again. */
export async function startHost(options: HostOptions): Promise<Host> {
  const services = inStartOrder(options.services)
  const settings = await readOrClose(services, options)
  let tracer: Tracer | undefined
  const log = createLog(settings.host.LOG_LEVEL, { fields: () => tracer?.ids() })
  const lifetime = createLifetime(log, settings.host.DRAIN_MS)
  try {
    const ground = await openGround(options, settings, log, lifetime)
    tracer = ground.tracer
    const running = new Map<string, Running>()
    for (const service of services) running.set(service.name, await startService(service, ground, running))
    const grpcAddress = await serve(options, ground, running)
    await serveMetrics(ground)
    return toHost(ground, running, grpcAddress)
  } catch (error) {
    await lifetime.stop()
    throw error
  }
}

/** What was given to the host is closed also where it does not come to begin. */
async function readOrClose(services: readonly NamedService[], options: HostOptions): Promise<ReadSettings> {
  try {
    return readAllSettings(services, options.source)
  } catch (error) {
    await options.blobs?.[Symbol.asyncDispose]()
    await options.database?.[Symbol.asyncDispose]()
    throw error
  }
}

/** What all services of a process stand on. */
interface Ground {
  readonly settings: ReadSettings
  readonly database: Database
  readonly blobs: Blobs
  readonly bus: Bus
  readonly identities: Identities
  /** Undefined: there is nobody else. */
  readonly clients: GrpcClients | undefined
  readonly log: Log
  readonly metrics: Metrics
  readonly tracer: Tracer
  readonly instance: string
  readonly address: string | undefined
  readonly lifetime: Lifetime
  readonly urls: string[]
  readiness(): Promise<Readonly<Record<string, boolean>>>
}

interface Running {
  readonly contract?: Contract
  readonly endpoints: Endpoints
}

async function openGround(options: HostOptions, settings: ReadSettings, log: Log, lifetime: Lifetime): Promise<Ground> {
  const { host } = settings
  const instance = `i${randomBytes(9).toString('base64url')}`
  const metrics = createMetrics({ ofProcess: options.ofProcess ?? false })
  const services = options.services.map(({ name }) => name)
  const tracer = await openTracerOf(host, { services, instance, log, metrics })
  lifetime.onClose('traces', async () => tracer[Symbol.asyncDispose]())
  const database = options.database ?? (await openDatabase(host, log))
  measurePool(database, metrics)
  lifetime.onClose('database', async () => database[Symbol.asyncDispose]())
  const blobs = options.blobs ?? (await openBlobs(host, database))
  lifetime.onClose('blobs', async () => blobs[Symbol.asyncDispose]())
  const bus = measured(await openBus(host, { name: instance, log, metrics }), metrics)
  lifetime.onClose('bus', async () => bus[Symbol.asyncDispose]())
  const identities = await openIdentities(database)
  const isAlone = database.alone && settings.addresses.size === 0
  const clients = isAlone ? undefined : await openClients(identities, { metrics, tracer })
  lifetime.onClose('channels', () => clients?.close())
  const readiness = async () => ({
    database: await database.isReady(),
    bus: bus.isReady(),
    accepting: !lifetime.draining.aborted,
  })
  const address = addressOf(options, host)
  return {
    settings,
    database,
    blobs,
    bus,
    identities,
    clients,
    log,
    metrics,
    tracer,
    instance,
    address,
    lifetime,
    urls: [],
    readiness,
  }
}

// Only what this process needs is read: the libraries of the others are large.

async function openBus(
  { NATS_URL }: HostSettings,
  options: { name: string; log: Log; metrics: Metrics },
): Promise<Bus> {
  if (!NATS_URL) return createMemoryBus(options.log)
  const { openNatsBus } = await import('./bus-nats.ts')
  return openNatsBus(NATS_URL, options)
}

async function openDatabase({ DATABASE_URL, DATABASE_POOL, DATA_DIR }: HostSettings, log: Log): Promise<Database> {
  if (DATABASE_URL) {
    const { openServerDatabase } = await import('./database-pg.ts')
    return openServerDatabase(DATABASE_URL, { max: DATABASE_POOL, log })
  }
  const { openFolderDatabase } = await import('./database-pglite.ts')
  return openFolderDatabase(DATA_DIR)
}

async function openClients(identities: Identities, options: GrpcClientsOptions): Promise<GrpcClients> {
  const { createGrpcClients } = await import('./transport-grpc-client.ts')
  return createGrpcClients(identities, options)
}

/** What the connections of a pool are about. */
function measurePool({ pool }: Database, metrics: Metrics): void {
  if (!pool) return
  metrics.read(
    'gauge',
    'database_connections',
    'Connections of the pool: all, those at rest, and callers that wait for one.',
    () => Object.entries(pool()).map(([state, value]) => ({ value, labels: { state } })),
    ['state'],
  )
}

async function serveMetrics({ settings, metrics, readiness, lifetime }: Ground): Promise<void> {
  const { METRICS_PORT: port, METRICS_HOST: host } = settings.host
  if (port === 0) return
  const server = await openMetricsServer({ host, port, metrics, readiness })
  lifetime.onClose('metrics', async () => server[Symbol.asyncDispose]())
}

async function startService(
  { name, declaration }: NamedService,
  ground: Ground,
  running: ReadonlyMap<string, Running>,
): Promise<Running> {
  if (declaration.schema) await migrate(ground.database, name, declaration.schema)
  const log = ground.log.child({ service: name })
  const environment: Environment<SettingsDeclaration, Readonly<Record<string, Contract>>> = {
    settings: ground.settings.services.get(name) ?? {},
    services: Object.fromEntries(
      Object.entries(declaration.uses).map(([key, contract]) => [key, clientOf(key, contract, name, ground, running)]),
    ),
    database: schemaOf(ground.database, name),
    vectors: ground.database.vectors,
    blobs: ground.blobs,
    bus: ground.bus,
    identities: ground.identities,
    log,
    metrics: ground.metrics,
    tracer: ground.tracer,
    instance: ground.instance,
    address: ground.address,
    connect: (contract, address) => reach(ground, contract, address, name),
    alone: ground.database.alone,
    draining: ground.lifetime.draining,
    readiness: () => ground.readiness(),
    announce: url => void ground.urls.push(url),
    onStop: stop => ground.lifetime.onStop(name, stop),
  }
  const handlers: unknown = await declaration.start(environment)
  if (!declaration.contract) return { endpoints: {} }
  const { contract, open = [] } = declaration
  return {
    contract,
    endpoints: createEndpoints({
      service: name,
      contract,
      open,
      handlers: handlers as Record<string, unknown>,
      log,
      metrics: ground.metrics,
      tracer: ground.tracer,
    }),
  }
}

function clientOf(
  key: string,
  contract: Contract,
  user: string,
  ground: Ground,
  running: ReadonlyMap<string, Running>,
): Client<Contract> {
  const own = { user: '', service: user }
  const name = toFolderName(key)
  const here = running.get(name)
  if (here) return createMemoryClient(here.endpoints, own)
  const address = ground.settings.addresses.get(name)
  if (!address) throw new Error(`the service "${user}" uses "${name}", which does not run here and has no address`)
  return withRetries(contract, reach(ground, contract, address, user))
}

function reach<C extends Contract>({ clients }: Ground, contract: C, address: string, user: string): Client<C> {
  if (!clients) throw new Error(`the service "${user}" reaches for ${address}, though nothing else is there`)
  return clients.client(contract, address, { user: '', service: user })
}

const DEFAULT_PORT = 9090

function isServed({ serve }: HostOptions, { GRPC_PORT }: HostSettings): boolean {
  return serve || GRPC_PORT !== 0
}

/** How others reach this process: as it is told, else where it listens, else at the first address that is not its own alone. */
function addressOf(options: HostOptions, settings: HostSettings): string | undefined {
  const { GRPC_ADVERTISE, GRPC_HOST, GRPC_PORT } = settings
  if (!isServed(options, settings)) return undefined
  if (GRPC_ADVERTISE) return GRPC_ADVERTISE
  const everywhere = GRPC_HOST === '0.0.0.0' || GRPC_HOST === '::'
  const addresses = everywhere ? Object.values(networkInterfaces()).flatMap(found => found ?? []) : []
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4')
  return `${everywhere ? (outside?.address ?? '127.0.0.1') : GRPC_HOST}:${GRPC_PORT || DEFAULT_PORT}`
}

async function serve(
  options: HostOptions,
  ground: Ground,
  running: ReadonlyMap<string, Running>,
): Promise<string | undefined> {
  const { GRPC_HOST, GRPC_PORT, DRAIN_MS } = ground.settings.host
  if (!isServed(options, ground.settings.host)) return undefined
  const health = createHealth(
    [...running.values()].flatMap(({ contract }) => contract?.fullName ?? []),
    ground.lifetime.draining,
  )
  const endpoints = createEndpoints({
    service: 'health',
    contract: HealthDefinition,
    open: ['check', 'watch'],
    handlers: health,
    log: ground.log,
    metrics: ground.metrics,
  })
  const served = [...running.values()].flatMap(({ contract, endpoints }) => (contract ? [{ contract, endpoints }] : []))
  const { openGrpcServer } = await import('./transport-grpc-server.ts')
  const server = await openGrpcServer(
    `${GRPC_HOST}:${GRPC_PORT || DEFAULT_PORT}`,
    [...served, { contract: HealthDefinition, endpoints }],
    ground.identities,
  )
  ground.lifetime.onClose('grpc', () => server.close(DRAIN_MS))
  return `${GRPC_HOST === '0.0.0.0' ? 'localhost' : GRPC_HOST}:${server.port}`
}

function toHost(ground: Ground, running: ReadonlyMap<string, Running>, grpcAddress: string | undefined): Host {
  const { database, bus, identities, log, lifetime } = ground
  return {
    settings: ground.settings.host,
    database,
    bus,
    identities,
    log,
    grpcAddress,
    get url() {
      return ground.urls[0]
    },
    client<C extends Contract>(contract: C, caller: Identity) {
      const found = [...running.values()].find(one => one.contract?.fullName === contract.fullName)
      if (!found) throw new Error(`"${contract.fullName}" does not run here`)
      return createMemoryClient<C>(found.endpoints, caller)
    },
    readiness: ground.readiness,
    stop: () => lifetime.stop(),
    [Symbol.asyncDispose]: () => lifetime.stop(),
  }
}
