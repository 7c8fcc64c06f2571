import { randomBytes } from 'node:crypto'
import { CodedError, invalid, unauthenticated } from '#mesh/errors.ts'
import { inSpan } from '#mesh/trace.ts'
import type { Proved } from './authentication.ts'
import { JSON_LIMITS, parseJson } from './json.ts'
import { CONNECT_MS, createBucket, EXPIRING_MS, FIRST_FRAME_BYTES, PROVE_MS } from './limits.ts'
import { createMethods, SHAPES } from './methods.ts'
import type { Methods } from './methods.ts'
import { readParams } from './params.ts'
import { CLOSE } from './protocol.ts'
import type { CallName, NotificationName, Notifications } from './protocol.ts'
import { answerText, notificationText, RPC, rpcError, toRpcError } from './rpc.ts'
import type { SessionParts } from './sessions.ts'
import type { Socket, SocketHandlers } from './sockets/socket.ts'

/** What a method answers: JSON text, and what happens once it is sent. */
export interface Answer {
  readonly text: string
  begin?(): void
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** One socket's session: who it is, what it may do, what it watches. */
export class Session implements SocketHandlers {
  readonly id = randomBytes(12).toString('base64url')
  readonly socket: Socket
  readonly #parts: SessionParts
  readonly #bucket: { take(): boolean }
  #state: 'new' | 'connecting' | 'connected' | 'closed' = 'new'
  #proved: Proved | undefined
  #methods: Methods | undefined
  #deadline: NodeJS.Timeout

  constructor(socket: Socket, parts: SessionParts) {
    this.socket = socket
    this.#parts = parts
    const { COMMANDS_PER_SECOND } = parts.settings
    this.#bucket = createBucket(COMMANDS_PER_SECOND, 2 * COMMANDS_PER_SECOND, Date.now)
    this.#deadline = setTimeout(() => this.end(CLOSE.protocol, 'session.connect did not come in time'), CONNECT_MS)
  }

  get user(): string {
    return this.#proved?.userId ?? ''
  }
  get version(): number {
    return this.#proved?.version ?? 0
  }

  message(text: string | undefined): void {
    if (this.#state === 'closed') return
    if (text === undefined) return this.end(CLOSE.protocol, 'frames are text')
    const limit = this.#state === 'connected' ? this.#parts.settings.FRAME_BYTES : FIRST_FRAME_BYTES
    if (Buffer.byteLength(text) > limit) return this.end(CLOSE.tooBig, `a frame may take ${limit} bytes`)
    if (!this.#bucket.take()) return this.end(CLOSE.rate, 'too many commands')
    void this.#receive(text)
  }

  async #receive(text: string): Promise<void> {
    let id: string | number | null = null
    try {
      const call = parseJson(text, JSON_LIMITS) as {
        jsonrpc?: unknown
        id?: unknown
        method?: unknown
        params?: unknown
        traceparent?: unknown
      } | null
      if (typeof call !== 'object' || call === null || call.jsonrpc !== '2.0' || typeof call.method !== 'string') {
        return this.#refuse(
          null,
          rpcError(
            RPC.request,
            'INVALID_ARGUMENT',
            'expected a JSON-RPC 2.0 call: {jsonrpc: "2.0", id, method, params}',
          ),
        )
      }
      if (typeof call.id !== 'string' && typeof call.id !== 'number')
        return this.#refuse(null, rpcError(RPC.request, 'INVALID_ARGUMENT', 'expected an id: a text or a number'))
      id = call.id
      if (!Object.hasOwn(SHAPES, call.method))
        return this.#refuse(
          id,
          rpcError(
            RPC.method,
            'UNKNOWN_METHOD',
            `there is no method "${call.method}"; there are ${Object.keys(SHAPES).join(', ')}`,
          ),
        )
      const answer = await this.#traced(call.method as CallName, call.params, call.traceparent)
      if (!answer) return
      this.socket.send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${answer.text}}`)
      answer.begin?.()
    } catch (error) {
      if (!(error instanceof CodedError)) this.#parts.log.error({ error }, 'a command of a session failed')
      this.#refuse(id, toRpcError(error))
    }
  }

  #refuse(id: string | number | null, error: ReturnType<typeof rpcError>): void {
    this.socket.send(answerText(id, { error }))
    // Whoever is nobody yet has one try.
    if (this.#state === 'new') this.end(CLOSE.protocol, error.message)
  }

  /** What a call leads to is part of the trace that it names. */
  #traced(method: CallName, params: unknown, traceparent: unknown): Promise<Answer | undefined> {
    const { tracer } = this.#parts
    if (!tracer.on) return this.#execute(method, params)
    const parent = typeof traceparent === 'string' ? traceparent : null
    const attributes = { 'rpc.system.name': 'jsonrpc', 'rpc.method': method, 'session.id': this.id }
    return inSpan(tracer, method, { kind: 'server', parent, attributes }, () => this.#execute(method, params))
  }

  async #execute(method: CallName, params: unknown): Promise<Answer | undefined> {
    const given = readParams<object>(params, SHAPES[method])
    if (method === 'session.connect') return this.#connect(given)
    if (this.#state !== 'connected' || !this.#methods)
      throw new CodedError('FAILED_PRECONDITION', 'session.connect comes first', { reason: 'NOT_CONNECTED' })
    if (method === 'session.refresh') return this.#refresh(given)
    return this.#methods.call(method, given)
  }

  async #connect(given: {
    ticket?: string
    token?: string
    open?: readonly string[]
    resume?: readonly { run: string; attempt: number; seq: number }[]
  }): Promise<Answer | undefined> {
    if (this.#state !== 'new') throw new CodedError('FAILED_PRECONDITION', 'this session is connected')
    this.#state = 'connecting'
    // It came in time. Where many come at once, looking it up takes longer: whoever were sent away would only come again.
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.end(CLOSE.overloaded, 'too many come at once: try again'), PROVE_MS)
    let proved: Proved
    try {
      proved = await this.#parts.arrivals(() => this.#prove(given))
    } catch (error) {
      this.#state = 'new'
      throw error
    }
    if (this.#isClosed()) return undefined
    this.#proved = proved
    if (!this.#parts.admit(this)) {
      this.end(CLOSE.overloaded, 'too many sessions of this user')
      return undefined
    }
    clearTimeout(this.#deadline)
    this.#watchExpiry(proved)
    const methods = createMethods(this, this.#parts)
    this.#methods = methods
    this.#state = 'connected'
    return this.#parts.arrivals(() => methods.connected(given.open ?? [], given.resume ?? []))
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #prove({ ticket, token }: { ticket?: string; token?: string }): Promise<Proved> {
    const { authentication } = this.#parts
    if (ticket !== undefined && token === undefined) return authentication.ofTicket(ticket)
    if (token !== undefined && ticket === undefined) return authentication.ofToken(token)
    throw invalid([{ path: 'ticket', message: 'expected a ticket, or a token' }])
  }

  async #refresh(given: { ticket?: string; token?: string }): Promise<Answer> {
    const proved = await this.#prove(given)
    if (proved.userId !== this.user) throw unauthenticated('this is somebody else’s proof')
    this.#proved = proved
    this.#watchExpiry(proved)
    return { text: JSON.stringify({ expiresInMs: Math.max(0, proved.sessionExpiresAt - Date.now()) }) }
  }

  #watchExpiry({ sessionExpiresAt }: Proved): void {
    clearTimeout(this.#deadline)
    const left = sessionExpiresAt - Date.now()
    if (left > EXPIRING_MS) {
      this.#deadline = setTimeout(
        () => this.#watchExpiry(this.#proved ?? { userId: '', version: 0, sessionExpiresAt }),
        Math.min(left - EXPIRING_MS, LONGEST_TIMER_MS),
      )
      return
    }
    this.notify('session.expiring', { inMs: Math.max(0, left) })
    this.#deadline = setTimeout(() => this.end(CLOSE.expired, 'the session has expired'), Math.max(0, left))
  }

  notify<N extends NotificationName>(name: N, params: Notifications[N]): void {
    if (this.#state === 'connected') this.socket.send(notificationText(name, JSON.stringify(params)))
  }

  /** Events may have been lost on their way to this edge. */
  resyncAll(reason: string): void {
    this.#methods?.resyncAll(reason)
  }

  drain(): void {
    this.#methods?.drained()
  }

  dropped(): void {
    this.#parts.metrics.dropped.add()
  }

  /** Ends it from this side. */
  end(code: number, reason: string): void {
    if (this.#state === 'closed') return
    this.socket.close(code, reason.slice(0, 100))
    this.close(code)
  }

  /** The socket is gone. */
  close(code: number): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#deadline)
    this.#methods?.close()
    this.#parts.forget(this, code)
  }
}
