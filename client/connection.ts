import type { CallName, Calls, NotificationName, Notifications, RpcError } from '#edge/protocol.ts'
import { CLOSE, SESSION_PATH, SUBPROTOCOL } from '#edge/protocol.ts'
import { backOffMs } from './back-off.ts'
import { createHeartbeat, HEARTBEAT } from './heartbeat.ts'
import type { Heartbeat, HeartbeatTimes } from './heartbeat.ts'
import { ApiError } from './types.ts'
import type { ConnectionStatus } from './types.ts'

export interface ConnectionOptions {
  /** Of the server: http(s) or ws(s). */
  readonly url: string
  /** What `session.connect` says now; called for each new connection. */
  hello(): Promise<Calls['session.connect']['params']>
  onOpen(answer: Calls['session.connect']['result']): void
  onNotification<N extends NotificationName>(name: N, params: Notifications[N]): void
  /** `error`: why it is closed for good. */
  onStatus(status: ConnectionStatus, retryInMs?: number, error?: ApiError): void
  readonly WebSocket?: typeof globalThis.WebSocket
  readonly heartbeat?: HeartbeatTimes
}

/** One lasting connection: it comes back by itself, with back-off and full jitter, until it is closed or its user is not welcome. */
export interface Connection {
  readonly status: ConnectionStatus
  /**
   * Calls a method as soon as the connection is open. `take` sees the answer before anything that came after it. Rejects with an {@link ApiError}; when the
   * connection is lost meanwhile, with one that may be tried again, unless the method may be repeated: then it is, over the next connection.
   */
  call<M extends CallName>(method: M, params: Calls[M]['params']): Promise<Calls[M]['result']>
  call<M extends CallName, T>(
    method: M,
    params: Calls[M]['params'],
    take: (result: Calls[M]['result']) => T,
  ): Promise<T>
  /** The same where nothing is lost when there is no connection. */
  tell<M extends CallName>(method: M, params: Calls[M]['params']): void
  retryNow(): void
  close(): void
}

/** `readyState` of an open WebSocket. */
const OPEN = 1
/** The close code of a connection that ended without one. */
const NO_GOODBYE = 1006
const OPEN_MS = 10_000
const CALL_MS = 30_000
/** After this a connection counts as one that worked. */
const STEADY_MS = 5_000

/** Methods that do the same when they are called twice, and how often they are called at most. */
const REPEATABLE: ReadonlySet<CallName> = new Set([
  'spell.open',
  'spell.edit',
  'spell.close',
  'run.cancel',
  'run.pause',
])
const MOST_CALLS = 3

/** A browser tells when the network goes and when it is back; elsewhere nobody does. */
const PAGE = globalThis as {
  addEventListener?(event: 'online' | 'offline', listener: () => void): void
  removeEventListener?(event: 'online' | 'offline', listener: () => void): void
}

/** The connection went away under a call. */
class Lost extends ApiError {
  constructor() {
    super(0, 'UNAVAILABLE', 'the connection was lost')
  }
}

interface Pending {
  resolve(result: unknown): void
  reject(error: ApiError): void
  readonly timer: ReturnType<typeof setTimeout>
}

export function openConnection(options: ConnectionOptions): Connection {
  const connection = new LastingConnection(options)
  connection.begin()
  return connection
}

class LastingConnection implements Connection {
  readonly #options: ConnectionOptions
  readonly #pending = new Map<number, Pending>()
  #socket: WebSocket | undefined
  #status: ConnectionStatus = 'connecting'
  #nextId = 1
  #tries = 0
  #openedAt = 0
  #wanted: { resolve(): void; reject(error: ApiError): void }[] = []
  #retry: ReturnType<typeof setTimeout> | undefined
  /** When to come back after a drain: for one try. */
  #drainMs: number | undefined
  #drainTimer: ReturnType<typeof setTimeout> | undefined
  /** Proofs refused one after another. */
  #refused = 0
  #frameBytes = Infinity
  #heartbeat: Heartbeat | undefined
  #ended = new ApiError(0, 'CANCELLED', 'the client is closed', { retry: false })

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  begin(): void {
    PAGE.addEventListener?.('online', this.#onOnline)
    PAGE.addEventListener?.('offline', this.#onOffline)
    void this.#connect()
  }

  readonly #onOnline = () => this.retryNow()
  readonly #onOffline = () => this.#abandon()

  async call<M extends CallName, T>(
    method: M,
    params: Calls[M]['params'],
    take: (result: Calls[M]['result']) => T = result => result as T,
  ): Promise<T> {
    for (let calls = 1; ; calls++) {
      await this.#opened()
      try {
        return await this.#send(method, params, take)
      } catch (error) {
        if (!(error instanceof Lost && REPEATABLE.has(method) && calls < MOST_CALLS)) throw error
      }
    }
  }

  tell<M extends CallName>(method: M, params: Calls[M]['params']): void {
    if (this.#status === 'open') this.#send(method, params, () => {}).catch(() => {})
  }

  retryNow(): void {
    if (this.#status !== 'waiting') return
    clearTimeout(this.#retry)
    void this.#connect()
  }

  close(): void {
    if (this.#isClosed()) return
    this.#end(this.#ended)
    this.#socket?.close(1000)
  }

  #end(error: ApiError): void {
    this.#ended = error
    this.#heartbeat?.stop()
    clearTimeout(this.#retry)
    clearTimeout(this.#drainTimer)
    PAGE.removeEventListener?.('online', this.#onOnline)
    PAGE.removeEventListener?.('offline', this.#onOffline)
    this.#setStatus('closed', undefined, error)
    this.#failAll(error)
    for (const { reject } of this.#wanted.splice(0)) reject(error)
  }

  #setStatus(status: ConnectionStatus, retryInMs?: number, error?: ApiError): void {
    this.#status = status
    this.#options.onStatus(status, retryInMs, error)
  }

  #opened(): Promise<void> {
    if (this.#status === 'open') return Promise.resolve()
    if (this.#isClosed()) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wanted = this.#wanted.filter(one => one !== waiting)
        reject(new ApiError(0, 'UNAVAILABLE', 'the server cannot be reached at the moment'))
      }, OPEN_MS)
      const waiting = {
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
        reject: (error: ApiError) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#wanted.push(waiting)
    })
  }

  async #connect(): Promise<void> {
    this.#setStatus('connecting')
    let shown = false
    try {
      const hello = await this.#options.hello()
      shown = true
      const socket = await this.#openSocket()
      if (this.#isClosed()) return socket.close(1000)
      // At once: what follows the answer may come with it.
      await this.#send('session.connect', hello, answer => this.#connected(answer), socket)
    } catch (error) {
      if (this.#isClosed()) return
      const socket = this.#socket
      this.#forget()
      socket?.close(1000)
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        // A ticket may have grown old on its way: one more, and not one more after that.
        if (error.status === 403 || !shown || this.#refused++ > 0) return this.#end(error)
      }
      this.#wait()
    }
  }

  #connected(answer: Calls['session.connect']['result']): void {
    this.#openedAt = Date.now()
    this.#refused = 0
    this.#frameBytes = answer.limits.frameBytes
    this.#heartbeat = createHeartbeat(
      this.#options.heartbeat ?? HEARTBEAT,
      () => this.tell('session.ping', {}),
      () => this.#abandon(),
    )
    this.#setStatus('open')
    this.#options.onOpen(answer)
    for (const { resolve } of this.#wanted.splice(0)) resolve()
  }

  #isClosed(): boolean {
    return this.#status === 'closed'
  }

  #openSocket(): Promise<WebSocket> {
    const { url, WebSocket: Socket = globalThis.WebSocket } = this.#options
    const socket = new Socket(url.replace(/^http/, 'ws').replace(/\/$/, '') + SESSION_PATH, SUBPROTOCOL)
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(String(data))
    }
    return new Promise((resolve, reject) => {
      const gone = (code: number, reason: string) => {
        clearTimeout(late)
        reject(new ApiError(0, 'UNAVAILABLE', `the connection was closed (${code}${reason ? ` ${reason}` : ''})`))
        this.#lost(socket, code)
      }
      const late = setTimeout(() => {
        gone(NO_GOODBYE, 'it did not open in time')
        socket.close()
      }, OPEN_MS)
      socket.onopen = () => {
        clearTimeout(late)
        resolve(socket)
      }
      // Where the server refuses the socket, Node 22 tells of an error and never of a close.
      socket.onerror = () => {
        if (socket.readyState !== OPEN) gone(NO_GOODBYE, 'it could not be opened')
      }
      socket.onclose = ({ code, reason }) => gone(code, reason)
    })
  }

  #lost(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return
    this.#forget()
    // While it connects, that knows what to do.
    if (this.#status !== 'open') return
    if (code === CLOSE.forbidden)
      return this.#end(new ApiError(403, 'PERMISSION_DENIED', 'this session was ended', { retry: false }))
    if (Date.now() - this.#openedAt > STEADY_MS) this.#tries = 0
    this.#wait()
  }

  /** Takes leave of a socket that may never say that it is gone. */
  #abandon(): void {
    const socket = this.#socket
    if (!socket) return
    this.#lost(socket, NO_GOODBYE)
    socket.close()
  }

  #forget(): void {
    this.#socket = undefined
    this.#heartbeat?.stop()
    clearTimeout(this.#drainTimer)
    this.#failAll(new Lost())
  }

  #drain({ reconnectAfterMs }: Notifications['session.drain']): void {
    this.#drainMs = reconnectAfterMs
    clearTimeout(this.#drainTimer)
    this.#drainTimer = setTimeout(() => {
      this.#drainMs = 0
      this.#abandon()
    }, reconnectAfterMs)
  }

  #wait(): void {
    const delayMs = this.#drainMs ?? backOffMs(this.#tries++)
    this.#drainMs = undefined
    this.#setStatus('waiting', delayMs)
    this.#retry = setTimeout(() => void this.#connect(), delayMs)
  }

  #failAll(error: ApiError): void {
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(error)
    }
    this.#pending.clear()
  }

  #send<M extends CallName, T>(
    method: M,
    params: Calls[M]['params'],
    take: (result: Calls[M]['result']) => T,
    socket = this.#socket,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!socket || socket.readyState !== OPEN) return reject(new Lost())
      const id = this.#nextId++
      const text = JSON.stringify({ jsonrpc: '2.0', id, method, params })
      const size = byteLength(text, this.#frameBytes)
      if (size > this.#frameBytes) return reject(tooLarge(method, size, this.#frameBytes))
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(new ApiError(0, 'DEADLINE_EXCEEDED', `"${method}" was not answered in time`))
        // Whoever does not answer for so long is not there any more.
        if (this.#socket === socket) this.#abandon()
      }, CALL_MS)
      this.#pending.set(id, { resolve: result => resolve(take(result as Calls[M]['result'])), reject, timer })
      socket.send(text)
    })
  }

  #receive(text: string): void {
    this.#heartbeat?.heard()
    let frame: Message | readonly Message[]
    try {
      frame = JSON.parse(text) as Message | readonly Message[]
    } catch {
      return this.#abandon()
    }
    for (const message of Array.isArray(frame) ? (frame as readonly Message[]) : [frame as Message]) {
      if (message.method !== undefined) this.#notified(message.method, message.params)
      else this.#answered(message)
    }
  }

  #notified(method: NotificationName, params: unknown): void {
    if (method === 'session.drain') this.#drain(params as Notifications['session.drain'])
    this.#options.onNotification(method, params as never)
  }

  #answered({ id, error, result }: Message): void {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (!pending || typeof id !== 'number') return
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    if (error) pending.reject(toError(error))
    else pending.resolve(result)
  }
}

/** Bytes of a text in UTF-8; counted only where it may matter. */
function byteLength(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length
}

function tooLarge(method: string, size: number, limit: number): ApiError {
  const message = `"${method}" takes ${size} bytes, and a frame may take ${limit}: save the spell, or send it by REST`
  return new ApiError(0, 'RESOURCE_EXHAUSTED', message, { retry: false })
}

interface Message {
  readonly id?: number | null
  readonly method?: NotificationName
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: RpcError
}

function toError({ message, data }: RpcError): ApiError {
  const status =
    data.reason === 'UNAUTHENTICATED'
      ? 401
      : data.reason === 'PERMISSION_DENIED'
        ? 403
        : data.reason === 'NOT_FOUND'
          ? 404
          : 0
  return new ApiError(status, data.reason, message, { problems: data.problems ?? [], retry: data.retry })
}
