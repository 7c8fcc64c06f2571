import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { defineService, migrations } from '#mesh/service.ts'
import { integer } from '#mesh/settings.ts'
import { openCache } from './cache.ts'
import { compute } from './compute.ts'
import { checkValue, ownerOf, readKey, readKeyOrAll, readTtl } from './key.ts'

const MB = 1024 * 1024

export const SETTINGS = {
  CACHE_LIMIT_BYTES: integer('most that one user may keep', 64 * MB, { min: 1_000 }),
  CACHE_VALUE_BYTES: integer('most that one value may have', MB, { min: 1, max: 3 * MB }),
  CACHE_MEMORY_BYTES: integer('memory for values in front of the database; 0: none', 64 * MB),
  CACHE_MEMORY_MS: integer(
    'how long a value is given from memory before the database is asked again, where there are several processes: as long may one that was replaced be seen, when a message is lost',
    10_000,
    { max: 86_400_000 },
  ),
  CACHE_TTL_MS: integer('how long a value is kept where nothing else is asked, in milliseconds', 86_400_000, {
    min: 1,
  }),
  CACHE_LEASE_MS: integer(
    'how long others wait for a value whose process is silent before they compute it, in milliseconds',
    6_000,
    { min: 200 },
  ),
  CACHE_TURN_MS: integer('how long one caller may compute before it is the next one’s turn, in milliseconds', 600_000, {
    min: 100,
    max: 86_400_000,
  }),
}

export default defineService({
  contract: CacheServiceDefinition,
  settings: SETTINGS,
  uses: {},
  schema: migrations(import.meta.url),
  async start(environment) {
    const { settings, log } = environment
    const { CACHE_VALUE_BYTES: valueBytes, CACHE_TTL_MS: usualTtlMs, CACHE_TURN_MS: turnMs } = settings
    const { values, turns, tally, store } = await openCache(environment)
    return {
      async get(request, { caller }) {
        const key = readKey(caller, request)
        const held = await values.get(key)
        if (!held) {
          tally.miss(key.owner, key.namespace)
          return {}
        }
        tally.hit(key.owner, key.namespace)
        // A copy: in one process the caller would have ours.
        return { value: Buffer.from(held.value), expiresAt: held.expiresAt }
      },
      async set(request, { caller }) {
        const key = readKey(caller, request)
        checkValue(request.value, valueBytes)
        await values.set(key, Buffer.from(request.value), readTtl(request.ttlMs, usualTtlMs))
        turns.woken(key)
        return {}
      },
      async delete(request, { caller }) {
        return { deleted: await values.remove(readKeyOrAll(caller, request)) }
      },
      compute: (requests, call) =>
        compute(requests, call, { values, turns, tally, log, usualTtlMs, valueBytes, turnMs }),
      async stats(_, { caller }) {
        const owner = ownerOf(caller)
        const namespaces = tally.join(owner, await store.uses(owner))
        const bytes = namespaces.reduce((sum, one) => sum + one.bytes, 0)
        return { namespaces, bytes, limitBytes: settings.CACHE_LIMIT_BYTES }
      },
    }
  },
})
