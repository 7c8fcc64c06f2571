/** Does what is of one key one after the other, in the order of the calls. */
export type Turns = <T>(key: number, work: () => Promise<T>) => Promise<T>

export function createTurns(): Turns {
  const last = new Map<number, Promise<void>>()
  return async (key, work) => {
    const before = last.get(key)
    const own = Promise.withResolvers<void>()
    last.set(key, own.promise)
    await before
    try {
      return await work()
    } finally {
      if (last.get(key) === own.promise) last.delete(key)
      own.resolve()
    }
  }
}
