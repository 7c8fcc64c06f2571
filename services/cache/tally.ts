import { LRUCache } from 'lru-cache'
import type { Metrics } from '#mesh/telemetry.ts'
import type { NamespaceUse } from './store.ts'

/** How often values were there when they were asked for, by owner and namespace, since this process began. */
export interface Tally {
  hit(owner: string, namespace: string): void
  miss(owner: string, namespace: string): void
  /** What an owner keeps, with how often it was of use. */
  join(owner: string, uses: readonly NamespaceUse[]): (NamespaceUse & Counts)[]
}
interface Counts {
  hits: number
  misses: number
}

const MOST_OWNERS = 10_000
const MOST_NAMESPACES = 1_000

export function createTally(metrics: Metrics): Tally {
  const owners = new LRUCache<string, LRUCache<string, Counts>>({ max: MOST_OWNERS })
  const gets = { hit: 0, miss: 0 }
  metrics.read(
    'counter',
    'cache_gets_total',
    'Values that were asked for, by whether they were there.',
    () => Object.entries(gets).map(([result, value]) => ({ value, labels: { result } })),
    ['result'],
  )

  function countsOf(owner: string, namespace: string): Counts {
    const namespaces = owners.get(owner) ?? new LRUCache<string, Counts>({ max: MOST_NAMESPACES })
    owners.set(owner, namespaces)
    const counts = namespaces.get(namespace) ?? { hits: 0, misses: 0 }
    namespaces.set(namespace, counts)
    return counts
  }

  return {
    hit(owner, namespace) {
      gets.hit++
      countsOf(owner, namespace).hits++
    },
    miss(owner, namespace) {
      gets.miss++
      countsOf(owner, namespace).misses++
    },
    join(owner, uses) {
      const counted = new Map([...(owners.get(owner)?.entries() ?? [])])
      const kept = new Map(uses.map(use => [use.namespace, use]))
      return [...new Set([...kept.keys(), ...counted.keys()])].toSorted().map(namespace => ({
        ...(kept.get(namespace) ?? { namespace, entries: 0, bytes: 0 }),
        ...(counted.get(namespace) ?? { hits: 0, misses: 0 }),
      }))
    },
  }
}
