import type { BusMessage } from '#mesh/bus.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import { TRACEPARENT } from '#mesh/trace.ts'
import type { Tracer } from '#mesh/trace.ts'
import { LAG_BUFFER_BYTES } from './limits.ts'
import { CLOSE } from './protocol.ts'
import type { Socket } from './sockets/socket.ts'

type Counter = ReturnType<Metrics['counter']>

/** What metrics tell of sessions. */
export interface Measures {
  readonly delivered: Counter
  readonly lagged: Counter
  readonly resyncs: Counter
  /** A frame was not taken by a socket that is open: a fault. */
  readonly dropped: Counter
  closed(code: number): void
}

const CODES = new Set<number>([...Object.values(CLOSE), 1000, 1001, 1002, 1005, 1006, 1009])

export function createMeasures(metrics: Metrics, sockets: () => Iterable<Socket>): Measures {
  const closes = metrics.counter('socket_closes_total', 'Sockets closed, by either side, by code.', ['code'])
  const sum = (of: (buffered: number) => number) => () => {
    let total = 0
    for (const socket of sockets()) total += of(socket.buffered())
    return total
  }
  metrics.read(
    'gauge',
    'socket_buffered_bytes',
    'Bytes that sockets have not taken yet.',
    sum(buffered => buffered),
  )
  metrics.read(
    'gauge',
    'sockets_lagging',
    'Sockets with so much buffered that they are served from the journal.',
    sum(buffered => (buffered > LAG_BUFFER_BYTES ? 1 : 0)),
  )
  const dropped = metrics.counter('frames_dropped_total', 'Frames that an open socket did not take: must be 0.')
  dropped.add(0)
  return {
    dropped,
    delivered: metrics.counter('entries_delivered_total', 'journal entries sent to sessions'),
    lagged: metrics.counter('sessions_lagged_total', 'times a session did not keep up'),
    resyncs: metrics.counter('resyncs_total', 'times a client was told to take a run’s state'),
    closed: code => closes.add(1, { code: CODES.has(code) ? String(code) : 'other' }),
  }
}

/** What is gathered for a socket before it is written in any case, in characters: about what goes out in one piece. */
const GATHERED = 16 * 1024

/** Sockets that something is gathered for, in this turn of the event loop. */
let gathering: CountedSocket[] = []

function flushAll(): void {
  const all = gathering
  gathering = []
  for (const one of all) one.flush()
}

/** A socket that writes what it is told within a turn of the event loop in one go, and tells of frames which it dropped while it was open. */
export class CountedSocket implements Socket {
  readonly address: string
  readonly #socket: Socket
  readonly #dropped: Counter
  #frames: string[] = []
  #size = 0
  #isOpen = true

  constructor(socket: Socket, dropped: Counter) {
    this.address = socket.address
    this.#socket = socket
    this.#dropped = dropped
  }

  send(text: string): boolean {
    if (!this.#isOpen) return false
    if (this.#frames.length === 0 && gathering.push(this) === 1) setImmediate(flushAll)
    this.#frames.push(text)
    this.#size += text.length
    if (this.#size > GATHERED) this.flush()
    return true
  }

  flush(): void {
    const frames = this.#frames
    if (frames.length === 0) return
    this.#frames = []
    this.#size = 0
    this.#socket.cork(() => {
      for (const frame of frames) if (!this.#socket.send(frame) && this.#isOpen) this.#dropped.add()
    })
  }

  buffered(): number {
    return this.#socket.buffered() + this.#size
  }

  cork(work: () => void): void {
    work()
  }

  setTopic(topic: string, isOn: boolean): void {
    // What comes by the topic comes after what was sent before.
    this.flush()
    this.#socket.setTopic(topic, isOn)
  }

  close(code: number, reason: string): void {
    this.flush()
    this.gone()
    this.#socket.close(code, reason)
  }

  gone(): void {
    this.#isOpen = false
  }
}

/** Passes entries on from the bus to those that watch, and tells how long they took and what they are part of. */
export type Deliver = (message: BusMessage, publishedAt: number, isWatched: boolean, work: () => void) => void

const SECONDS = [0.001, 0.002, 0.004, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5]

export function createDeliver(metrics: Metrics, tracer: Tracer): Deliver {
  const seconds = metrics.histogram(
    'delivery_seconds',
    'From the commit of entries to their being handed to the sockets that watch; between computers, as good as their clocks.',
    SECONDS,
  )
  return ({ headers }, publishedAt, isWatched, work) => {
    const parent = tracer.on ? headers?.[TRACEPARENT] : undefined
    if (parent === undefined) work()
    else {
      const span = tracer.start('deliver ev.v1', { kind: 'consumer', parent, attributes: ATTRIBUTES })
      tracer.within(span, work)
      span.end()
    }
    if (isWatched && publishedAt > 0) seconds.observe(Math.max(0, Date.now() - publishedAt) / 1000)
  }
}

const ATTRIBUTES = {
  'messaging.system.name': 'nats',
  'messaging.operation.type': 'process',
  'messaging.destination.template': 'ev.v1.{user}.{spell}.{run}',
}
