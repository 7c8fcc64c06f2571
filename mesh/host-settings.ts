import { bucketUrl } from './blobs-url.ts'
import type { NamedService } from './discover.ts'
import { invalid } from './errors.ts'
import { LOG_LEVELS } from './log.ts'
import { choice, httpUrl, integer, ratio, readSettings, secret, text } from './settings.ts'
import type { SettingsDeclaration, SettingsOf, SettingsOwner, SettingsSource } from './settings.ts'
import { toAddressSetting, usedBy } from './start-order.ts'

/** What the host itself reads. */
export const HOST_SETTINGS = {
  DATABASE_URL: secret(
    'PostgreSQL server, postgres://user:password@host/database; none: Postgres inside this process, in DATA_DIR',
  ),
  DATABASE_POOL: integer('most database connections of this process', 10, { min: 1, max: 1_000 }),
  DATA_DIR: text('folder of what this instance keeps', './data'),
  BLOB_URL: bucketUrl(),
  NATS_URL: secret('NATS servers, nats://user:password@host:4222, separated by commas; none: the bus of this process'),
  GRPC_HOST: text('address that gRPC listens on', '0.0.0.0'),
  GRPC_PORT: integer('port that gRPC listens on; 0: 9090 where only some services run here, no port where all do', 0, {
    max: 65_535,
  }),
  GRPC_ADVERTISE: text(
    'host:port by which other processes reach the gRPC of this one; empty: an address of this computer',
  ),
  DRAIN_MS: integer('longest time from SIGTERM to the end, in milliseconds', 25_000),
  METRICS_PORT: integer(
    'port for /metrics, /livez and /readyz of this process; 0: none (the edge has them on its own)',
    0,
    {
      max: 65_535,
    },
  ),
  METRICS_HOST: text('address that METRICS_PORT listens on', '0.0.0.0'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl(
    'collector that takes traces by OTLP over HTTP, e.g. http://localhost:4318; none: nothing is traced',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: secret('further headers for the collector, name=value,name=value'),
  OTEL_SERVICE_NAME: text('name in traces; empty: spellmesh-<service>, or spellmesh where several services run here'),
  OTEL_TRACES_SAMPLER_ARG: ratio('part of the traces that begin here which is kept, 0 to 1', 1),
  LOG_LEVEL: choice('least level that is logged', LOG_LEVELS, 'info'),
} satisfies SettingsDeclaration

export type HostSettings = SettingsOf<typeof HOST_SETTINGS>

/** Everything that was read for the services that run here. */
export interface ReadSettings {
  readonly host: HostSettings
  /** By service. */
  readonly services: ReadonlyMap<string, SettingsOf<SettingsDeclaration>>
  /** Where the services are that are used here and run elsewhere. */
  readonly addresses: ReadonlyMap<string, string>
}

/** Reads all settings at once. Throws INVALID_ARGUMENT with every problem. */
export function readAllSettings(services: readonly NamedService[], source: SettingsSource): ReadSettings {
  const found = new Set<string>()
  const report = (problem: string) => void found.add(problem)
  const host = readSettings(HOST_SETTINGS, source, report)
  const own = new Map(
    services.map(({ name, declaration }) => [name, readSettings(declaration.settings, source, report)]),
  )
  const addresses = readSettings(addressSettings(services), source, report)
  if (found.size > 0) throw invalid([...found].map(toProblem))
  return {
    host,
    services: own,
    addresses: new Map(remoteServices(services).map(name => [name, addresses[toAddressSetting(name)] as string])),
  }
}

/** All declarations, the host's first, with who declared them. */
export function settingsOwners(services: readonly NamedService[]): readonly SettingsOwner[] {
  const used = new Set(services.flatMap(usedBy))
  return [
    { owner: 'host', settings: HOST_SETTINGS },
    { owner: 'host', settings: Object.fromEntries([...used].toSorted().map(addressSetting)) },
    ...services.map(({ name, declaration }) => ({ owner: name, settings: declaration.settings })),
  ]
}

function remoteServices(services: readonly NamedService[]): readonly string[] {
  const here = new Set(services.map(service => service.name))
  return [...new Set(services.flatMap(usedBy))].filter(name => !here.has(name))
}

function addressSettings(services: readonly NamedService[]) {
  return Object.fromEntries(remoteServices(services).map(addressSetting))
}

function addressSetting(service: string) {
  return [
    toAddressSetting(service),
    text(`where ${service} answers gRPC, where it does not run in this process`, `${service}:9090`),
  ] as const
}

function toProblem(text: string) {
  const at = text.indexOf(': ')
  return { path: text.slice(0, at), message: text.slice(at + 2) }
}
