import type { FilterValue, WeaviateClient } from 'weaviate-client'
import { unavailable } from '#mesh/errors.ts'
import { isAway, isGone, WeaviateObjectError } from './failures.ts'
import { toDataObject, toIds } from './objects.ts'
import type { SentObject } from './objects.ts'
import type { Place } from './schema.ts'

const AT_ONCE = 128
/** Its client waits half a second for several of one request: a few go each by itself. */
const FEW = 8
const IDS_AT_ONCE = 500

function tenantOf(client: WeaviateClient, { className, tenant }: Place) {
  return client.collections.use(className).withTenant(tenant)
}

/** Puts objects in the place of those of the same ids; answers what is refused of which. */
export async function writeObjects(
  client: WeaviateClient,
  place: Place,
  objects: readonly SentObject[],
): Promise<readonly { readonly id: string; readonly message: string }[]> {
  const size = objects.length <= FEW ? 1 : AT_ONCE
  const requests = Array.from({ length: Math.ceil(objects.length / size) }, (_, index) =>
    objects.slice(index * size, (index + 1) * size),
  )
  // Until all of them have ended: none may arrive after what is written next.
  const answers = await Promise.allSettled(
    requests.map(some => tenantOf(client, place).data.insertMany(some.map(toDataObject))),
  )
  const problems: { id: string; message: string }[] = []
  for (const [at, answer] of answers.entries()) {
    if (answer.status === 'rejected') throw answer.reason
    for (const [index, { message }] of Object.entries(answer.value.errors)) {
      const error = new WeaviateObjectError(message)
      if (isGone(error)) throw error
      if (isAway(error)) throw unavailable(`Weaviate cannot store it now: ${message}`)
      problems.push({ id: requests[at]?.[Number(index)]?.id ?? '', message })
    }
  }
  return problems
}

/** Answers how many were there. */
export async function removeObjects(
  client: WeaviateClient,
  place: Place,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE)
    deleted += await removeSome(client, place, toIds(ids.slice(from, from + IDS_AT_ONCE)), signal)
  return deleted
}

/** Answers how many there were. */
export async function removeFitting(
  client: WeaviateClient,
  place: Place,
  filter: FilterValue,
  signal: AbortSignal,
): Promise<number> {
  // One request deletes at most `QUERY_MAXIMUM_RESULTS`, which is the other side's.
  for (let deleted = 0; ;) {
    const successful = await removeSome(client, place, filter, signal)
    deleted += successful
    if (successful === 0) return deleted
  }
}

async function removeSome(client: WeaviateClient, place: Place, filter: FilterValue, signal: AbortSignal) {
  if (signal.aborted) throw unavailable('Weaviate took too long to delete')
  const { successful, failed } = await tenantOf(client, place).data.deleteMany(filter)
  if (failed > 0) throw unavailable(`Weaviate could not delete ${failed} objects`)
  return successful
}
