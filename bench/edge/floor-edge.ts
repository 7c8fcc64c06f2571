// Run in a process of its own: the least that passes events on. Bare uWebSockets.js, and a bare NATS connection; what is published about a run goes as it is to the
// socket that named the run in its URL.
import { connect } from '@nats-io/transport-node'
import type { WebSocket } from 'uws-20.51'
import { loadBareUws } from './bare-uws.ts'

const bus = await connect({ servers: process.argv[2] ?? '' })
const uws = await loadBareUws()
const sockets = new Map<string, WebSocket<{ run: string }>>()
for (const subject of ['ev.v1.>', 'tok.v1.>'])
  bus.subscribe(subject, {
    callback: (_, message) => {
      const run = message.subject.slice(message.subject.lastIndexOf('.') + 1)
      sockets.get(run)?.send(message.data)
    },
  })
uws
  .App()
  .ws<{ run: string }>('/*', {
    upgrade(response, request, context) {
      const header = (name: string) => request.getHeader(name)
      const [key, protocol] = [header('sec-websocket-key'), header('sec-websocket-protocol')]
      const extensions = header('sec-websocket-extensions')
      response.upgrade({ run: request.getQuery() ?? '' }, key, protocol, extensions, context)
    },
    open: ws => void sockets.set(ws.getUserData().run, ws),
    close: ws => void sockets.delete(ws.getUserData().run),
  })
  .listen('127.0.0.1', 0, socket => {
    if (socket) process.stdout.write(`ready ws://127.0.0.1:${uws.us_socket_local_port(socket as never)}\n`)
  })
