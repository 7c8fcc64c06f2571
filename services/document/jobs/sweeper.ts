import type { Blobs } from '#mesh/blobs.ts'
import type { Log } from '#mesh/log.ts'
import type { CollectionStore } from '../collections/store.ts'

export interface SweeperOptions {
  readonly collections: CollectionStore
  readonly blobs: Blobs
  readonly log: Log
  readonly draining: AbortSignal
}

const EVERY_MS = 60_000
const AT_ONCE = 100

/** Removes files that no document has any more, once a minute. Ends with `stop`, after what it is at. */
export function openSweeper({ collections, blobs, log, draining }: SweeperOptions): { stop(): Promise<void> } {
  let sweeping = Promise.resolve()
  const sweep = async () => {
    const names = await collections.looseBlobs(AT_ONCE)
    for (const name of names) {
      if (draining.aborted) return
      await blobs.remove(name)
      await collections.forgetBlob(name)
    }
  }
  const timer = setInterval(() => {
    sweeping = sweeping
      .then(sweep)
      .catch((error: unknown) => log.warn({ error }, 'files that are left could not be removed'))
  }, EVERY_MS)
  return {
    async stop() {
      clearInterval(timer)
      await sweeping
    },
  }
}
