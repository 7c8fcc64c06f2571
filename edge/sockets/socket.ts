/** One WebSocket. Every method may be called at any time: after the close they do nothing. */
export interface Socket {
  readonly address: string
  /** Sends a text frame. False: it was dropped, because the socket is closed or its buffer is full. */
  send(text: string): boolean
  /** Bytes that the peer has not taken yet. */
  buffered(): number
  /** Sends several frames with one write. */
  cork(work: () => void): void
  /** Begins or ends to take what is published to a topic, in its order with what is sent. */
  setTopic(topic: string, isOn: boolean): void
  close(code: number, reason: string): void
}

/** What is told of one socket. None is called after `close`. */
export interface SocketHandlers {
  /** A text frame; undefined: a binary one. */
  message(text: string | undefined): void
  /** What was buffered has got less. */
  drain(): void
  /** What was published did not fit the buffer any more. */
  dropped?(): void
  close(code: number): void
}

/** What the client asked for when it opened the socket. */
export interface Upgrade {
  readonly path: string
  readonly origin: string
  readonly host: string
  readonly protocols: readonly string[]
  readonly address: string
}

export interface ServerOptions {
  /** Where it listens; port 0: a free one. */
  readonly host: string
  readonly port: number
  /** Answers HTTP. Must not reject. The request's signal aborts when the peer is gone. */
  http(request: Request, address: string): Promise<Response>
  /** Decides at once: the subprotocol to speak, or the HTTP status of the refusal. */
  upgrade(upgrade: Upgrade): { readonly protocol: string } | { readonly status: number }
  open(socket: Socket): SocketHandlers
  /** Of an HTTP request's body, by its path. */
  bodyLimitBytes(path: string): number
  /** Whether the body is given as it comes, instead of whole: who reads it slowly slows its sender down, and what is too much fails the reading. */
  streamsBody(method: string, path: string): boolean
  readonly frameLimitBytes: number
  readonly bufferLimitBytes: number
  readonly idleSeconds: number
}

/** A server of HTTP and WebSockets on one port. */
export interface SocketServer {
  readonly port: number
  /** Sends a text frame to all sockets on a topic. */
  publish(topic: string, text: string): void
  /** Takes no new connections; those that are open stay. */
  refuse(): void
  /** Closes everything that is still open. */
  close(): Promise<void>
}

/** Opens a server. Rejects when the port is taken. */
export type OpenServer = (options: ServerOptions) => Promise<SocketServer>

/** HTTP statuses that adapters answer themselves, as the edge's other errors look. */
export function plainError(status: 400 | 413, message: string): { status: string; body: string } {
  const code = status === 413 ? 'RESOURCE_EXHAUSTED' : 'INVALID_ARGUMENT'
  return {
    status: status === 413 ? '413 Content Too Large' : '400 Bad Request',
    body: JSON.stringify({ error: { code, message, problems: [] } }),
  }
}

/** Whether a reply is written as it comes: events, and what says that it goes in chunks. */
export function isStreamed({ headers }: Response): boolean {
  return (
    headers.get('transfer-encoding') === 'chunked' ||
    (headers.get('content-type')?.startsWith('text/event-stream') ?? false)
  )
}

/** The URL of a request; undefined: a host or target that only those send who want to be taken for another request. */
export function requestUrl(host: string, target: string): URL | undefined {
  if (!target.startsWith('/') || !/^[\w.\-:[\]]*$/.test(host)) return undefined
  return URL.parse(`http://${host || 'localhost'}${target}`) ?? undefined
}

/** Whether the headers ask for a WebSocket as RFC 6455 4.2.1 has it; a status: what to refuse them with. */
export function refusalOf(header: (name: string) => string): 400 | 426 | undefined {
  if (header('sec-websocket-version') !== '13') return 426
  const asked = (name: string, word: string) =>
    header(name)
      .split(',')
      .some(one => one.trim().toLowerCase() === word)
  if (!asked('upgrade', 'websocket') || !asked('connection', 'upgrade')) return 400
  return /^[A-Za-z0-9+/]{22}==$/.test(header('sec-websocket-key')) ? undefined : 400
}
