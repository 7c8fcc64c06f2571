// Run in a process of its own: a server whose sockets all get the same events, as its library does that: `uws`, `ws`, `socket.io` or `feathers`. `hot` sends so many, twenty
// in a turn, at most so many ahead of what a client has told of.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { RawData } from 'ws'
import { sharedMicros } from '../mesh/clock.ts'
import { serveCommands } from '../mesh/commands.ts'
import { stampOf } from '../mesh/frames.ts'
import { loadPeer } from '../peers/load.ts'
import { loadBareUws } from './bare-uws.ts'

interface Hub {
  readonly url: string
  send(event: object): void
}
type OnProgress = (count: number) => void

let reached = 0
let wake = () => {}
const hubs: Readonly<Record<string, (told: OnProgress) => Promise<Hub>>> = { uws, ws, 'socket.io': socketIo, feathers }
const kind = process.argv[2] ?? ''
const open = hubs[kind]
if (!open) throw new Error(`expected one of ${Object.keys(hubs).join(', ')}; got "${kind}"`)
const hub = await open(count => {
  reached = count
  wake()
})

await serveCommands(
  {
    async hot({ entries, perTurn, ahead }: { entries: number; perTurn: number; ahead: number }) {
      const began = sharedMicros()
      reached = 0
      for (let made = 0; made < entries; made += perTurn) {
        while (reached < made - ahead) await new Promise<void>(resolve => (wake = resolve))
        for (let one = 1; one <= perTurn; one++) hub.send(eventOf(made + one))
        await new Promise(resolve => setImmediate(resolve))
      }
      return { began }
    },
  },
  hub.url,
)

/** As large as an entry in its frame. */
function eventOf(seq: number): object {
  const entry = { seq, at: Date.now(), kind: 'node.log', node: 'say', activation: '0123456789abcdef', level: 'info' }
  return { run: 'r_0123456789012345678901', attempt: 1, seq, entry: { ...entry, text: stampOf(seq) } }
}

async function uws(told: OnProgress): Promise<Hub> {
  const bare = await loadBareUws()
  const app = bare.App().ws('/*', {
    open: socket => void socket.subscribe('run'),
    message: (_, message) => told(Number(Buffer.from(message).toString())),
  })
  const port = await new Promise<number>(resolve =>
    app.listen('127.0.0.1', 0, socket => resolve(socket ? bare.us_socket_local_port(socket as never) : 0)),
  )
  return { url: `ws://127.0.0.1:${port}`, send: event => void app.publish('run', JSON.stringify(event)) }
}

function textOf(message: RawData): string {
  return (Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer)).toString()
}

async function ws(told: OnProgress): Promise<Hub> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await new Promise(resolve => server.once('listening', resolve))
  server.on('connection', socket => socket.on('message', message => told(Number(textOf(message)))))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    send(event) {
      const text = JSON.stringify(event)
      for (const socket of server.clients) socket.send(text)
    },
  }
}

interface IoSocket {
  join(room: string): void
  on(event: string, listener: OnProgress): void
}
interface IoServer {
  to(room: string): { emit(event: string, value: object): void }
  on(event: 'connection', listener: (socket: IoSocket) => void): void
}

async function socketIo(told: OnProgress): Promise<Hub> {
  const { Server } = await loadPeer<{ Server: new (server: object, options: object) => IoServer }>('socket.io')
  const http = createServer()
  const io = new Server(http, { transports: ['websocket'] })
  io.on('connection', socket => {
    socket.join('run')
    socket.on('progress', told)
  })
  return { url: await listen(http), send: event => io.to('run').emit('entry', event) }
}

interface FeathersApp {
  configure(part: unknown): FeathersApp
  use(path: string, service: object, options: object): void
  on(event: 'connection', listener: (connection: object) => void): void
  channel(name: string): { join(connection: object): void }
  service(path: string): { publish(event: string, to: () => unknown): void; emit(event: string, value: object): void }
  setup(server: object): Promise<unknown>
}

/** As the seeds had it: a service with an event, published to a channel that connections join. */
async function feathers(told: OnProgress): Promise<Hub> {
  const { feathers: createApp } = await loadPeer<{ feathers: () => FeathersApp }>('@feathersjs/feathers')
  const { default: socketio } = await loadPeer<{
    default: (options: object, config: (io: IoServer) => void) => unknown
  }>('@feathersjs/socketio')
  const app = createApp()
  const withProgress = (io: IoServer) => io.on('connection', socket => socket.on('progress', told))
  app.configure(socketio({ transports: ['websocket'] }, withProgress))
  const service = { get: (id: string) => Promise.resolve({ id }) }
  app.use('runs', service, { methods: ['get'], events: ['entry'] })
  app.on('connection', connection => app.channel('run').join(connection))
  app.service('runs').publish('entry', () => app.channel('run'))
  const http = createServer()
  await app.setup(http)
  return { url: await listen(http), send: event => app.service('runs').emit('entry', event) }
}

async function listen(http: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
}
