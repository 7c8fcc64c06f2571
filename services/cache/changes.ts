import { subject } from '#mesh/bus.ts'
import type { Bus } from '#mesh/bus.ts'
import type { Log } from '#mesh/log.ts'
import type { Key } from './key.ts'

/** What another process did to a key. */
export interface Change extends Key {
  /** `set`: there is another value; `removed`: there is none, with an empty key none of the namespace; `left`: who was to compute it does not. */
  readonly kind: 'set' | 'removed' | 'left'
  /** How many bytes more its owner keeps. */
  readonly grownBy: number
}

/** Tells other processes what this one changed, and hears what they did. */
export interface Changes {
  tell(change: Change): void
  /** `lost`: others may have changed anything. */
  listen(heard: (change: Change) => void, lost: () => void): void
  end(): void
}

const SUBJECT = subject('cache.v1', 'changed')

/** `instance` is this process; `alone`: there is no other one. */
export function createChanges(
  bus: Bus,
  { instance, alone, log }: { instance: string; alone: boolean; log: Log },
): Changes {
  if (alone) return { tell() {}, listen() {}, end() {} }
  let subscription: { unsubscribe(): void } | undefined
  return {
    tell({ kind, owner, namespace, key, grownBy }) {
      bus.publish(SUBJECT, Buffer.from(JSON.stringify([instance, kind, owner, namespace, key, grownBy])))
    },
    listen(heard, lost) {
      bus.onGap(lost)
      subscription = bus.subscribe(SUBJECT, ({ payload }) => {
        const change = readChange(payload, instance)
        if (change === 'unreadable') {
          log.warn({ bytes: payload.byteLength }, 'a change of the cache cannot be read: all that is held is forgotten')
          lost()
        } else if (change) heard(change)
      })
    },
    end: () => subscription?.unsubscribe(),
  }
}

/** Undefined: it is our own. */
function readChange(payload: Uint8Array, instance: string): Change | 'unreadable' | undefined {
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(payload).toString())
  } catch {
    return 'unreadable'
  }
  if (!Array.isArray(read)) return 'unreadable'
  const [from, kind, owner, namespace, key, grownBy] = read as readonly unknown[]
  if (from === instance) return undefined
  const isKind = kind === 'set' || kind === 'removed' || kind === 'left'
  if (!isKind || typeof owner !== 'string' || typeof namespace !== 'string' || typeof key !== 'string')
    return 'unreadable'
  return { kind, owner, namespace, key, grownBy: typeof grownBy === 'number' ? grownBy : 0 }
}
