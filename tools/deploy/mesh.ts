// What a deployment has to know of each service, read from the declarations.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listServices, loadServices } from '#mesh/discover.ts'
import type { NamedService } from '#mesh/discover.ts'
import { HOST_SETTINGS } from '#mesh/host-settings.ts'
import type { Setting, SettingsDeclaration } from '#mesh/settings.ts'
import { toAddressSetting, usedBy } from '#mesh/start-order.ts'
import { root } from '../launch/state.mjs'

/** One service as it is deployed. */
export interface Deployed {
  readonly name: string
  /** The services it calls. */
  readonly uses: readonly string[]
  /** The services that call it. */
  readonly usedBy: readonly string[]
  /** Whether it answers people over HTTP: it has no contract of its own. */
  readonly isDoor: boolean
  /** Whether it sends requests to the internet: it has providers, or its declaration says which hosts are allowed. */
  readonly goesOut: boolean
  /** The names of the settings it reads that are no secrets, the host's first. */
  readonly settings: readonly string[]
  /** The names of the secrets it reads, the host's first. */
  readonly secrets: readonly { readonly name: string; readonly required: boolean }[]
}

export const GRPC_PORT = 9090
export const HTTP_PORT = 8080
export const METRICS_PORT = 9464

/** What a mesh of several processes cannot be without. */
const REQUIRED = ['DATABASE_URL', 'NATS_URL']

export async function readMesh(): Promise<readonly Deployed[]> {
  const services = await loadServices(await listServices())
  return services.map(service => toDeployed(service, services))
}

function toDeployed(service: NamedService, all: readonly NamedService[]): Deployed {
  const { name, declaration } = service
  const settings = { ...HOST_SETTINGS, ...declaration.settings }
  return {
    name,
    uses: usedBy(service).toSorted(),
    usedBy: all.flatMap(other => (usedBy(other).includes(name) ? [other.name] : [])),
    isDoor: declaration.contract === undefined,
    goesOut: existsSync(join(root, 'services', name, 'providers')) || 'OUTBOUND_ALLOW' in declaration.settings,
    settings: namesOf(settings, setting => setting.kind !== 'secret'),
    secrets: namesOf(settings, setting => setting.kind === 'secret').map(secret => ({
      name: secret,
      required: REQUIRED.includes(secret),
    })),
  }
}

function namesOf(settings: SettingsDeclaration, isWanted: (setting: Setting<unknown>) => boolean): readonly string[] {
  return Object.entries(settings).flatMap(([name, setting]) => (isWanted(setting) ? [name] : []))
}

/** Where a service finds those it uses: `USER_ADDRESS=user:9090`. */
export function addressesOf({ uses }: Deployed): Readonly<Record<string, string>> {
  return Object.fromEntries(uses.map(name => [toAddressSetting(name), `${name}:${GRPC_PORT}`]))
}

/** The name by which NATS knows a service, and the variable that holds its password. */
export function passwordOf(service: string): string {
  return `NATS_PASSWORD_${service.replaceAll('-', '_').toUpperCase()}`
}
