import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket as NetSocket } from 'node:net'
import { Readable } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { OpenServer, ServerOptions, Socket } from './socket.ts'
import { plainError } from './socket.ts'

/** The stand-in where uWebSockets.js cannot load: Node's own server and `ws`. The same in every respect but speed. */
export const openWs: OpenServer = async options => {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 16 * options.frameLimitBytes,
    perMessageDeflate: false,
    handleProtocols: protocols => [...protocols][0] ?? false,
  })
  const server = createServer((request, response) => void serve(request, response, options))
  server.on('upgrade', (request: IncomingMessage, socket: NetSocket, head: Buffer) => {
    const protocols = (request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map(one => one.trim())
      .filter(Boolean)
    const address = request.socket.remoteAddress ?? ''
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const version = request.headers['sec-websocket-version'] === '13'
    const answer = version
      ? options.upgrade({
          path: pathname,
          origin: request.headers.origin ?? '',
          host: request.headers.host ?? '',
          protocols,
          address,
        })
      : { status: 426 }
    if ('status' in answer) {
      socket.end(
        `HTTP/1.1 ${answer.status} Refused\r\n${answer.status === 426 ? 'Sec-WebSocket-Version: 13\r\n' : ''}Connection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      return
    }
    // Exactly the protocol that was chosen.
    request.headers['sec-websocket-protocol'] = answer.protocol
    sockets.handleUpgrade(request, socket, head, ws => accept(ws, address, options))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    refuse: () => void server.close(),
    async close() {
      for (const ws of sockets.clients) ws.terminate()
      server.closeAllConnections()
      if (server.listening) await new Promise(resolve => server.close(resolve))
    },
  }
}

function accept(ws: WebSocket, address: string, options: ServerOptions): void {
  let open = true
  let alive = true
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
    handlers.close(code)
  })
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  const aborted = new AbortController()
  response.on('close', () => {
    if (!response.writableEnded) aborted.abort()
  })
  const { method = 'GET', url = '/' } = request
  const refuse = (status: 400 | 413, message: string) => {
    const error = plainError(status, message)
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(error.body)
  }
  const target = URL.parse(url, `http://${request.headers.host ?? 'localhost'}`)
  if (!target) return refuse(400, 'this is not a request')
  const body = await readBody(request, options.bodyLimitBytes(target.pathname)).catch(() => undefined)
  if (!body)
    return response.headersSent
      ? undefined
      : refuse(413, `the body takes more than ${options.bodyLimitBytes(target.pathname)} bytes`)
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  const bare = method === 'GET' || method === 'HEAD' || body.length === 0
  const reply = await options.http(
    new Request(target, {
      method,
      headers,
      signal: aborted.signal,
      ...(bare ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    }),
    request.socket.remoteAddress ?? '',
  )
  const cookies = reply.headers.getSetCookie()
  response.writeHead(reply.status, {
    ...Object.fromEntries(reply.headers),
    ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}),
  })
  if (!reply.body) return void response.end()
  Readable.fromWeb(reply.body as never)
    .on('error', () => response.destroy())
    .pipe(response)
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
