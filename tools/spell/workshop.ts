import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { NodeDefinition, Registry } from '#graph/define.ts'
import { createRegistry } from '#graph/registry.ts'
import type { RunHost } from '#graph/run.ts'
import type { Importer } from '#importers/importer.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { invalid } from '#mesh/errors.ts'
import { createOutbound } from '#mesh/outbound.ts'
import { readSettings } from '#mesh/settings.ts'
import type { SettingsSource } from '#mesh/settings.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import { SETTINGS } from '#services/spell-runner/service.ts'
import { createModels } from './models.ts'
import type { Models } from './models.ts'

/** Whose runs the shell's are. */
export const USER = 'shell'

/** All that runs from the shell need: what the spell-runner has, without a port. What models need is started when a spell first asks for it. */
export interface Workshop extends AsyncDisposable {
  readonly registry: Registry
  readonly importers: readonly Importer[]
  readonly listModels: Models['listModels']
  readonly host: RunHost
}

/** Throws INVALID_ARGUMENT with every wrong setting. */
export async function openWorkshop(source: SettingsSource): Promise<Workshop> {
  const problems: string[] = []
  const report = (problem: string) => void problems.push(problem)
  const settings = readSettings(SETTINGS, source, report)
  if (problems.length > 0) throw invalid(problems.map(message => ({ path: '', message })))
  const models = createModels(source, USER)
  const sandbox = createSandbox({ processes: settings.SANDBOX_PROCESSES, timeoutMs: settings.SANDBOX_TIMEOUT_MS })
  const outbound = createOutbound(settings)
  const root = new URL('../../', import.meta.url)
  const nodes = await discoverRecord<NodeDefinition>(new URL('nodes/', root), /^[a-z-]+\/[a-z-]+\.ts$/)
  const importers = await discoverRecord<Importer>(new URL('importers/', root), /^[a-z-]+\.ts$/)
  return {
    registry: createRegistry(nodes),
    importers: Object.values(importers),
    listModels: models.listModels,
    host: {
      now: Date.now,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      turn: () => turn(),
      services: models.services,
      sandbox,
      fetch: outbound.fetch,
    },
    async [Symbol.asyncDispose]() {
      // The sandbox's processes keep nobody alive: without this one the shell would end before they have.
      const alive = setInterval(() => undefined, 1_000)
      await sandbox[Symbol.asyncDispose]()
      await outbound[Symbol.asyncDispose]()
      await models[Symbol.asyncDispose]()
      clearInterval(alive)
    },
  }
}
