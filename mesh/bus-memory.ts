import type { Bus, BusMessage } from './bus.ts'
import type { Log } from './log.ts'
import { SubjectIndex } from './subject-index.ts'

interface Listener {
  readonly callback: (message: BusMessage) => void
  ended: boolean
}

/** The bus of one process. Delivers asynchronously and in order, never inside `publish`; copies nothing. */
export function createMemoryBus(log: Log): Bus {
  const index = new SubjectIndex<Listener>()
  let waiting: { message: BusMessage; listeners: readonly Listener[] }[] = []
  let delivering = false
  let closed = false

  const deliver = () => {
    const batch = waiting
    waiting = []
    delivering = true
    for (const { message, listeners } of batch) {
      for (const listener of listeners) {
        if (listener.ended) continue
        try {
          listener.callback(message)
        } catch (error) {
          log.error({ error, subject: message.subject }, 'a bus callback threw')
        }
      }
    }
    delivering = false
    if (waiting.length > 0) setImmediate(deliver)
  }

  return {
    publish(subject, payload, headers) {
      if (closed) return
      const listeners = index.match(subject)
      if (listeners.length === 0) return
      waiting.push({ message: headers ? { subject, payload, headers } : { subject, payload }, listeners })
      if (waiting.length === 1 && !delivering) queueMicrotask(deliver)
    },
    subscribe(pattern, callback) {
      const listener: Listener = { callback, ended: false }
      index.add(pattern, listener)
      return {
        unsubscribe() {
          if (listener.ended) return
          listener.ended = true
          index.remove(pattern, listener)
        },
      }
    },
    settled: () => Promise.resolve(),
    onGap() {
      // Nothing is ever lost inside one process.
    },
    isReady: () => !closed,
    [Symbol.asyncDispose]: async () => {
      while (waiting.length > 0) await new Promise(resolve => setImmediate(resolve))
      closed = true
    },
  }
}
