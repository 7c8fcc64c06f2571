import {
  AuthorizationError,
  connect,
  headers as createHeaders,
  PermissionViolationError,
} from '@nats-io/transport-node'
import type { Msg, NatsConnection, PublishOptions, Status, Subscription as Live } from '@nats-io/transport-node'
import type { Bus, BusHeaders, BusMessage } from './bus.ts'
import { invalid, unavailable } from './errors.ts'
import type { Log } from './log.ts'
import type { Metrics } from './telemetry.ts'

interface NatsOptions {
  /** Unique to this process. */
  readonly name: string
  readonly log: Log
  readonly metrics: Metrics
}

/** Whoever was cut off says so when it is back: what it published meanwhile is lost to all. */
const GAP = 'sys.v1.gap'
/** Many come back at the same time. */
const GAP_TOGETHER_MS = 200
const AGAIN_MS = 1_000

/**
 * Connects to NATS, and goes on trying where it cannot be reached; rejects where it does not let this process in. It reconnects for ever. What was published
 * meanwhile, by this process or another, is lost: `onGap` tells of it.
 */
export async function openNatsBus(url: string, options: NatsOptions): Promise<Bus> {
  const server = readUrl(url)
  const open = () => connect({ ...server, ...CONNECTION, ...namesOf(options.name) })
  const bus = new NatsBus(options)
  try {
    bus.use(await open())
  } catch (error) {
    if (error instanceof AuthorizationError) throw refused(error)
    options.log.warn({ error }, 'NATS cannot be reached yet: trying on')
    bus.connectLater(open)
  }
  return bus
}

interface Subscribed {
  readonly pattern: string
  readonly callback: (message: BusMessage) => void
  live: Live | undefined
}

/** The bus over one connection, which may come later, or come and go. */
class NatsBus implements Bus {
  readonly #name: Buffer
  readonly #log: Log
  readonly #events: ReturnType<Metrics['counter']>
  readonly #subscribed = new Set<Subscribed>()
  readonly #gaps: (() => void)[] = []
  /** Those that wait for the server's answer. */
  readonly #waiting = new Set<() => void>()
  #connection: NatsConnection | undefined
  #isConnected = false
  #hasEnded = false
  #watching = Promise.resolve()
  #settling: Promise<void> | undefined
  #again: NodeJS.Timeout | undefined
  #told: NodeJS.Timeout | undefined

  constructor({ name, log, metrics }: NatsOptions) {
    this.#name = Buffer.from(name)
    this.#log = log
    this.#events = metrics.counter('nats_events_total', 'What the connection to NATS told of.', ['event'])
    for (const event of ['reconnect', 'error', 'denied', 'slowConsumer']) this.#events.add(0, { event })
    // Those that come back tell each other: for the time of a reconnect all is lost, whoever was away.
    this.subscribe(GAP, ({ payload }) => {
      if (this.#name.equals(payload)) return
      this.#told ??= setTimeout(() => this.#tellGap(), GAP_TOGETHER_MS)
    })
  }

  use(connection: NatsConnection): void {
    this.#connection = connection
    this.#isConnected = true
    for (const one of this.#subscribed) this.#attach(connection, one)
    this.#watching = this.#watch(connection)
  }

  connectLater(connectAgain: () => Promise<NatsConnection>): void {
    this.#again = setTimeout(() => {
      connectAgain().then(
        connection => {
          if (this.#hasEnded) return void connection.close()
          this.use(connection)
          this.#log.info({ server: connection.getServer() }, 'NATS is reached')
          this.#back(connection)
        },
        (error: unknown) => {
          if (this.#hasEnded) return
          this.#log.warn({ error }, 'NATS cannot be reached yet: trying on')
          this.connectLater(connectAgain)
        },
      )
    }, AGAIN_MS)
  }

  publish(subject: string, payload: Uint8Array, headers?: BusHeaders): void {
    // Without a connection it would pile up, and then be thrown away.
    if (!this.#isConnected || !this.#connection || this.#connection.isDraining()) return
    this.#connection.publish(subject, payload, headers && withHeaders(headers))
  }

  subscribe(pattern: string, callback: (message: BusMessage) => void) {
    const one: Subscribed = { pattern, callback, live: undefined }
    this.#subscribed.add(one)
    // While the process ends, somebody may still come.
    if (this.#connection && !this.#hasEnded) this.#attach(this.#connection, one)
    return {
      unsubscribe: () => {
        this.#subscribed.delete(one)
        one.live?.unsubscribe()
      },
    }
  }

  /** All who ask within a turn of the event loop share one round trip. */
  settled(): Promise<void> {
    this.#settling ??= new Promise<void>(resolve => setImmediate(resolve)).then(() => {
      this.#settling = undefined
      return this.#flush()
    })
    return this.#settling
  }

  async #flush(): Promise<void> {
    if (!this.#isConnected || !this.#connection) return
    const lost = Promise.withResolvers<void>()
    this.#waiting.add(lost.resolve)
    // What is lost with the connection is told of by the gap.
    await Promise.race([this.#connection.flush().catch(() => undefined), lost.promise])
    this.#waiting.delete(lost.resolve)
  }

  onGap(callback: () => void): void {
    this.#gaps.push(callback)
  }

  isReady(): boolean {
    return this.#isConnected && this.#connection?.isClosed() === false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasEnded = true
    clearTimeout(this.#again)
    clearTimeout(this.#told)
    const connection = this.#connection
    // It may be lost meanwhile.
    if (this.#isConnected) await connection?.drain().catch(() => undefined)
    await connection?.close()
    await this.#watching
  }

  #attach(connection: NatsConnection, one: Subscribed): void {
    const { pattern, callback } = one
    one.live = connection.subscribe(pattern, {
      callback: (error, message) => {
        // The connection's status tells of what is denied.
        if (error instanceof PermissionViolationError) return
        if (error) return this.#log.error({ error, pattern }, 'a bus subscription failed')
        try {
          callback(toBusMessage(message))
        } catch (thrown) {
          this.#log.error({ error: thrown, subject: message.subject }, 'a bus callback threw')
        }
      },
    })
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#follow(connection, status)
  }

  #follow(connection: NatsConnection, status: Status): void {
    const isDenied = status.type === 'error' && status.error instanceof PermissionViolationError
    if (status.type !== 'ping') this.#events.add(1, { event: isDenied ? 'denied' : status.type })
    switch (status.type) {
      case 'disconnect':
        this.#log.warn({ server: status.server }, 'NATS disconnect')
        this.#isConnected = false
        for (const resolve of this.#waiting) resolve()
        return
      case 'reconnect':
        this.#log.warn({ server: status.server }, 'NATS reconnect')
        return this.#back(connection)
      case 'error':
        return this.#log.error(
          { error: status.error },
          isDenied ? 'NATS denies a subject to this user: its permissions do not fit' : 'NATS refused something',
        )
      case 'slowConsumer':
        return this.#log.warn({ pending: status.pending }, 'NATS consumer is slow')
      default:
    }
  }

  /** Connected again: what was published meanwhile is lost. */
  #back(connection: NatsConnection): void {
    this.#isConnected = true
    connection.publish(GAP, this.#name)
    this.#tellGap()
  }

  #tellGap(): void {
    clearTimeout(this.#told)
    this.#told = undefined
    for (const callback of this.#gaps) callback()
  }
}

function refused(cause: unknown) {
  return unavailable(
    'NATS does not let this process in: user and password of NATS_URL are not those of its configuration',
    {
      cause,
    },
  )
}

function withHeaders(given: BusHeaders): PublishOptions {
  const headers = createHeaders()
  for (const [name, value] of Object.entries(given)) headers.set(name, value)
  return { headers }
}

function toBusMessage({ subject, data: payload, headers }: Msg): BusMessage {
  if (!headers) return { subject, payload }
  return { subject, payload, headers: Object.fromEntries(headers.keys().map(name => [name, headers.get(name)])) }
}

/** One user for all servers. */
function readUrl(url: string): { servers: string[]; tls?: object; user?: string; pass?: string } {
  const parsed = url.split(',').map(one => (URL.canParse(one.trim()) ? new URL(one.trim()) : undefined))
  // The client takes credentials before a host for part of it, and tells them in its errors.
  const servers = parsed.flatMap(one => (one?.host ? [one.host] : []))
  const [first] = parsed
  if (!first || servers.length < parsed.length)
    throw invalid([
      { path: 'NATS_URL', message: 'expected nats://user:password@host:4222, or several separated by commas' },
    ])
  const { username, password } = first
  return {
    servers,
    // `tls://`: nothing goes unencrypted. A server may ask for it anyway.
    ...(parsed.some(one => one?.protocol === 'tls:') ? { tls: {} } : {}),
    ...(username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : {}),
  }
}

const CONNECTION = {
  maxReconnectAttempts: -1,
  // A password that is being changed must not end it.
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  pingInterval: 5_000,
  maxPingOut: 2,
  timeout: 5_000,
}

function namesOf(name: string) {
  return { name: `spellmesh ${name}`, inboxPrefix: `_INBOX_${name}` }
}
