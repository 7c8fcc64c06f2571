const queues = new WeakMap<object, Map<string, Promise<unknown>>>()

/**
 * Gives the result of some work when all earlier work of the same queue has ended, well or not: what is done at the same time is ready in the order in which it
 * was begun. Queues live as long as `owner`. Rejects at once when the signal aborts.
 */
export function inTurn<T>(owner: object, queue: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const all = queues.get(owner) ?? new Map<string, Promise<unknown>>()
  queues.set(owner, all)
  const before = all.get(queue)
  const own = finish(before, work, signal)
  // Who gives up lets nobody overtake those before it.
  const ended = Promise.allSettled([before, own])
  all.set(queue, ended)
  void ended.then(() => all.get(queue) === ended && all.delete(queue))
  return own
}

async function finish<T>(before: Promise<unknown> | undefined, work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whatever becomes of the wait, a failure of the work is somebody's to see.
  work.catch(() => {})
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {})
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    signal.throwIfAborted()
    await Promise.race([before, aborted.promise])
    return await work
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
