import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Bus } from './bus.ts'
import { unavailable } from './errors.ts'
import type { Log } from './log.ts'

/** Connects to NATS. It reconnects for ever; what was published meanwhile is lost, and `onGap` tells of it. */
export async function openNatsBus(url: string, { name, log }: { name: string; log: Log }): Promise<Bus> {
  const connection = await open(url, name)
  const gaps: (() => void)[] = []
  let ready = true
  const watching = watchStatus(connection, log, change => {
    ready = change === 'reconnect'
    if (ready) for (const callback of gaps) callback()
  })
  return {
    publish(subject, payload) {
      if (!connection.isClosed() && !connection.isDraining()) connection.publish(subject, payload)
    },
    subscribe(pattern, callback) {
      const subscription = connection.subscribe(pattern, {
        callback: (error, message) => {
          if (error) log.error({ error, pattern }, 'a bus subscription failed')
          else deliver(message.subject, message.data)
        },
      })
      const deliver = (subject: string, payload: Uint8Array) => {
        try {
          callback({ subject, payload })
        } catch (error) {
          log.error({ error, subject }, 'a bus callback threw')
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
  onChange: (change: 'disconnect' | 'reconnect') => void,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' || status.type === 'reconnect') {
      log.warn({ server: status.server }, `NATS ${status.type}`)
      onChange(status.type)
    }
    if (status.type === 'error') log.error({ error: status.error }, 'NATS refused something')
    if (status.type === 'slowConsumer') log.warn({ pending: status.pending }, 'NATS consumer is slow')
  }
}
