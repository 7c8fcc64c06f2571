/** Wakes who waits. What comes between {@link Waker.next} and the waiting is not lost. */
export interface Waker {
  wake(): void
  next(): Woken
}
export interface Woken {
  /** Resolves when it is woken, or after a while where one is given. */
  orAfter(ms: number | undefined): Promise<void>
}

export function openWaker(): Waker {
  const waiting = new Set<() => void>()
  return {
    wake() {
      for (const one of [...waiting]) one()
      waiting.clear()
    },
    next() {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.add(resolve)
      return {
        async orAfter(ms) {
          const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
          await promise
          clearTimeout(timer)
          waiting.delete(resolve)
        },
      }
    },
  }
}
