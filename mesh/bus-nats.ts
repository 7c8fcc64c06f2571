import { connect, headers as createHeaders } from '@nats-io/transport-node'
import type { Msg, NatsConnection, PublishOptions } from '@nats-io/transport-node'
import type { Bus, BusHeaders, BusMessage } from './bus.ts'
import { unavailable } from './errors.ts'
import type { Log } from './log.ts'
import type { Metrics } from './telemetry.ts'

/** Connects to NATS. It reconnects for ever; what was published meanwhile is lost, and `onGap` tells of it. */
export async function openNatsBus(
  url: string,
  { name, log, metrics }: { name: string; log: Log; metrics: Metrics },
): Promise<Bus> {
  const connection = await open(url, name)
  const gaps: (() => void)[] = []
  let ready = true
  const events = metrics.counter('nats_events_total', 'What the connection to NATS told of.', ['event'])
  for (const event of ['reconnect', 'error', 'slowConsumer']) events.add(0, { event })
  const watching = watchStatus(connection, log, events, change => {
    ready = change === 'reconnect'
    if (ready) for (const callback of gaps) callback()
  })
  return {
    publish(subject, payload, headers) {
      if (connection.isClosed() || connection.isDraining()) return
      connection.publish(subject, payload, headers && withHeaders(headers))
    },
    subscribe(pattern, callback) {
      const subscription = connection.subscribe(pattern, {
        callback: (error, message) => {
          if (error) log.error({ error, pattern }, 'a bus subscription failed')
          else deliver(toBusMessage(message))
        },
      })
      const deliver = (message: BusMessage) => {
        try {
          callback(message)
        } catch (error) {
          log.error({ error, subject: message.subject }, 'a bus callback threw')
        }
      }
      return { unsubscribe: () => subscription.unsubscribe() }
    },
    settled: () => connection.flush(),
    onGap: callback => void gaps.push(callback),
    isReady: () => ready && !connection.isClosed(),
    [Symbol.asyncDispose]: async () => {
      await (ready ? connection.drain() : connection.close())
      await watching
    },
  }
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

async function open(url: string, name: string): Promise<NatsConnection> {
  const servers = url.split(',').map(one => one.trim())
  const [first] = servers
  const { username, password } = new URL(first ?? '')
  try {
    return await connect({
      servers,
      ...(username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : {}),
      name: `spellmesh ${name}`,
      inboxPrefix: `_INBOX_${name}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 5_000,
      maxPingOut: 2,
      timeout: 5_000,
    })
  } catch (error) {
    throw unavailable(`NATS cannot be reached: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

async function watchStatus(
  connection: NatsConnection,
  log: Log,
  events: ReturnType<Metrics['counter']>,
  onChange: (change: 'disconnect' | 'reconnect') => void,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type !== 'ping') events.add(1, { event: status.type })
    if (status.type === 'disconnect' || status.type === 'reconnect') {
      log.warn({ server: status.server }, `NATS ${status.type}`)
      onChange(status.type)
    }
    if (status.type === 'error') log.error({ error: status.error }, 'NATS refused something')
    if (status.type === 'slowConsumer') log.warn({ pending: status.pending }, 'NATS consumer is slow')
  }
}
