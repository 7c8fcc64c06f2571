import type { RestClient } from '#client/types.ts'
import { blobsOf } from '#graph/blob.ts'
import type { Json } from '#graph/json.ts'
import { runOf, update } from './store.ts'

/** A large value that entries of a tab's run refer to: the one that is here, else the server's. */
export async function loadBlob(rest: RestClient, tab: string, hash: string): Promise<Json> {
  const { blobs, run, generation } = runOf(tab)
  const known = Object.hasOwn(blobs, hash) ? blobs[hash] : undefined
  if (known !== undefined) return known
  if (!run) throw new Error('there is no run')
  const value = await rest.blob(run.id, hash)
  if (runOf(tab).generation === generation) update(tab, { blobs: { ...runOf(tab).blobs, [hash]: value } })
  return value
}

/** All large values of a tab's run, as far as it has come; those that cannot be had are left out. */
export async function loadBlobs(rest: RestClient, tab: string): Promise<Readonly<Record<string, Json>>> {
  const wanted = new Set(runOf(tab).timeline.entries.flatMap(blobsOf))
  for (const hash of wanted) await loadBlob(rest, tab, hash).catch(() => undefined)
  return runOf(tab).blobs
}
