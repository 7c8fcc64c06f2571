import weaviate from 'weaviate-client'
import type { WeaviateClient } from 'weaviate-client'
import { CodedError, isCoded, unavailable } from '#mesh/errors.ts'
import { isAway, isKeyRefused, messageOf } from './failures.ts'

/** Does something by the client, until the signal aborts. */
export type Work<T> = (client: WeaviateClient, signal: AbortSignal) => Promise<T>

/** The way to a Weaviate. Rejects with UNAVAILABLE where it is away or does not take our key, and with what the client throws where it refuses something. */
export interface Connection {
  /**
   * Does work that changes something. Where Weaviate is known to be away, it rejects at once; where it goes meanwhile, when the client tries no more: what
   * is still on its way must not arrive after what follows.
   */
  use<T>(work: Work<T>): Promise<T>
  /** Does work that only looks: it is left alone when the caller goes, or as soon as Weaviate is seen to be away. */
  ask<T>(work: Work<T>, signal?: AbortSignal): Promise<T>
  /** Whether it answers now. Never rejects. */
  isReachable(): Promise<boolean>
  close(): Promise<void>
}

export interface ConnectionSettings {
  readonly WEAVIATE_URL: string
  readonly WEAVIATE_GRPC_URL: string
  readonly WEAVIATE_API_KEY: string
}

const GRPC_PORT = 50_051
/** How long what was found out of it counts. */
const KNOWN_MS = 1_000
const READY_MS = 1_500
/** One request, with what the client tries again by itself. */
const REQUEST_MS = 10_000
/** When no other request is begun, and when what does not end by itself is left alone. */
const CALL_MS = { last: 20_000, most: 40_000 }
/** Where REST says that it is ready, and yet calls fail: how long none is made, longer each time. */
const SHUT_MS = { first: 500, most: 8_000 }
const AWAY = 'the Weaviate of this instance does not answer now'

interface Limits {
  /** When work is to end. */
  readonly ends: AbortSignal
  /** When it is left alone. */
  readonly gone: AbortSignal
  /** Weaviate is seen to be away; `close` lets the client try nothing again. */
  onAway(close: () => void): void
}

export function createConnection(settings: ConnectionSettings): Connection {
  const addresses = readAddresses(settings)
  const isReachable = createReadiness(addresses.ready)
  const circuit = createCircuit()
  const clients = createClients(() => connect(addresses, settings.WEAVIATE_API_KEY))
  const attempt = async <T>(work: Work<T>, { ends, gone, onAway }: Limits): Promise<T> => {
    // Its client waits and tries again for long: whether there is somebody is asked before, and meanwhile.
    if (circuit.isOpen() || !(await isReachable())) throw unavailable(AWAY)
    const client = clients.take()
    const watch = setInterval(
      () => void isReachable().then(is => (is ? undefined : onAway(() => clients.retire(client, 'now')))),
      KNOWN_MS,
    )
    try {
      const done = await Promise.race([begin(client, work, ends), rejection(gone)])
      circuit.succeeded()
      return done
    } catch (error) {
      if (isCoded(error)) throw error
      if (isKeyRefused(error))
        throw unavailable('the Weaviate of this instance does not take its key, WEAVIATE_API_KEY', { cause: error })
      if (!isAway(error)) throw error
      circuit.failed()
      clients.retire(client)
      throw unavailable(`the Weaviate of this instance cannot be asked now: ${messageOf(error)}`, { cause: error })
    } finally {
      clearInterval(watch)
      clients.put(client)
    }
  }
  return {
    isReachable,
    use: work =>
      attempt(work, {
        ends: AbortSignal.timeout(CALL_MS.last),
        gone: AbortSignal.timeout(CALL_MS.most),
        onAway: close => close(),
      }),
    ask(work, signal) {
      const away = new AbortController()
      const ends = AbortSignal.any([away.signal, AbortSignal.timeout(CALL_MS.last), ...(signal ? [signal] : [])])
      return attempt(work, { ends, gone: ends, onAway: () => away.abort(unavailable(AWAY)) })
    },
    close: clients.close,
  }
}

interface Addresses {
  readonly ready: URL
  readonly http: URL
  readonly grpc: URL
}

function readAddresses({ WEAVIATE_URL, WEAVIATE_GRPC_URL }: ConnectionSettings): Addresses {
  const http = new URL(WEAVIATE_URL)
  const given = WEAVIATE_GRPC_URL === '' ? `${http.hostname}:${GRPC_PORT}` : WEAVIATE_GRPC_URL
  const text = given.includes('://') ? given : `${http.protocol}//${given}`
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw new Error(`WEAVIATE_GRPC_URL: expected e.g. http://localhost:50051, got "${WEAVIATE_GRPC_URL}"`)
  return {
    ready: new URL('v1/.well-known/ready', `${WEAVIATE_URL.replace(/\/$/, '')}/`),
    http,
    grpc: new URL(text),
  }
}

/** Asks whether it is ready, no more often than it may change. */
function createReadiness(url: URL): () => Promise<boolean> {
  let known: { readonly at: number; readonly ready: Promise<boolean> } | undefined
  const look = async () => {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(READY_MS) })
      await answer.body?.cancel()
      return answer.ok
    } catch {
      return false
    }
  }
  return () => {
    if (!known || performance.now() - known.at > KNOWN_MS) known = { at: performance.now(), ready: look() }
    return known.ready
  }
}

function createCircuit() {
  let [failures, until] = [0, 0]
  return {
    isOpen: () => performance.now() < until,
    failed() {
      until = performance.now() + Math.min(SHUT_MS.first * 2 ** Math.min(failures++, 8), SHUT_MS.most)
    },
    succeeded: () => void (failures = 0),
  }
}

async function begin<T>({ opened }: Client, work: Work<T>, ends: AbortSignal): Promise<T> {
  const client = await opened
  // It asks for this by itself with each collection that is named, and lets a failure end the process; once it knows, it asks no more.
  await client.getWeaviateVersion()
  return work(client, ends)
}

interface Client {
  readonly opened: Promise<WeaviateClient>
  users: number
  isRetired: boolean
}

/** One at a time is used; after a failure the next is another, since gRPC waits ever longer before it looks whether somebody is there again. */
function createClients(open: () => Promise<WeaviateClient>) {
  let current: Client | undefined
  const close = async ({ opened }: Client) => (await opened.catch(() => undefined))?.close()
  return {
    take(): Client {
      current ??= { opened: open(), users: 0, isRetired: false }
      current.users++
      return current
    },
    retire(client: Client, when: 'now' | 'unused' = 'unused'): void {
      client.isRetired = true
      if (current === client) current = undefined
      if (when === 'now') void close(client)
    },
    put(client: Client): void {
      client.users--
      if (client.isRetired && client.users === 0) void close(client)
    },
    async close(): Promise<void> {
      if (current) await close(current)
    },
  }
}

function connect({ http, grpc }: Addresses, key: string): Promise<WeaviateClient> {
  const isSecure = (url: URL) => url.protocol === 'https:'
  const seconds = REQUEST_MS / 1_000
  return weaviate.connectToCustom({
    httpHost: http.hostname,
    httpPort: Number(http.port) || (isSecure(http) ? 443 : 80),
    httpSecure: isSecure(http),
    ...(http.pathname === '/' ? {} : { httpPath: http.pathname.replace(/\/$/, '') }),
    grpcHost: grpc.hostname,
    grpcPort: Number(grpc.port) || (isSecure(grpc) ? 443 : GRPC_PORT),
    grpcSecure: isSecure(grpc),
    ...(key === '' ? {} : { authCredentials: new weaviate.ApiKey(key) }),
    timeout: { init: 2, query: seconds, insert: seconds },
    // This service starts although Weaviate is away.
    skipInitChecks: true,
  })
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(reasonOf(signal))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof CodedError ? reason : unavailable('Weaviate took too long')
}
