import { createHash } from 'node:crypto'
import type { KnownEnd, ResultStore } from '#graph/known.ts'
import type { Log } from '#mesh/log.ts'
import type { RunStore } from './store.ts'

/** Results of nodes with `reuse`, each user's own, kept in the database. */
export function createResults(store: RunStore, log: Log): (user: string) => ResultStore {
  const hashOf = (key: string) => createHash('sha256').update(key).digest('base64url')
  return user => ({
    async get(key) {
      const text = await store.result(user, hashOf(key))
      return text === undefined ? undefined : (JSON.parse(text) as KnownEnd)
    },
    put(key, end) {
      store
        .putResult(user, hashOf(key), JSON.stringify(end))
        .catch((error: unknown) => log.warn({ error }, 'a result is not kept for re-use'))
    },
  })
}
