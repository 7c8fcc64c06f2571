/** Lets so many work at once; all others wait in the order that they came. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>

/** Where thousands come at once, all of them at work are each too slow for their deadline; in turn all are served, and the first ones at once. */
export function createGate(most: number): Gate {
  const waiting: (() => void)[] = []
  let first = 0
  let working = 0
  const leave = () => {
    const next = waiting[first]
    if (!next) {
      working--
      return
    }
    first++
    if (first === waiting.length || first === 1_024) {
      waiting.splice(0, first)
      first = 0
    }
    next()
  }
  return async work => {
    if (working < most) working++
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
