import type { FilterValue, WeaviateClient } from 'weaviate-client'
import { unavailable } from '#mesh/errors.ts'
import { isAway, isGone, WeaviateObjectError } from './failures.ts'
import { toDataObject, toIds } from './objects.ts'
import type { SentObject } from './objects.ts'
import type { Place } from './schema.ts'

const AT_ONCE = 128
/** What one request carries, about: it is refused where it is larger than `GRPC_MAX_MESSAGE_SIZE` of the other side, 100 MB where nothing is set. */
const BYTES_AT_ONCE = 8 * 1024 * 1024
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
  const requests = toRequests(objects)
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

/** Those that go in one request each. */
export function toRequests(objects: readonly SentObject[]): readonly (readonly SentObject[])[] {
  const most = objects.length <= FEW ? 1 : AT_ONCE
  const requests: SentObject[][] = []
  let bytes = 0
  for (const object of objects) {
    const own = bytesOf(object)
    bytes += own
    const last = requests.at(-1)
    if (last && last.length < most && bytes <= BYTES_AT_ONCE) last.push(object)
    else {
      requests.push([object])
      bytes = own
    }
  }
  return requests
}

function bytesOf({ vector, properties }: SentObject): number {
  const texts = Object.values(properties).flat()
  return texts.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
    4 * (vector?.length ?? 0),
  )
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
