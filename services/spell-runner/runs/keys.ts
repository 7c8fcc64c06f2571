import type { ActiveRun } from './active.ts'
import type { RunStore } from './store.ts'

/** Idempotency keys: the same key of the same user gives the same run. */
export interface Keys {
  /** The run that has this key already, or the one that `begin` starts under the id given. */
  once(
    owner: string,
    key: string,
    id: string,
    begin: (id: string) => Promise<ActiveRun>,
  ): Promise<ActiveRun | { readonly earlier: string }>
}

export function createKeys(store: RunStore): Keys {
  // Two calls at the same time, in this process: the second waits for the first.
  const beginning = new Map<string, Promise<unknown>>()
  return {
    async once(owner, key, id, begin) {
      const name = `${owner} ${key}`
      while (beginning.has(name)) await beginning.get(name)
      const work = (async () => {
        const whose = await store.claimKey(owner, key, id)
        // A key whose run never came to be is used by this one.
        if (whose !== id && (await store.find(owner, whose))) return { earlier: whose }
        const run = await begin(whose)
        await run.stored
        return run
      })()
      beginning.set(
        name,
        work.catch(() => {}),
      )
      try {
        return await work
      } finally {
        beginning.delete(name)
      }
    },
  }
}
