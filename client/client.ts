import type { Calls, NotificationName, Notifications, Position, RunOptions, RunRecord } from '#edge/protocol.ts'
import type { JsonObject } from '#graph/json.ts'
import { backOffMs, pause } from './back-off.ts'
import { openConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { HeartbeatTimes } from './heartbeat.ts'
import { createRest } from './rest.ts'
import { FollowedRun } from './run.ts'
import { memoryStore } from './stores.ts'
import type {
  ClientEvents,
  ConnectionStatus,
  JournalStore,
  KeptRun,
  RestClient,
  RunHandle,
  SpellmeshClient,
  VerifiedRun,
} from './types.ts'
import { ApiError } from './types.ts'

export interface ClientOptions {
  /** Of the server. */
  readonly url: string
  /** Who this is, for the server's logs. */
  readonly name: string
  readonly version: string
  /** A ticket or an access token, new for each connection. */
  authenticate(): Promise<{ ticket: string } | { token: string }>
  /** For what does not travel by the session. Absent: over the same URL, with the browser's cookie or {@link token}. */
  readonly rest?: RestClient
  token?(): Promise<string>
  /** Where journals of ended runs are kept. Absent: in memory. */
  readonly store?: JournalStore
  readonly WebSocket?: typeof globalThis.WebSocket
  /** When a silent connection is asked, and when it is given up. */
  readonly heartbeat?: HeartbeatTimes
}

/** Opens a session that lasts until it is closed. */
export function createClient(options: ClientOptions): SpellmeshClient {
  return new Client(options)
}

/** What the server takes as its first frame is 4 KB; some of it is the envelope's. */
const HELLO_BYTES = 3_900
/** How many runs are asked for at the same time after a connection. */
const AT_ONCE = 8

class Client implements SpellmeshClient {
  readonly #options: ClientOptions
  readonly #rest: RestClient
  readonly #store: JournalStore
  readonly #connection: Connection
  readonly #listeners = new Map<keyof ClientEvents, Set<(told: never) => void>>()
  /** Open spells, with the draft that the session has of each. */
  readonly #open = new Map<string, JsonObject | null>()
  readonly #runs = new Map<string, FollowedRun>()
  /** What the latest `session.connect` asked for. */
  #asked: { readonly open: readonly string[]; readonly resume: readonly Position[] } = { open: [], resume: [] }
  readonly #closed = new AbortController()

  constructor(options: ClientOptions) {
    this.#options = options
    this.#rest =
      options.rest ??
      createRest({ baseUrl: options.url, ...(options.token ? { token: options.token.bind(options) } : {}) })
    this.#store = options.store ?? memoryStore()
    this.#connection = openConnection({
      url: options.url,
      ...(options.WebSocket ? { WebSocket: options.WebSocket } : {}),
      ...(options.heartbeat ? { heartbeat: options.heartbeat } : {}),
      hello: () => this.#hello(),
      onOpen: answer => this.#opened(answer),
      onNotification: (name, params) => this.#told(name, params),
      onStatus: (status, retryInMs, error) => {
        if (status === 'closed') this.#end(error)
        this.#emit('status', { status, ...(retryInMs === undefined ? {} : { retryInMs }) })
      },
    })
  }

  get status(): ConnectionStatus {
    return this.#connection.status
  }

  on<K extends keyof ClientEvents>(event: K, callback: (told: ClientEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(callback as never))
    return () => listeners.delete(callback as never)
  }

  async openSpell(spell: string): Promise<Calls['spell.open']['result']> {
    const opened = await this.#connection.call('spell.open', { spell })
    if (!this.#open.has(spell)) this.#open.set(spell, null)
    return opened.spell.document ? opened : { ...opened, spell: await this.#rest.getSpell(spell) }
  }

  async closeSpell(spell: string): Promise<void> {
    this.#open.delete(spell)
    if (this.status === 'open') await this.#connection.call('spell.close', { spell })
  }

  async editSpell(spell: string, draft: JsonObject | null) {
    if (draft === null && this.#open.get(spell) === null) return []
    const { problems } = await this.#connection.call('spell.edit', { spell, draft })
    if (this.#open.has(spell)) this.#open.set(spell, draft)
    return problems
  }

  async startRun(spell: string, inputs: JsonObject = {}, options: RunOptions = {}): Promise<RunHandle> {
    // Its first entries may come with the answer: it is followed before they are looked at.
    return this.#connection.call('run.start', { spell, inputs, options }, ({ run }) => this.#follow(run).handle())
  }

  async forkRun(run: string, options: Omit<Calls['run.fork']['params'], 'run'> = {}): Promise<RunHandle> {
    return this.#connection.call('run.fork', { run, ...options }, answer => this.#follow(answer.run).handle())
  }

  async watchRun(id: string): Promise<RunHandle> {
    const known = this.#runs.get(id)
    if (known) return known.handle()
    const kept = await this.#store.get(id).catch(() => undefined)
    if (kept) return this.#follow(kept.run, kept).handle()
    const followed = this.#follow(await this.#rest.getRun(id))
    const handle = followed.handle()
    void followed.fetch()
    return handle
  }

  reconnect(): void {
    this.#connection.retryNow()
  }

  close(): void {
    this.#connection.close()
  }

  #end(error?: ApiError): void {
    this.#closed.abort()
    for (const run of Array.from(this.#runs.values())) run.fail(error)
  }

  #emit<K extends keyof ClientEvents>(event: K, told: ClientEvents[K]): void {
    for (const callback of Array.from(this.#listeners.get(event) ?? []))
      (callback as (told: ClientEvents[K]) => void)(told)
  }

  async #hello(): Promise<Calls['session.connect']['params']> {
    const { name, version } = this.#options
    const proof = await this.#options.authenticate()
    const hello = { ...proof, client: { name, version }, open: [] as string[], resume: [] as Position[] }
    let room = HELLO_BYTES - bytesOf(hello)
    const fits = (one: unknown) => (room -= bytesOf(one) + 1) >= 0
    for (const spell of this.#open.keys()) if (fits(spell)) hello.open.push(spell)
    for (const { position } of this.#runs.values()) if (fits(position)) hello.resume.push(position)
    this.#asked = hello
    return hello
  }

  #opened({ resumed, opened }: Calls['session.connect']['result']): void {
    const lost = resumed.flatMap(one => ('error' in one ? [one.run] : []))
    const asked = new Set(this.#asked.resume.map(({ run }) => run))
    const others = [...this.#runs.keys()].filter(id => !asked.has(id))
    void this.#fetchAll([...lost, ...others])
    const open = new Set(opened.flatMap(one => ('error' in one ? [] : [one.spell.id])))
    for (const [spell, draft] of this.#open) {
      if (!open.has(spell)) void this.#reopen(spell)
      // Another runner knows nothing of what was drawn and not saved.
      else if (draft) this.#connection.call('spell.edit', { spell, draft }).catch(() => {})
    }
  }

  /** Fetches runs a few at a time: the server counts commands. */
  async #fetchAll(ids: string[]): Promise<void> {
    const worker = async () => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await this.#runs.get(id)?.fetch()
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  /** Opens a spell that could not be opened with the connection, until it is open, refused, or not wanted any more. */
  async #reopen(spell: string): Promise<void> {
    for (let tries = 0; this.status === 'open' && this.#open.has(spell); tries++) {
      try {
        await this.#connection.call('spell.open', { spell })
        const draft = this.#open.get(spell)
        if (draft) await this.#connection.call('spell.edit', { spell, draft })
        return
      } catch (error) {
        if (!isPassing(error)) return void this.#open.delete(spell)
        await pause(backOffMs(tries), this.#closed.signal)
      }
    }
  }

  #told<N extends NotificationName>(name: N, params: Notifications[N]): void {
    switch (name) {
      case 'run.entry': {
        const told = params as Notifications['run.entry']
        return this.#runs.get(told.run)?.entry(told)
      }
      case 'run.chunk': {
        const { run, ...chunk } = params as Notifications['run.chunk']
        return this.#runs.get(run)?.chunk(chunk)
      }
      case 'run.resync':
        return void this.#runs.get((params as Notifications['run.resync']).run)?.fetch()
      case 'run.head': {
        const head = params as Notifications['run.head']
        const known = this.#runs.get(head.run)
        return known ? known.head(head) : this.#emit('head', head)
      }
      case 'spell.changed':
        return this.#emit('changed', params as Notifications['spell.changed'])
      case 'session.expiring':
        return this.#refresh(params as Notifications['session.expiring'])
      case 'session.revoked':
        return this.#emit('revoked', {})
      default:
    }
  }

  #refresh(told: Notifications['session.expiring']): void {
    this.#emit('expiring', told)
    this.#options
      .authenticate()
      .then(proof => this.#connection.call('session.refresh', proof))
      .catch(() => {
        // It then expires, and the next connection asks anew.
      })
  }

  #follow(run: RunRecord, known?: Pick<KeptRun, 'entries' | 'blobs'>): FollowedRun {
    const present = this.#runs.get(run.id)
    if (present) return present
    const made = new FollowedRun({
      run,
      ...(known ? { known } : {}),
      page: (id, after) => this.#rest.entries(id, after),
      watch: async (id, after) => {
        // Without a connection the next one resumes it.
        if (this.status !== 'open') return
        await this.#connection.call('run.watch', { run: id, after }).catch((error: unknown) => {
          if (this.status === 'open') throw error
        })
      },
      ack: (id, seq) => this.#connection.tell('run.ack', { run: id, seq }),
      blob: (id, hash) => this.#rest.blob(id, hash),
      // To cancel needs no session.
      ask: async (method, params) =>
        void (await (method === 'run.cancel'
          ? this.#rest.cancelRun(params.run)
          : this.#connection.call(method, params as never))),
      onVerified: verified => void this.#keep(run, verified),
      onReleased: ended => {
        if (!this.#runs.get(run.id)?.over) return
        this.#runs.delete(run.id)
        if (!ended) this.#connection.tell('run.unwatch', { run: run.id })
      },
    })
    if (!made.over) this.#runs.set(run.id, made)
    return made
  }

  async #keep(run: RunRecord, { entries, terminal, lastSeq, digest, blobs }: VerifiedRun): Promise<void> {
    const status =
      terminal.kind === 'run.completed' ? 'completed' : terminal.kind === 'run.failed' ? 'failed' : 'cancelled'
    const ended = {
      ...run,
      status,
      lastSeq,
      digest,
      endedAt: terminal.at,
      ...(terminal.kind === 'run.failed' ? {} : { outputs: terminal.outputs ?? {} }),
    } as const
    // A full disk costs the replay without a server, nothing else.
    await this.#store.put(ended, entries, blobs).catch(() => {})
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.retry
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}
