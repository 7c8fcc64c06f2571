import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket, WebSocket } from 'uws-20.51'
import type { OpenServer, ServerOptions, Socket, SocketHandlers } from './socket.ts'
import { cancelled } from '#mesh/errors.ts'
import { createBodyStream } from './body-stream.ts'
import { textOfReply, wholeRequest } from '../whole.ts'
import { isStreamed, plainError, refusalOf, requestUrl } from './socket.ts'

/** The part of the module that is used here; both versions have it. */
interface Uws {
  App(): TemplatedApp
  us_listen_socket_close(socket: us_listen_socket): void
  us_socket_local_port(socket: us_socket): number
}

/** uWebSockets.js in the first version whose binary loads on this machine; undefined: none does. */
export async function loadUws(): Promise<OpenServer | undefined> {
  for (const load of [() => import('uws-20.69'), () => import('uws-20.51')]) {
    try {
      const module = (await load()) as { default?: Uws } & Uws
      const uws = module.default ?? module
      return options => openUws(uws, options)
    } catch {
      // Its binary is made for another platform, C library or Node.
    }
  }
  return undefined
}

interface Data {
  readonly address: string
  handlers?: SocketHandlers
  socket?: UwsSocket
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
/** A topic that nothing is published to. */
const EVERYBODY = '*'

function openUws(uws: Uws, options: ServerOptions): ReturnType<OpenServer> {
  const app = uws.App()
  // uWebSockets.js closes by itself, without a code of ours, what is over its own limit: ours is smaller.
  app.ws<Data>('/*', {
    maxPayloadLength: 16 * options.frameLimitBytes,
    maxBackpressure: options.bufferLimitBytes,
    closeOnBackpressureLimit: true,
    idleTimeout: options.idleSeconds,
    sendPingsAutomatically: true,
    upgrade: (response, request, context) => upgrade(response, request, context as never, options),
    open(ws) {
      const data = ws.getUserData()
      data.socket = new UwsSocket(ws, data.address)
      data.handlers = options.open(data.socket)
    },
    message(ws, message, isBinary) {
      // Decoding copies: the buffer is gone after this call.
      ws.getUserData().handlers?.message(isBinary ? undefined : decoder.decode(message))
    },
    drain: ws => ws.getUserData().handlers?.drain(),
    dropped: ws => ws.getUserData().handlers?.dropped?.(),
    close(ws, code) {
      const { socket, handlers } = ws.getUserData()
      socket?.gone()
      handlers?.close(code)
    },
  })
  app.any('/*', (response, request) => serve(response, request, options))
  return new Promise((resolve, reject) => {
    app.listen(options.host, options.port, listening => {
      if (!listening) return reject(new Error(`port ${options.port} is taken on ${options.host}`))
      let open = true
      const refuse = () => {
        if (open) uws.us_listen_socket_close(listening)
        open = false
      }
      resolve({
        port: uws.us_socket_local_port(listening as us_socket),
        publish: (topic, text) => void app.publish(topic, text),
        refuse,
        async close() {
          refuse()
          app.close()
        },
      })
    })
  })
}

class UwsSocket implements Socket {
  readonly address: string
  #ws: WebSocket<Data> | undefined

  constructor(ws: WebSocket<Data>, address: string) {
    this.#ws = ws
    this.address = address
  }

  send(text: string): boolean {
    // 2: dropped, and the socket is being closed.
    return this.#ws !== undefined && this.#ws.send(text) !== 2
  }

  buffered(): number {
    return this.#ws?.getBufferedAmount() ?? 0
  }

  cork(work: () => void): void {
    if (this.#ws) this.#ws.cork(work)
    else work()
  }

  setTopic(topic: string, isOn: boolean): void {
    // Who leaves its last topic loses what was published to it in this turn: nobody leaves this one.
    if (isOn && !this.#ws?.isSubscribed(EVERYBODY)) this.#ws?.subscribe(EVERYBODY)
    if (isOn) this.#ws?.subscribe(topic)
    else this.#ws?.unsubscribe(topic)
  }

  close(code: number, reason: string): void {
    const ws = this.#ws
    this.#ws = undefined
    ws?.end(code, reason)
  }

  gone(): void {
    this.#ws = undefined
  }
}

function upgrade(
  response: HttpResponse,
  request: HttpRequest,
  context: Parameters<HttpResponse['upgrade']>[4],
  options: ServerOptions,
): void {
  const header = (name: string) => request.getHeader(name)
  const address = addressOf(response)
  const protocols = header('sec-websocket-protocol')
    .split(',')
    .map(one => one.trim())
    .filter(Boolean)
  const status = requestUrl(header('host'), request.getUrl()) ? refusalOf(header) : 400
  const answer = status
    ? { status }
    : options.upgrade({ path: request.getUrl(), origin: header('origin'), host: header('host'), protocols, address })
  if ('status' in answer) {
    response.cork(() => {
      response.writeStatus(`${answer.status} Refused`)
      if (answer.status === 426) response.writeHeader('Sec-WebSocket-Version', '13')
      response.end('', true)
    })
    return
  }
  response.upgrade<Data>(
    { address },
    header('sec-websocket-key'),
    answer.protocol,
    header('sec-websocket-extensions'),
    context,
  )
}

function addressOf(response: HttpResponse): string {
  return decoder.decode(response.getRemoteAddressAsText())
}

function serve(response: HttpResponse, request: HttpRequest, options: ServerOptions): void {
  const aborted = new AbortController()
  let open = true
  response.onAborted(() => {
    open = false
    aborted.abort()
  })
  const headers: [string, string][] = []
  let lengths = 0
  let chunked = false
  // A coding that is not known, or a handshake without its key.
  let odd = false
  request.forEach((name, value) => {
    headers.push([name, value])
    if (name === 'content-length') lengths++
    if (name === 'transfer-encoding') chunked = value.toLowerCase() === 'chunked' && !chunked
    odd ||= (name === 'transfer-encoding' && !chunked) || (name === 'upgrade' && /websocket/i.test(value))
  })
  const refuse = (status: 400 | 413, message: string) => {
    const error = plainError(status, message)
    open = false
    response.cork(() =>
      response.writeStatus(error.status).writeHeader('content-type', 'application/json').end(error.body, true),
    )
  }
  // Two lengths, or a length and chunks, are how requests are smuggled.
  if (lengths > 1 || (lengths === 1 && chunked)) return refuse(400, 'the length of the body is told twice')
  const address = addressOf(response)
  const path = request.getUrl()
  const query = request.getQuery() as string | undefined
  const method = request.getCaseSensitiveMethod()
  const url = requestUrl(request.getHeader('host'), `${path}${query ? `?${query}` : ''}`)
  if (!url || odd) return refuse(400, 'this is not a request')
  const answer = (body: Body | undefined, leave = () => true) => {
    let made: Request
    try {
      const { signal } = aborted
      made =
        body instanceof ReadableStream
          ? new Request(url, { method, headers, signal, body, duplex: 'half' })
          : wholeRequest(url, { method, headers, signal, body })
    } catch {
      return refuse(400, 'this is not a request')
    }
    void options.http(made, address).then(reply => write(response, reply, () => open, leave))
  }
  if (lengths === 0 && !chunked) return answer(undefined)
  const limit = options.bodyLimitBytes(url.pathname)
  if (options.streamsBody(method, url.pathname)) return stream(response, limit, aborted.signal, answer)
  const parts: Uint8Array[] = []
  let size = 0
  response.onData((chunk, isLast) => {
    if (!open) return
    size += chunk.byteLength
    if (size > limit) return refuse(413, `the body takes more than ${limit} bytes`)
    // A copy: the chunk is gone after this call.
    parts.push(new Uint8Array(chunk.slice(0)))
    if (isLast)
      answer(method === 'GET' || method === 'HEAD' ? undefined : (Buffer.concat(parts) as Uint8Array<ArrayBuffer>))
  })
}

/** As requests take it. */
type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>

/** Answers while the body goes on coming. */
function stream(
  response: HttpResponse,
  limitBytes: number,
  gone: AbortSignal,
  answer: (body: Body, leave: () => boolean) => void,
): void {
  const body = createBodyStream(limitBytes, {
    pause: () => void (gone.aborted || response.pause()),
    resume: () => void (gone.aborted || response.resume()),
  })
  gone.addEventListener('abort', () => body.fail(cancelled()))
  response.onData((chunk, isLast) => {
    // A copy: the chunk is gone after this call.
    body.push(new Uint8Array(chunk.slice(0)))
    if (isLast) body.end()
  })
  answer(body.stream, () => body.leave())
}

/** `leave`: takes no more of the request's body, and tells whether it has come whole; where it has not, the connection ends with the answer. */
async function write(
  response: HttpResponse,
  reply: Response,
  isOpen: () => boolean,
  leave: () => boolean,
): Promise<void> {
  const streamed = isStreamed(reply)
  const whole = textOfReply(reply)
  const body = whole ?? (streamed || reply.body === null ? undefined : Buffer.from(await reply.arrayBuffer()))
  if (!isOpen()) return void (await reply.body?.cancel().catch(() => {}))
  const head = () => {
    response.writeStatus(`${reply.status} ${reply.statusText || 'OK'}`)
    for (const [name, value] of reply.headers)
      if (name !== 'content-length' && name !== 'transfer-encoding') response.writeHeader(name, value)
  }
  if (!streamed || !reply.body) {
    const closing = !leave()
    return void response.cork(() => (head(), response.end(body, closing)))
  }
  leave()
  response.cork(head)
  const reader = reply.body.getReader()
  for (;;) {
    const read = await reader.read().catch(() => undefined)
    if (!isOpen()) return void (await reader.cancel().catch(() => {}))
    // What broke must not look whole.
    if (!read) return void response.close()
    const { done, value } = read
    if (done) break
    const chunk = value as Uint8Array
    let took = true
    response.cork(() => (took = response.write(chunk as Uint8Array<ArrayBuffer>)))
    if (!took) await writable(response, isOpen)
  }
  response.cork(() => response.end())
}

/** Resolves when the peer takes more; also when it is gone. */
function writable(response: HttpResponse, isOpen: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const watch = setInterval(() => isOpen() || done(), 1_000)
    const done = () => {
      clearInterval(watch)
      resolve()
    }
    response.onWritable(() => {
      done()
      return true
    })
  })
}
