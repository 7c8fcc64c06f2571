// Run in a process of its own: the edge of the bare pipeline. A message of a WebSocket goes to the runner by a gRPC stream; what comes by NATS goes back to the socket.
import { connect } from '@nats-io/transport-node'
import { createChannel, createClient } from 'nice-grpc'
import type { WebSocket } from 'uws-20.51'
import { loadBareUws } from '../edge/bare-uws.ts'
import { serveCommands } from '../mesh/commands.ts'
import { BARE } from './bare-grpc.ts'
import { createQueue } from './queue.ts'

const [runner = '', nats = ''] = process.argv.slice(2)
const bus = await connect({ servers: nats })
const client = createClient(BARE, createChannel(runner))
const sockets = new Map<string, WebSocket<unknown>>()
const echoes: (() => void)[] = []
const queue = createQueue<Buffer>()
void (async () => {
  for await (const answer of client.stream(queue)) if (answer.length > 0) echoes.shift()?.()
})()
bus.subscribe('bare.*', {
  callback(_, message) {
    const run = message.subject.slice('bare.'.length)
    sockets.get(run)?.send(message.data)
    sockets.delete(run)
  },
})
const uws = await loadBareUws()
const app = uws.App().ws('/*', {
  message(ws, message) {
    const run = Buffer.from(message).toString()
    sockets.set(run, ws)
    queue.push(Buffer.from(run))
  },
})
const port = await new Promise<number>(resolve =>
  app.listen('127.0.0.1', 0, socket => resolve(socket ? uws.us_socket_local_port(socket as never) : 0)),
)

const ECHO = Buffer.from(`echo${'x'.repeat(200)}`)
const echo = () =>
  new Promise<void>(resolve => {
    echoes.push(resolve)
    queue.push(ECHO)
  })

async function repeat(work: () => Promise<unknown>, ms: number): Promise<number[]> {
  const took: number[] = []
  for (const began = performance.now(); performance.now() - began < ms;) {
    const before = performance.now()
    await work()
    took.push(performance.now() - before)
  }
  return took
}

await serveCommands(
  {
    unary: ({ ms }: { ms: number }) => repeat(() => client.unary(ECHO), ms),
    stream: ({ ms }: { ms: number }) => repeat(echo, ms),
  },
  `ws://127.0.0.1:${port}`,
)
