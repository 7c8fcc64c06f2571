import { isCoded, notFound, precondition } from '#mesh/errors.ts'
import { openOutbox } from '../outbox/outbox.ts'
import { createOutboxStore } from '../outbox/store.ts'
import type { OutboxStore, Write } from '../outbox/store.ts'
import type { Collection, Driver, DriverEnvironment, DriverStats } from '../provider.ts'
import { ask } from './asking.ts'
import { createConnection } from './connection.ts'
import type { Connection, Work } from './connection.ts'
import { isGone, isOfWeaviate, messageOf } from './failures.ts'
import { toFilter, toSent } from './objects.ts'
import { createPlaces } from './places.ts'
import { placeOf } from './schema.ts'
import type { Place } from './schema.ts'
import { sendWaiting } from './sending.ts'
import { removeFitting, removeObjects, writeObjects } from './writing.ts'

/** Keeps objects in a real Weaviate. What cannot be written while it is away waits in the database, and is sent in order when it is back. */
export async function openWeaviateDriver(environment: DriverEnvironment): Promise<Driver> {
  const { settings, database, instance, alone, draining, log, onStop } = environment
  const connection = createConnection(settings)
  const places = createPlaces(connection)
  const store = createOutboxStore(database)
  const installation = await store.installation()
  const toPlace = (collection: Collection) => placeOf(collection, installation)
  const outbox = openOutbox({
    ...{ store, instance, alone, draining, log, isReachable: connection.isReachable },
    send: writes => sendWaiting(connection, places, writes),
  })
  onStop(async () => {
    await outbox.stop()
    await connection.close()
  })
  const write = createWrite(store, toPlace, () => outbox.wake())
  return {
    vectors: true,
    async ensure(collection) {
      await unlessAway(() => told(() => places.ensure(toPlace(collection))))
    },
    async upsert(collection, objects) {
      const [place, sent] = [toPlace(collection), objects.map(object => toSent(collection, object))]
      const problems = await write(
        collection,
        () => places.use(place, client => writeObjects(client, place, sent)),
        sent.map(body => ({ kind: 'upsert', object: body.id, body })),
      )
      if (!problems) return { stored: 0, problems: [], waiting: objects.length }
      return { stored: objects.length - problems.length, problems, waiting: 0 }
    },
    async delete(collection, which) {
      const place = toPlace(collection)
      // Before it may wait: what cannot be asked for is told at once.
      const remove = toRemoval(place, which)
      const deleted = await write(
        collection,
        () => places.use(place, remove),
        'ids' in which
          ? which.ids.map(object => ({ kind: 'delete', object, body: null }))
          : [{ kind: 'filter', object: '', body: which.filter }],
      )
      return { deleted: deleted ?? 0, waiting: deleted === undefined }
    },
    async deleteCollection(collection) {
      // Noted before it is tried: the service forgets the collection afterwards.
      await store.addDrop(collection.id, toPlace(collection))
      places.forget(toPlace(collection))
      outbox.wake()
    },
    query(collection, question, signal) {
      const place = toPlace(collection)
      return told(() => places.ask(place, (client, ends) => ask(client, place, question, ends), signal))
    },
    stats: collections => readStats(connection, store, collections, toPlace),
  }
}

function toRemoval(place: Place, which: Parameters<Driver['delete']>[1]): Work<number> {
  if ('ids' in which) return (client, signal) => removeObjects(client, place, which.ids, signal)
  const filter = toFilter(which.filter)
  return (client, signal) => removeFitting(client, place, filter, signal)
}

/** Writes now, where that can be; undefined: it waits, behind what waits already or because Weaviate is away. */
function createWrite(store: OutboxStore, toPlace: (collection: Collection) => Place, wake: () => void) {
  return async <T>(
    collection: Collection,
    work: () => Promise<T>,
    writes: readonly Write[],
  ): Promise<T | undefined> => {
    const { id, name } = collection
    const waits = (await store.counts([id])).size > 0
    const done = waits ? undefined : await unlessAway(() => told(work))
    if (done === undefined) await store.add(id, toPlace(collection), writes)
    // What was written after its collection was removed would stay for ever.
    const isThere = await store.isThere(id)
    if (!isThere) await store.addDrop(id, toPlace(collection))
    if (done === undefined || !isThere) wake()
    if (!isThere) throw notFound(`there is no collection "${name}": it was deleted meanwhile`)
    return done
  }
}

async function unlessAway<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isCoded(error, 'UNAVAILABLE')) return undefined
    throw error
  }
}

const MOST_TOLD = 500

/** What Weaviate refuses as a whole: it is not as we expect it, and whoever runs it must know. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isCoded(error) || !(error instanceof Error && isOfWeaviate(error))) throw error
    throw precondition(`the Weaviate of this instance refuses it: ${messageOf(error).slice(0, MOST_TOLD)}`, {
      cause: error,
    })
  }
}

async function readStats(
  connection: Connection,
  store: OutboxStore,
  collections: readonly Collection[],
  toPlace: (collection: Collection) => Place,
): Promise<DriverStats> {
  const waiting = await store.counts(collections.map(({ id }) => id))
  const counts = await Promise.all(
    collections.map(collection => unlessAway(() => countObjects(connection, toPlace(collection)))),
  )
  const reachable = counts.every(count => count !== undefined) && (await connection.isReachable())
  return {
    reachable,
    collections: new Map(
      collections.map(({ id }, index) => [id, { objects: counts[index] ?? 0, waiting: waiting.get(id) ?? 0 }]),
    ),
  }
}

/** What is not there yet has none; it is not made for that. */
async function countObjects(connection: Connection, { className, tenant }: Place): Promise<number> {
  try {
    return await told(() => connection.ask(client => client.collections.use(className).withTenant(tenant).length()))
  } catch (error) {
    if (error instanceof Error && isGone(error.cause)) return 0
    throw error
  }
}
