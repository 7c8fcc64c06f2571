import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket as NetSocket } from 'node:net'
import { Readable } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { OpenServer, ServerOptions, Socket } from './socket.ts'
import { cancelled } from '#mesh/errors.ts'
import { createBodyStream } from './body-stream.ts'
import { plainError, refusalOf, requestUrl } from './socket.ts'

/** Whoever takes longer to send a request keeps a place from others. */
const SLOWEST = { headersTimeout: 10_000, requestTimeout: 120_000, connectionsCheckingInterval: 2_000 }

/** The stand-in where uWebSockets.js cannot load: Node's own server and `ws`. The same in every respect but speed. */
export const openWs: OpenServer = async options => {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 16 * options.frameLimitBytes,
    perMessageDeflate: false,
    handleProtocols: protocols => [...protocols][0] ?? false,
  })
  const topics = new Map<string, Set<Socket>>()
  const server = createServer(SLOWEST, (request, response) => void serve(request, response, options))
  server.on('upgrade', (request: IncomingMessage, socket: NetSocket, head: Buffer) => {
    // Node listens no more: the reset of a connection that is refused would end the process.
    socket.on('error', () => socket.destroy())
    const header = (name: string) => String(request.headers[name] ?? '')
    const protocols = header('sec-websocket-protocol')
      .split(',')
      .map(one => one.trim())
      .filter(Boolean)
    const address = request.socket.remoteAddress ?? ''
    const path = requestUrl(header('host'), request.url ?? '')?.pathname
    const status = path === undefined ? 400 : refusalOf(header)
    const answer = status
      ? { status }
      : options.upgrade({ path: path ?? '', origin: header('origin'), host: header('host'), protocols, address })
    if ('status' in answer) {
      socket.end(
        `HTTP/1.1 ${answer.status} Refused\r\n${answer.status === 426 ? 'Sec-WebSocket-Version: 13\r\n' : ''}Connection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      return
    }
    // Exactly the protocol that was chosen.
    request.headers['sec-websocket-protocol'] = answer.protocol
    sockets.handleUpgrade(request, socket, head, ws => accept(ws, address, options, topics))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    publish(topic, text) {
      for (const socket of [...(topics.get(topic) ?? [])]) socket.send(text)
    },
    refuse: () => void server.close(),
    async close() {
      for (const ws of sockets.clients) ws.terminate()
      server.closeAllConnections()
      if (server.listening) await new Promise(resolve => server.close(resolve))
    },
  }
}

type Topics = Map<string, Set<Socket>>

function accept(ws: WebSocket, address: string, options: ServerOptions, topics: Topics): void {
  let open = true
  let alive = true
  const mine = new Set<string>()
  const socket: Socket = {
    address,
    send(text) {
      if (!open) return false
      if (ws.bufferedAmount > options.bufferLimitBytes) {
        ws.terminate()
        return false
      }
      ws.send(text, error => {
        if (!error && open) handlers.drain()
      })
      return true
    },
    buffered: () => (open ? ws.bufferedAmount : 0),
    cork: work => work(),
    setTopic(topic, isOn) {
      if (isOn && open) mine.add(topic)
      else mine.delete(topic)
      setTopic(topics, socket, topic, isOn && open)
    },
    close(code, reason) {
      if (open) ws.close(code, reason)
      open = false
    },
  }
  const handlers = options.open(socket)
  const ping = setInterval(
    () => {
      if (!alive) return ws.terminate()
      alive = false
      ws.ping()
    },
    (options.idleSeconds * 1000) / 2,
  )
  ws.on('pong', () => (alive = true))
  ws.on('message', (data: Buffer, isBinary) => {
    alive = true
    handlers.message(isBinary ? undefined : data.toString('utf8'))
  })
  ws.on('error', () => ws.terminate())
  ws.on('close', code => {
    open = false
    clearInterval(ping)
    for (const topic of mine) setTopic(topics, socket, topic, false)
    handlers.close(code)
  })
}

function setTopic(topics: Topics, socket: Socket, topic: string, isOn: boolean): void {
  const sockets = topics.get(topic) ?? new Set()
  if (isOn) topics.set(topic, sockets.add(socket))
  else if (sockets.delete(socket) && sockets.size === 0) topics.delete(topic)
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  const aborted = new AbortController()
  response.on('close', () => {
    if (!response.writableEnded) aborted.abort()
  })
  const { url = '/' } = request
  const refuse = (status: 400 | 413, message: string) => {
    const error = plainError(status, message)
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(error.body)
  }
  const target = requestUrl(request.headers.host ?? '', url)
  if (!target) return refuse(400, 'this is not a request')
  const limit = options.bodyLimitBytes(target.pathname)
  const body = options.streamsBody(request.method ?? '', target.pathname)
    ? streamBody(request, limit)
    : await readBody(request, limit).catch(() => undefined)
  if (!body) return response.headersSent ? undefined : refuse(413, `the body takes more than ${limit} bytes`)
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  const made = toRequest(target, request, headers, body, aborted.signal)
  if (!made) return refuse(400, 'this is not a request')
  const reply = await options.http(made, request.socket.remoteAddress ?? '')
  const cookies = reply.headers.getSetCookie()
  response.writeHead(reply.status, {
    ...Object.fromEntries(reply.headers),
    // What of the body is not taken would be read as the next request.
    ...(request.complete ? {} : { connection: 'close' }),
    ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}),
  })
  if (!reply.body) return void response.end()
  Readable.fromWeb(reply.body as never)
    .on('error', () => response.destroy())
    .pipe(response)
}

/** Undefined: the web's requests cannot be so, e.g. TRACE. */
function toRequest(
  target: URL,
  { method = 'GET' }: IncomingMessage,
  headers: [string, string][],
  body: Buffer | ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Request | undefined {
  const bare = method === 'GET' || method === 'HEAD' || (body instanceof Buffer && body.length === 0)
  try {
    return new Request(target, {
      method,
      headers,
      signal,
      ...(bare ? {} : { body: body as Uint8Array<ArrayBuffer>, duplex: 'half' }),
    })
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size > limit) throw new Error('too large')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

function streamBody(request: IncomingMessage, limit: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const body = createBodyStream(limit, { pause: () => void request.pause(), resume: () => void request.resume() })
  request.on('data', (part: Buffer) => body.push(new Uint8Array(part)))
  request.on('end', () => body.end())
  request.on('close', () => body.fail(cancelled()))
  return body.stream
}
