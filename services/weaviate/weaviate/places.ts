import type { Connection, Work } from './connection.ts'
import { isGone } from './failures.ts'
import { ensurePlace } from './schema.ts'
import type { Place } from './schema.ts'

/** Places in Weaviate, which are made before they are used. */
export interface Places {
  ensure(place: Place): Promise<void>
  /** Changes what is in a place. Where somebody removed it behind our back, it is made again. */
  use<T>(place: Place, work: Work<T>): Promise<T>
  /** The same for work that only looks. */
  ask<T>(place: Place, work: Work<T>, signal: AbortSignal): Promise<T>
  forget(place: Place): void
}

const MOST_PLACES = 10_000

export function createPlaces(connection: Connection): Places {
  // Those that are there, as far as this process knows, with their properties.
  const known = new Map<string, string>()
  const keyOf = ({ className, tenant }: Place) => `${className} ${tenant}`
  const ensure = async (place: Place) => {
    const names = Object.keys(place.properties).toSorted().join(' ')
    if (known.get(keyOf(place)) === names) return
    await connection.use(client => ensurePlace(client, place))
    if (known.size > MOST_PLACES) known.clear()
    known.set(keyOf(place), names)
  }
  const within = async <T>(place: Place, work: () => Promise<T>): Promise<T> => {
    await ensure(place)
    try {
      return await work()
    } catch (error) {
      if (!isGone(error)) throw error
      known.delete(keyOf(place))
      await ensure(place)
      return work()
    }
  }
  return {
    ensure,
    use: (place, work) => within(place, () => connection.use(work)),
    ask: (place, work, signal) => within(place, () => connection.ask(work, signal)),
    forget: place => void known.delete(keyOf(place)),
  }
}
