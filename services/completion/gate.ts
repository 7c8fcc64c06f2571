import { cancelled, exhausted, isCoded } from '#mesh/errors.ts'

/** How much a provider is asked with one key. Who must wait does so in turn with other users, each in order. */
export interface Gate {
  /**
   * Resolves when there is room, with what must be called once the request is over. `lane` is the provider and key. Rejects with CANCELLED when the signal
   * aborts, RESOURCE_EXHAUSTED where too many wait already.
   */
  enter(lane: string, user: string, signal: AbortSignal): Promise<() => void>
}

export interface GateOptions {
  /** Requests a minute; 0: any number. */
  readonly rate: number
  /** Requests at once; 0: any number. */
  readonly concurrency: number
  readonly now: () => number
}

const MINUTE_MS = 60_000
const MOST_WAITING = 10_000

export function createGate(options: GateOptions): Gate {
  const lanes = new Map<string, Lane>()
  return {
    enter(name, user, signal) {
      if (options.rate === 0 && options.concurrency === 0) return Promise.resolve(() => undefined)
      let lane = lanes.get(name)
      if (!lane) {
        lane = new Lane(options, () => void lanes.delete(name))
        lanes.set(name, lane)
      }
      return lane.enter(user, signal)
    },
  }
}

interface Waiter {
  readonly user: string
  go(): void
}

/** One provider with one key. */
class Lane {
  readonly #options: GateOptions
  readonly #onIdle: () => void
  /** When the requests of the last minute began, in order. */
  readonly #begun: number[] = []
  /** Who waits, by user; the user whose turn it is comes first. */
  readonly #waiting = new Map<string, Set<Waiter>>()
  #count = 0
  #running = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: GateOptions, onIdle: () => void) {
    this.#options = options
    this.#onIdle = onIdle
  }

  enter(user: string, signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return Promise.reject(reasonOf(signal))
    if (this.#count === 0 && this.#waitMs() === 0) return Promise.resolve(this.#begin())
    if (this.#count >= MOST_WAITING)
      return Promise.reject(exhausted(`${MOST_WAITING} requests wait for this provider already: try again later`))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#remove(waiter)
        reject(reasonOf(signal))
        this.#next()
      }
      const waiter: Waiter = {
        user,
        go: () => {
          signal.removeEventListener('abort', onAbort)
          resolve(this.#begin())
        },
      }
      const others = this.#waiting.get(user)
      if (others) others.add(waiter)
      else this.#waiting.set(user, new Set([waiter]))
      this.#count++
      signal.addEventListener('abort', onAbort, { once: true })
      this.#next()
    })
  }

  #begin(): () => void {
    this.#running++
    if (this.#options.rate > 0) this.#begun.push(this.#options.now())
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#running--
      this.#next()
    }
  }

  /** Milliseconds until the next one may begin; infinite: one must end first. */
  #waitMs(): number {
    const { rate, concurrency, now } = this.#options
    if (concurrency > 0 && this.#running >= concurrency) return Infinity
    if (rate === 0) return 0
    const since = now() - MINUTE_MS
    while ((this.#begun[0] ?? Infinity) <= since) this.#begun.shift()
    return this.#begun.length < rate ? 0 : Math.max(1, (this.#begun[0] ?? since) - since)
  }

  #next(): void {
    clearTimeout(this.#timer)
    for (let waitMs = this.#waitMs(); this.#count > 0; waitMs = this.#waitMs()) {
      if (waitMs > 0) {
        if (waitMs < Infinity) this.#timer = setTimeout(() => this.#next(), waitMs)
        return
      }
      const [first] = this.#waiting
      const [waiter] = first?.[1] ?? []
      if (!first || !waiter) return
      this.#remove(waiter)
      // The next turn is another user's.
      const rest = this.#waiting.get(first[0])
      if (rest) {
        this.#waiting.delete(first[0])
        this.#waiting.set(first[0], rest)
      }
      waiter.go()
    }
    this.#waitMs()
    if (this.#running === 0 && this.#begun.length === 0) this.#onIdle()
  }

  #remove(waiter: Waiter): void {
    const own = this.#waiting.get(waiter.user)
    if (!own?.delete(waiter)) return
    this.#count--
    if (own.size === 0) this.#waiting.delete(waiter.user)
  }
}

function reasonOf(signal: AbortSignal): Error {
  return isCoded(signal.reason) ? signal.reason : cancelled()
}
