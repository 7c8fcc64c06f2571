// The outside wire for the client's tests: a real HTTP and WebSocket server that speaks `spellmesh.v1` and does what a test tells it to.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket as Socket } from 'ws'
import type { CallName, Calls, NotificationName, Notifications, RpcError, RunRecord } from '#edge/protocol.ts'
import { SESSION_PATH, SUBPROTOCOL } from '#edge/protocol.ts'
import { digestOfEntries } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { createClient } from './client.ts'
import type { ClientOptions } from './client.ts'
import type { EntriesPage, SpellmeshClient } from './types.ts'

/** A call that came in over the session. */
export interface Heard {
  readonly id: number
  readonly method: CallName
  readonly params: JsonObject
  /** Which connection it came over: 1, 2, 3 … */
  readonly connection: number
  /** Milliseconds on the monotonic clock. */
  readonly at: number
}

/** A journal of `count` entries with a terminal entry that fits them. */
export function journalOf(run: string, count: number, value: string = run): Entry[] {
  const entries: Entry[] = [
    { seq: 1, at: 1, kind: 'run.started', run, spell: 's', revision: 1, inputs: {}, state: {}, seed: 1 },
  ]
  for (let seq = 2; seq < count; seq++)
    entries.push({
      seq,
      at: seq,
      kind: 'node.log',
      node: 'log',
      activation: 'a',
      level: 'info',
      text: `${value} ${seq}`,
    })
  const terminal = {
    seq: count,
    at: count,
    kind: 'run.completed',
    lastSeq: count,
    outputs: { value },
    state: {},
  } as const
  return [...entries, { ...terminal, digest: digestOfEntries([...entries, terminal]) }]
}

export function runRecord(id: string, parts: Partial<RunRecord> = {}): RunRecord {
  const running = {
    status: 'running',
    inputs: {},
    outputs: {},
    lastSeq: 0,
    digest: '',
    attempt: 1,
    startedAt: 1,
  } as const
  return { id, spellId: 's', spellRevision: 1, endedAt: 0, ...running, ...parts }
}

/** The numbers 1 to `count`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
export const seqs = (entries: readonly Entry[]): number[] => entries.map(({ seq }) => seq)

export async function openWire(): Promise<Wire> {
  const wire = new Wire()
  await wire.listen()
  return wire
}

type Waiting = { readonly fits: (heard: Heard) => boolean; readonly resolve: (heard: Heard) => void }
type Answers = {
  [M in CallName]?: (params: Calls[M]['params']) => Calls[M]['result'] | { error: RpcError } | 'silence'
}

export class Wire implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#http(request, response))
  readonly #sockets = new WebSocketServer({
    server: this.#server,
    path: SESSION_PATH,
    handleProtocols: () => SUBPROTOCOL,
  })
  readonly #clients: SpellmeshClient[] = []
  #waiting: Waiting[] = []
  #socket: Socket | undefined
  /** Everything heard so far. */
  readonly heard: Heard[] = []
  /** Paths asked for over HTTP. */
  readonly asked: string[] = []
  connections = 0
  tickets = 0
  /** While true, sockets are ended before they open. */
  down = false
  /** What the journal has, by run: REST answers from it, and `run.watch` and `resume` send what follows. */
  readonly journals = new Map<string, Entry[]>()
  /** Answers instead of the usual ones. */
  readonly answers: Answers = {}
  /** Answers `GET …/entries` instead of the journal; undefined: the journal does. */
  page:
    | ((
        run: string,
        after: number,
      ) => EntriesPage | { status: number; error: { code: string; message: string } } | undefined)
    | undefined
  /** Whether a resumed or watched run gets what it missed at once. */
  catchesUp = true

  async listen(): Promise<void> {
    this.#sockets.on('connection', socket => this.#open(socket))
    this.#server.prependListener('upgrade', (_request, socket) => this.down && socket.destroy())
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** A client of this server, with a new ticket for each connection. */
  client(options: Partial<ClientOptions> = {}): SpellmeshClient {
    const authenticate = async () =>
      (await (await fetch(`${this.url}/v1/ws-ticket`, { method: 'POST' })).json()) as { ticket: string }
    const client = createClient({ url: this.url, name: 'test', version: '1', authenticate, ...options })
    this.#clients.push(client)
    return client
  }

  /** The first call that fits, from the beginning or still to come. */
  call(method: CallName, fits: (heard: Heard) => boolean = () => true): Promise<Heard> {
    const matches = (heard: Heard) => heard.method === method && fits(heard)
    const known = this.heard.find(matches)
    return known ? Promise.resolve(known) : new Promise(resolve => this.#waiting.push({ fits: matches, resolve }))
  }
  calls(method: CallName): Heard[] {
    return this.heard.filter(heard => heard.method === method)
  }

  tell<N extends NotificationName>(method: N, params: Notifications[N]): void {
    this.#socket?.send(JSON.stringify({ jsonrpc: '2.0', method, params }))
  }
  /** Sends entries of a run's journal by their numbers; `bare`: without their bodies. */
  entries(run: string, numbers: readonly number[], { attempt = 1, bare = false } = {}): void {
    for (const seq of numbers) {
      const entry = this.journals.get(run)?.[seq - 1]
      this.tell('run.entry', { run, attempt, seq, ...(bare || !entry ? {} : { entry }) })
    }
  }
  /** Cuts the connection without a goodbye. */
  cut(): void {
    this.#socket?.terminate()
  }
  raw(text: string): void {
    this.#socket?.send(text)
  }
  close(code: number): void {
    this.#socket?.close(code)
  }

  #open(socket: Socket): void {
    if (this.down) return
    const connection = ++this.connections
    this.#socket = socket
    socket.on('message', (raw: Buffer) => this.#message(socket, connection, raw.toString('utf8')))
    socket.on('error', () => {})
  }

  #message(socket: Socket, connection: number, text: string): void {
    const { id, method, params } = JSON.parse(text) as { id: number; method: CallName; params: JsonObject }
    const answer = this.#answer(method, params)
    const heard = { id, method, params, connection, at: performance.now() }
    this.heard.push(heard)
    if (answer !== 'silence') {
      const result = typeof answer === 'object' && answer !== null && 'error' in answer ? answer : { result: answer }
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...result }))
      this.#follow(method, params)
    }
    const fitting = this.#waiting.filter(({ fits }) => fits(heard))
    this.#waiting = this.#waiting.filter(one => !fitting.includes(one))
    for (const { resolve } of fitting) resolve(heard)
  }

  #answer(method: CallName, params: JsonObject): unknown {
    const given = this.answers[method] as ((params: JsonObject) => unknown) | undefined
    if (given) return given(params)
    const run = textOf(params['run'])
    if (method === 'run.watch') return { run: runRecord(run) }
    if (method === 'run.start') return { run: runRecord('r') }
    if (method === 'spell.open') return { spell: spellOf(textOf(params['spell'])), runs: [] }
    if (method === 'spell.edit') return { problems: [] }
    if (method !== 'session.connect') return {}
    const { open = [], resume = [] } = params as unknown as Calls['session.connect']['params']
    return {
      session: 'x',
      user: 'u',
      limits: { frameBytes: 65_536, commandsPerSecond: 100, openSpells: 16, ackEntries: 64, ackMs: 1000 },
      opened: open.map(spell => ({ spell: spellOf(spell), runs: [] })),
      resumed: resume.map(position => ({
        run: position.run,
        lastSeq: this.journals.get(position.run)?.length ?? 0,
        ended: false,
      })),
    }
  }

  /** Sends what a resumed or watched run has missed, as the edge does after its answer. */
  #follow(method: CallName, params: JsonObject): void {
    if (!this.catchesUp) return
    if (method === 'run.watch') this.#after(textOf(params['run']), Number(params['after'] ?? 0))
    if (method !== 'session.connect') return
    for (const { run, seq } of (params as unknown as Calls['session.connect']['params']).resume ?? [])
      this.#after(run, seq)
  }
  #after(run: string, after: number): void {
    this.entries(run, upTo(this.journals.get(run)?.length ?? 0).slice(after))
  }

  #http(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://wire')
    this.asked.push(`${request.method} ${pathname}`)
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/v1/ws-ticket') return void reply(200, { ticket: `t${++this.tickets}`, expiresInMs: 30_000 })
    const run = /^\/v1\/runs\/([^/]+)/.exec(pathname)?.[1] ?? ''
    const journal = this.journals.get(run)
    if (!journal)
      return void reply(404, { error: { code: 'NOT_FOUND', message: `there is no run "${run}"`, problems: [] } })
    if (!pathname.endsWith('/entries')) return void reply(200, { run: runRecord(run, { lastSeq: journal.length }) })
    const after = Number(searchParams.get('after') ?? 0)
    const given = this.page?.(run, after)
    if (given) return void reply('status' in given ? given.status : 200, given)
    const entries = journal.slice(after, after + Number(searchParams.get('limit') ?? 100))
    reply(200, { entries, attempt: 1, lastSeq: journal.length, ended: journal.at(-1)?.kind === 'run.completed' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close()
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function spellOf(id: string) {
  return { id, revision: 1, name: id, description: '', createdAt: 1, updatedAt: 1, document: { format: 'spell/1' } }
}
