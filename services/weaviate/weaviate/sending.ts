import type { Waiting } from '../outbox/store.ts'
import type { Connection } from './connection.ts'
import { toFilter } from './objects.ts'
import type { Places } from './places.ts'
import { removePlace } from './schema.ts'
import { removeFitting, removeObjects, writeObjects } from './writing.ts'

/** Sends what waited: writes of one kind to one place, which may go at once. Answers those that Weaviate refuses. */
export async function sendWaiting(
  connection: Connection,
  places: Places,
  writes: readonly Waiting[],
): Promise<readonly { readonly seq: number; readonly why: string }[]> {
  const [first] = writes
  if (!first) return []
  const { place } = first
  switch (first.kind) {
    case 'drop':
      await connection.use(client => removePlace(client, place))
      places.forget(place)
      return []
    case 'filter':
      await places.use(place, (client, signal) => removeFitting(client, place, toFilter(first.body), signal))
      return []
    case 'delete': {
      const ids = writes.map(({ object }) => object)
      await places.use(place, (client, signal) => removeObjects(client, place, ids, signal))
      return []
    }
    case 'upsert': {
      const bodies = writes.flatMap(write => (write.kind === 'upsert' ? [write.body] : []))
      const problems = await places.use(place, client => writeObjects(client, place, bodies))
      const seqs = new Map(writes.map(({ object, seq }) => [object, seq]))
      return problems.flatMap(({ id, message }) => {
        const seq = seqs.get(id)
        return seq === undefined ? [] : [{ seq, why: message }]
      })
    }
  }
}
