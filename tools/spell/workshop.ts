import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { NodeDefinition, NodeServices, Registry } from '#graph/define.ts'
import { createRegistry } from '#graph/registry.ts'
import type { RunHost } from '#graph/run.ts'
import type { Importer } from '#importers/importer.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { createEndpoints } from '#mesh/endpoint.ts'
import { invalid } from '#mesh/errors.ts'
import { createLog } from '#mesh/log.ts'
import { createOutbound } from '#mesh/outbound.ts'
import type { Client } from '#mesh/service.ts'
import { readSettings } from '#mesh/settings.ts'
import type { SettingsSource } from '#mesh/settings.ts'
import { createMetrics } from '#mesh/telemetry.ts'
import { NO_TRACER } from '#mesh/trace.ts'
import { createMemoryClient } from '#mesh/transport-memory.ts'
import completionService from '#services/completion/service.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import { SETTINGS } from '#services/spell-runner/service.ts'
import '#nodes/services.ts'

/** Whose runs the shell's are. */
export const USER = 'shell'

/** All that runs from the shell need: what the spell-runner has, without database, bus and port. */
export interface Workshop extends AsyncDisposable {
  readonly registry: Registry
  readonly importers: readonly Importer[]
  readonly completion: Client<typeof CompletionServiceDefinition>
  readonly host: RunHost
}

/** Throws INVALID_ARGUMENT with every wrong setting. */
export async function openWorkshop(source: SettingsSource): Promise<Workshop> {
  const problems: string[] = []
  const report = (problem: string) => void problems.push(problem)
  const settings = readSettings(SETTINGS, source, report)
  const completionSettings = readSettings(completionService.settings, source, report)
  if (problems.length > 0) throw invalid(problems.map(message => ({ path: '', message })))
  const completion = await openCompletion(completionSettings)
  const sandbox = createSandbox({ processes: settings.SANDBOX_PROCESSES, timeoutMs: settings.SANDBOX_TIMEOUT_MS })
  const outbound = createOutbound(settings)
  const root = new URL('../../', import.meta.url)
  const nodes = await discoverRecord<NodeDefinition>(new URL('nodes/', root), /^[a-z-]+\/[a-z-]+\.ts$/)
  const importers = await discoverRecord<Importer>(new URL('importers/', root), /^[a-z-]+\.ts$/)
  return {
    registry: createRegistry(nodes),
    importers: Object.values(importers),
    completion,
    host: {
      now: Date.now,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      turn: () => turn(),
      services: { completion } satisfies NodeServices,
      sandbox,
      fetch: outbound.fetch,
    },
    async [Symbol.asyncDispose]() {
      // The sandbox's processes keep nobody alive: without this one the shell would end before they have.
      const alive = setInterval(() => undefined, 1_000)
      await sandbox[Symbol.asyncDispose]()
      await outbound[Symbol.asyncDispose]()
      clearInterval(alive)
    },
  }
}

type CompletionSettings = Parameters<typeof completionService.start>[0]['settings']

/** The service itself, called in memory as the spell-runner would call it. */
async function openCompletion(settings: CompletionSettings): Promise<Client<typeof CompletionServiceDefinition>> {
  const log = createLog('warn')
  const metrics = createMetrics()
  const handlers = await completionService.start({
    // Nothing outlives the shell: there is nobody to ask again.
    settings: { ...settings, COMPLETION_KEEP_MS: 0 },
    log,
    metrics,
    tracer: NO_TRACER,
    services: {},
    instance: USER,
    address: undefined,
    connect: () => refuse('another process'),
    alone: true,
    draining: new AbortController().signal,
    readiness: () => Promise.resolve({}),
    announce: () => undefined,
    onStop: () => undefined,
    get database() {
      return refuse('database')
    },
    get bus() {
      return refuse('bus')
    },
    get identities() {
      return refuse('identities')
    },
  })
  const contract = CompletionServiceDefinition
  const endpoints = createEndpoints({ service: 'completion', contract, open: [], handlers, log, metrics })
  return createMemoryClient(endpoints, { user: USER, service: 'spell-runner' })
}

function refuse(what: string): never {
  throw new Error(`there is no ${what} in the shell`)
}
