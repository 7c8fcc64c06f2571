import { resolve } from 'node:path'
import type { Environment } from '#mesh/service.ts'
import type { SETTINGS } from '../service.ts'
import type { SpellStore } from '../spells/store.ts'
import { createArchive } from './archive.ts'
import { createRetention } from './retention.ts'
import type { Retention } from './retention.ts'
import { createRetentionStore } from './store.ts'
import type { RunStore } from '../runs/store.ts'
import type { StoredRuns } from '../runs/stored.ts'

/** Begins to look after old journals, as the settings of a runner say. */
export async function openRetention(
  environment: Pick<Environment<typeof SETTINGS, {}>, 'settings' | 'database' | 'instance' | 'log' | 'metrics'>,
  sources: { readonly store: RunStore; readonly stored: StoredRuns; readonly spells: SpellStore },
): Promise<Retention> {
  const { settings, database, instance, log, metrics } = environment
  const folder = settings.RUN_ARCHIVE
  const retention = createRetention({
    ...{ instance, log, metrics },
    store: sources.store,
    days: createRetentionStore(database),
    keepDays: settings.RUN_RETENTION_DAYS,
    ...(folder === '' ? {} : { archive: createArchive({ folder: resolve(folder), instance, ...sources }) }),
  })
  await retention.begin()
  return retention
}
