import type { CallName, Calls, NotificationName, Notifications, RpcError } from '#edge/protocol.ts'
import { CLOSE, SESSION_PATH, SUBPROTOCOL } from '#edge/protocol.ts'
import { ApiError } from './types.ts'
import type { ConnectionStatus } from './types.ts'

export interface ConnectionOptions {
  /** Of the server: http(s) or ws(s). */
  readonly url: string
  /** What `session.connect` says now; called for each new connection. */
  hello(): Promise<Calls['session.connect']['params']>
  onOpen(answer: Calls['session.connect']['result']): void
  onNotification<N extends NotificationName>(name: N, params: Notifications[N]): void
  onStatus(status: ConnectionStatus, retryInMs?: number): void
  readonly WebSocket?: typeof globalThis.WebSocket
}

/** One lasting connection: it comes back by itself, with back-off and full jitter, until it is closed or its user is not welcome. */
export interface Connection {
  readonly status: ConnectionStatus
  /** Calls a method as soon as the connection is open. Rejects with an {@link ApiError}; when the connection is lost meanwhile, with one that may be tried again. */
  call<M extends CallName>(method: M, params: Calls[M]['params']): Promise<Calls[M]['result']>
  /** The same where nothing is lost when there is no connection. */
  tell<M extends CallName>(method: M, params: Calls[M]['params']): void
  retryNow(): void
  close(): void
}

const FIRST_MS = 250
const MOST_MS = 10_000
const OPEN_MS = 10_000
const CALL_MS = 30_000
/** After this a connection counts as one that worked. */
const STEADY_MS = 5_000

/** A browser tells when the network is back; elsewhere nobody does. */
const PAGE = globalThis as {
  addEventListener?(event: 'online', listener: () => void): void
  removeEventListener?(event: 'online', listener: () => void): void
}

interface Pending {
  resolve(result: never): void
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
  #drainMs: number | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  begin(): void {
    PAGE.addEventListener?.('online', this.#onOnline)
    void this.#connect()
  }

  readonly #onOnline = () => this.retryNow()

  async call<M extends CallName>(method: M, params: Calls[M]['params']): Promise<Calls[M]['result']> {
    await this.#opened()
    return this.#send(method, params)
  }

  tell<M extends CallName>(method: M, params: Calls[M]['params']): void {
    if (this.#status === 'open') this.#send(method, params).catch(() => {})
  }

  retryNow(): void {
    if (this.#status !== 'waiting') return
    clearTimeout(this.#retry)
    void this.#connect()
  }

  close(): void {
    this.#end(new ApiError(0, 'CANCELLED', 'the client is closed', { retry: false }))
    this.#socket?.close(1000)
  }

  #end(error: ApiError): void {
    clearTimeout(this.#retry)
    PAGE.removeEventListener?.('online', this.#onOnline)
    this.#setStatus('closed')
    this.#failAll(error)
    for (const { reject } of this.#wanted.splice(0)) reject(error)
  }

  #setStatus(status: ConnectionStatus, retryInMs?: number): void {
    this.#status = status
    this.#options.onStatus(status, retryInMs)
  }

  #opened(): Promise<void> {
    if (this.#status === 'open') return Promise.resolve()
    if (this.#status === 'closed')
      return Promise.reject(new ApiError(0, 'CANCELLED', 'the client is closed', { retry: false }))
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
    try {
      const hello = await this.#options.hello()
      const socket = await this.#openSocket()
      if (this.#isClosed()) return socket.close(1000)
      const answer = await this.#send('session.connect', hello, socket)
      this.#openedAt = Date.now()
      this.#drainMs = undefined
      this.#setStatus('open')
      this.#options.onOpen(answer)
      for (const { resolve } of this.#wanted.splice(0)) resolve()
    } catch (error) {
      if (this.#isClosed()) return
      this.#socket?.close(1000)
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return this.#end(error)
      this.#wait()
    }
  }

  #isClosed(): boolean {
    return this.#status === 'closed'
  }

  #openSocket(): Promise<WebSocket> {
    const { url, WebSocket: Socket = globalThis.WebSocket } = this.#options
    const socket = new Socket(url.replace(/^http/, 'ws').replace(/\/$/, '') + SESSION_PATH, SUBPROTOCOL)
    this.#socket = socket
    socket.onmessage = ({ data }) => this.#receive(String(data))
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => socket.close(), OPEN_MS)
      socket.onopen = () => {
        clearTimeout(late)
        resolve(socket)
      }
      socket.onerror = () => {}
      socket.onclose = ({ code, reason }) => {
        clearTimeout(late)
        reject(new ApiError(0, 'UNAVAILABLE', `the connection was closed (${code}${reason ? ` ${reason}` : ''})`))
        this.#lost(socket, code)
      }
    })
  }

  #lost(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#failAll(new ApiError(0, 'UNAVAILABLE', 'the connection was lost'))
    if (this.#status !== 'open') return
    if (code === CLOSE.forbidden)
      return this.#end(new ApiError(403, 'PERMISSION_DENIED', 'this session was ended', { retry: false }))
    if (Date.now() - this.#openedAt > STEADY_MS) this.#tries = 0
    this.#wait()
  }

  /** Waits before the next try: twice as long each time, anywhere up to that. */
  #wait(): void {
    const most = Math.min(MOST_MS, FIRST_MS * 2 ** this.#tries++)
    const delayMs = this.#drainMs ?? Math.random() * most
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

  #send<M extends CallName>(method: M, params: Calls[M]['params'], socket = this.#socket): Promise<Calls[M]['result']> {
    return new Promise((resolve, reject) => {
      if (!socket || socket.readyState !== 1) return reject(new ApiError(0, 'UNAVAILABLE', 'the connection was lost'))
      const id = this.#nextId++
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(new ApiError(0, 'DEADLINE_EXCEEDED', `"${method}" was not answered in time`))
      }, CALL_MS)
      this.#pending.set(id, { resolve, reject, timer })
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as Message | readonly Message[]
    for (const message of Array.isArray(frame) ? (frame as readonly Message[]) : [frame as Message]) {
      if (message.method !== undefined) {
        if (message.method === 'session.drain')
          this.#drainMs = (message.params as Notifications['session.drain']).reconnectAfterMs
        this.#options.onNotification(message.method, message.params as never)
        continue
      }
      const pending = message.id === undefined || message.id === null ? undefined : this.#pending.get(message.id)
      if (!pending || message.id === undefined || message.id === null) continue
      this.#pending.delete(message.id)
      clearTimeout(pending.timer)
      if (message.error) pending.reject(toError(message.error))
      else pending.resolve(message.result as never)
    }
  }
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
