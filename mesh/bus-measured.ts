import type { Bus } from './bus.ts'
import type { Metrics } from './telemetry.ts'

interface Sums {
  messages: number
  bytes: number
}

const MOST_KINDS = 32

/** The bus, with metrics of what goes over it, by the first word of the subject (`ev`, `tok`, `head` …). */
export function measured(bus: Bus, metrics: Metrics): Bus {
  const published = new Map<string, Sums>()
  const received = new Map<string, Sums>()
  let gaps = 0
  bus.onGap(() => void gaps++)
  tell(metrics, 'published', published)
  tell(metrics, 'received', received)
  metrics.read(
    'counter',
    'bus_gaps_total',
    'Times that messages of the bus may have been lost: reconnects.',
    () => gaps,
  )
  metrics.read('gauge', 'bus_connected', 'Whether the bus is connected.', () => (bus.isReady() ? 1 : 0))
  return {
    publish(subject, payload, headers) {
      add(published, subject, payload.length)
      bus.publish(subject, payload, headers)
    },
    subscribe: (pattern, callback) =>
      bus.subscribe(pattern, message => {
        add(received, message.subject, message.payload.length)
        callback(message)
      }),
    settled: () => bus.settled(),
    onGap: callback => bus.onGap(callback),
    isReady: () => bus.isReady(),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  }
}

function add(sums: Map<string, Sums>, subject: string, bytes: number): void {
  const dot = subject.indexOf('.')
  let kind = dot < 0 ? subject : subject.slice(0, dot)
  if (!sums.has(kind) && sums.size >= MOST_KINDS) kind = 'other'
  const sum = sums.get(kind) ?? { messages: 0, bytes: 0 }
  sum.messages++
  sum.bytes += bytes
  sums.set(kind, sum)
}

function tell(metrics: Metrics, what: string, sums: ReadonlyMap<string, Sums>): void {
  const samples = (of: keyof Sums) => () => [...sums].map(([kind, sum]) => ({ value: sum[of], labels: { kind } }))
  metrics.read('counter', `bus_${what}_messages_total`, `Messages ${what}, by kind.`, samples('messages'), ['kind'])
  metrics.read('counter', `bus_${what}_bytes_total`, `Bytes ${what}, by kind.`, samples('bytes'), ['kind'])
}
