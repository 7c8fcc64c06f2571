import { createHash } from 'node:crypto'
import { isToken, subject } from '#mesh/bus.ts'
import type { Bus, Subscription } from '#mesh/bus.ts'

/** A document is not any more as it was. */
export interface Change {
  readonly id: string
  readonly generation: number
  readonly deleted: boolean
}

/** What processes tell each other about documents. A message may be lost: what it tells of is in the database. */
export interface Changes {
  told(owner: string, change: Change): void
  /** Whoever works on documents: there is something to do. */
  wake(): void
  /** Changes of one user's documents. `onGap`: some may have been missed. */
  watch(
    owner: string,
    onChange: (change: Change) => void,
    onGap: () => void,
  ): Subscription & { settled(): Promise<void> }
  /** For who works on them. */
  work(onWake: () => void, onChange: (change: Change) => void): void
}

export function createChanges(bus: Bus): Changes {
  const gaps = new Set<() => void>()
  bus.onGap(() => {
    for (const onGap of gaps) onGap()
  })
  const read = (payload: Uint8Array): Change | undefined => {
    try {
      return JSON.parse(Buffer.from(payload).toString()) as Change
    } catch {
      return undefined
    }
  }
  return {
    told: (owner, change) => bus.publish(subject(PREFIX, tokenOf(owner)), Buffer.from(JSON.stringify(change))),
    wake: () => bus.publish(WAKE, NOTHING),
    watch(owner, onChange, onGap) {
      gaps.add(onGap)
      const subscription = bus.subscribe(subject(PREFIX, tokenOf(owner)), ({ payload }) => {
        const change = read(payload)
        if (change) onChange(change)
      })
      return {
        settled: () => bus.settled(),
        unsubscribe() {
          gaps.delete(onGap)
          subscription.unsubscribe()
        },
      }
    },
    work(onWake, onChange) {
      bus.subscribe(WAKE, onWake)
      gaps.add(onWake)
      bus.subscribe(`${PREFIX}.*`, ({ payload }) => {
        const change = read(payload)
        if (change) onChange(change)
      })
    },
  }
}

const PREFIX = 'doc.v1'
/** One token more than any user's. */
const WAKE = 'doc.v1.work.wake'
const NOTHING = new Uint8Array()

function tokenOf(owner: string): string {
  return isToken(owner) ? owner : createHash('sha256').update(owner).digest('base64url')
}
