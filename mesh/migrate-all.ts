import type { NamedService } from './discover.ts'
import { startHost } from './host.ts'
import { migrate } from './migrate.ts'
import type { SettingsSource } from './settings.ts'
import { inStartOrder } from './start-order.ts'

/** Brings the database that the settings name up to date with these services, as their start would. Resolves with those that have tables. */
export async function migrateAll(
  services: readonly NamedService[],
  source: SettingsSource,
): Promise<readonly string[]> {
  // The ground of a host without services: the database, and the keys that all processes share.
  const host = await startHost({
    services: [],
    source: { ...source, NATS_URL: undefined, GRPC_PORT: undefined },
    serve: false,
  })
  try {
    const migrated: string[] = []
    for (const { name, declaration } of inStartOrder(services)) {
      if (!declaration.schema) continue
      await migrate(host.database, name, declaration.schema)
      migrated.push(name)
    }
    return migrated
  } finally {
    await host.stop()
  }
}
