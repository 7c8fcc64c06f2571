import type { Calls, NotificationName, Notifications, RunRecord } from '#edge/protocol.ts'
import type { JsonObject } from '#graph/json.ts'
import { openConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { createRest } from './rest.ts'
import { FollowedRun } from './run.ts'
import { memoryStore } from './stores.ts'
import type {
  ClientEvents,
  ConnectionStatus,
  JournalStore,
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
}

/** Opens a session that lasts until it is closed. */
export function createClient(options: ClientOptions): SpellmeshClient {
  return new Client(options)
}

class Client implements SpellmeshClient {
  readonly #options: ClientOptions
  readonly #rest: RestClient
  readonly #store: JournalStore
  readonly #connection: Connection
  readonly #listeners = new Map<keyof ClientEvents, Set<(told: never) => void>>()
  /** Open spells, with the draft that the session has of each. */
  readonly #open = new Map<string, JsonObject | null>()
  readonly #runs = new Map<string, FollowedRun>()

  constructor(options: ClientOptions) {
    this.#options = options
    this.#rest =
      options.rest ??
      createRest({ baseUrl: options.url, ...(options.token ? { token: options.token.bind(options) } : {}) })
    this.#store = options.store ?? memoryStore()
    this.#connection = openConnection({
      url: options.url,
      ...(options.WebSocket ? { WebSocket: options.WebSocket } : {}),
      hello: () => this.#hello(),
      onOpen: answer => this.#opened(answer),
      onNotification: (name, params) => this.#told(name, params),
      onStatus: (status, retryInMs) =>
        this.#emit('status', { status, ...(retryInMs === undefined ? {} : { retryInMs }) }),
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
    this.#open.set(spell, draft)
    return problems
  }

  async startRun(
    spell: string,
    inputs: JsonObject = {},
    options: Calls['run.start']['params']['options'] = {},
  ): Promise<RunHandle> {
    const { run } = await this.#connection.call('run.start', { spell, inputs, options })
    return this.#follow(run)
  }

  async watchRun(id: string): Promise<RunHandle> {
    const known = this.#runs.get(id)
    if (known && !known.over) return known
    const kept = await this.#store.get(id).catch(() => undefined)
    if (kept) return this.#follow(kept.run, kept.entries)
    const run = await this.#rest.getRun(id)
    const followed = this.#follow(run)
    void followed.fetch()
    return followed
  }

  reconnect(): void {
    this.#connection.retryNow()
  }

  close(): void {
    for (const run of [...this.#runs.values()]) run.release()
    this.#connection.close()
  }

  #emit<K extends keyof ClientEvents>(event: K, told: ClientEvents[K]): void {
    for (const callback of [...(this.#listeners.get(event) ?? [])]) (callback as (told: ClientEvents[K]) => void)(told)
  }

  async #hello(): Promise<Calls['session.connect']['params']> {
    const { name, version } = this.#options
    return {
      ...(await this.#options.authenticate()),
      client: { name, version },
      open: [...this.#open.keys()],
      resume: [...this.#runs.values()].filter(run => !run.over).map(run => run.position),
    }
  }

  #opened({ resumed, opened }: Calls['session.connect']['result']): void {
    for (const one of resumed) {
      if ('error' in one) void this.#runs.get(one.run)?.fetch()
    }
    for (const one of opened) {
      if ('error' in one) {
        this.#open.delete(one.spell)
        continue
      }
      const draft = this.#open.get(one.spell.id)
      // Another runner knows nothing of what was drawn and not saved.
      if (draft) this.#connection.call('spell.edit', { spell: one.spell.id, draft }).catch(() => {})
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

  #follow(run: RunRecord, known?: FollowedRun['entries']): FollowedRun {
    this.#runs.get(run.id)?.release()
    let followed: FollowedRun | undefined
    const made = new FollowedRun({
      run,
      ...(known ? { known } : {}),
      page: (id, after) => this.#rest.entries(id, after),
      watch: async (id, after) => {
        // Without a connection the next one resumes it.
        if (this.status === 'open') await this.#connection.call('run.watch', { run: id, after }).catch(ignoreLost)
      },
      ack: (id, seq) => this.#connection.tell('run.ack', { run: id, seq }),
      cancel: async id => void (await this.#rest.cancelRun(id)),
      onVerified: verified => void this.#keep(run, verified),
      onReleased: ended => {
        if (!followed || this.#runs.get(run.id) !== followed) return
        this.#runs.delete(run.id)
        if (!ended) this.#connection.tell('run.unwatch', { run: run.id })
      },
    })
    followed = made
    if (!made.over) this.#runs.set(run.id, made)
    return made
  }

  async #keep(run: RunRecord, { entries, terminal, lastSeq, digest }: VerifiedRun): Promise<void> {
    const status =
      terminal.kind === 'run.completed' ? 'completed' : terminal.kind === 'run.failed' ? 'failed' : 'cancelled'
    const ended = {
      ...run,
      status,
      lastSeq,
      digest,
      endedAt: terminal.at,
      ...(terminal.kind === 'run.completed' ? { outputs: terminal.outputs } : {}),
    } as const
    // A full disk costs the replay without a server, nothing else.
    await this.#store.put(ended, entries).catch(() => {})
  }
}

function ignoreLost(error: unknown): void {
  if (!(error instanceof ApiError && error.retry)) throw error
}
