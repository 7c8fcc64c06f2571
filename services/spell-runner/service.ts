import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { NodeDefinition } from '#graph/define.ts'
import { createRegistry } from '#graph/registry.ts'
import type { Importer } from '#importers/importer.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { OUTBOUND_SETTINGS } from '#mesh/outbound.ts'
import { defineService, migrations } from '#mesh/service.ts'
import { integer, text } from '#mesh/settings.ts'
import { createHandlers } from './handlers.ts'
import { openRunner } from './runner.ts'

export const SETTINGS = {
  ...OUTBOUND_SETTINGS,
  RUNS_PER_USER: integer('most runs of one user at work at once', 20, { min: 1 }),
  RUN_LEASE_MS: integer('how long a silent runner keeps its runs before others take them up, in milliseconds', 4_000, {
    min: 500,
  }),
  RUN_DRAIN_MS: integer('how long nodes may take to end when this runner is to end, in milliseconds', 18_000, {
    min: 0,
  }),
  RUNNER_CAPACITY: integer('runs at work at once that this runner is meant for: edges choose the less loaded', 200, {
    min: 1,
  }),
  RUN_IDLE_MS: integer('how long a run that only waits is kept in memory, in milliseconds', 10_000, { min: 0 }),
  DETACH_MS: integer('how long a run of a closed editor goes on alone, in milliseconds', 30_000),
  RUN_RETENTION_DAYS: integer('days that the journal of a run is kept after its end; 0: for ever', 30, { max: 36_500 }),
  RUN_ARCHIVE: text('folder that runs are written to as .run files before their journals are dropped; none: nowhere'),
  SANDBOX_PROCESSES: integer('most processes that run user code at once', 2, { min: 1, max: 64 }),
  SANDBOX_TIMEOUT_MS: integer('longest time of one call of user code, in milliseconds', 5_000, { min: 10 }),
}

/** What nodes call. */
export const USES = {
  completion: CompletionServiceDefinition,
  cache: CacheServiceDefinition,
  huggingface: HuggingfaceServiceDefinition,
  speech: SpeechServiceDefinition,
  document: DocumentServiceDefinition,
  event: EventServiceDefinition,
  entity: EntityServiceDefinition,
  search: SearchServiceDefinition,
}

export default defineService({
  contract: SpellRunnerServiceDefinition,
  settings: SETTINGS,
  uses: USES,
  schema: migrations(import.meta.url),
  async start(environment) {
    const registry = createRegistry(
      await discoverRecord<NodeDefinition>(new URL('../../nodes/', import.meta.url), /^[a-z-]+\/[a-z-]+\.ts$/),
    )
    const importers = await discoverRecord<Importer>(new URL('../../importers/', import.meta.url), /^[a-z-]+\.ts$/)
    return createHandlers(await openRunner(environment, registry, Object.values(importers)))
  },
})
