// A client as people have it, which writes down what its application is told, and what comes over its wires.
import { createClient, createRest } from '#client/index.ts'
import type { RestClient, RunHandle, SpellmeshClient } from '#client/types.ts'
import type { Notifications } from '#edge/protocol.ts'
import type { ClientEvent, ClientHistory } from './history.ts'

export interface Person {
  readonly name: string
  readonly id: string
  readonly rest: RestClient
  readonly token: string
}

/** Makes an account. */
export async function createPerson(url: string, name: string): Promise<Person> {
  const account = { email: `${name}@example.org`, password: 'correct horse', name }
  const { accessToken: token, account: made } = await createRest({ baseUrl: url }).register(account)
  return { name, id: made.id, token, rest: createRest({ baseUrl: url, token: async () => token }) }
}

/** A client that keeps a history. */
export interface Observer {
  readonly client: SpellmeshClient
  readonly history: ClientHistory
  /** Writes down all that a handle tells from now on. Call it at once: then that is all. Of one that is followed already, nothing more. */
  follow(run: RunHandle): void
  note(event: ClientEvent): void
  /** The runs that it follows and knows no end of. */
  open(): readonly RunHandle[]
}

export function openObserver(url: string, person: Person, name: string): Observer {
  const events: ClientEvent[] = []
  const followed = new Map<string, RunHandle>()
  const ended = new Set<string>()
  const note = (event: ClientEvent) => void events.push(event)
  const token = async () => person.token
  const client = createClient({
    ...{ url, name, version: '1', token },
    authenticate: async () => ({ token: person.token }),
    WebSocket: tapped(note),
    heartbeat: { silenceMs: 3_000, answerMs: 3_000 },
  })
  return {
    client,
    history: { client: name, user: person.name, events },
    note,
    follow(run) {
      const { id } = run.run
      if (followed.has(id)) return
      followed.set(id, run)
      const tell = (entries: RunHandle['entries']) => {
        for (const entry of entries) note({ kind: 'told', run: id, seq: entry.seq, text: JSON.stringify(entry) })
      }
      tell(run.entries)
      run.onEntries(tell)
      run.completed.then(
        ({ lastSeq, terminal }) => {
          ended.add(id)
          note({ kind: 'completed', run: id, lastSeq, digest: terminal.digest ?? '' })
        },
        () => undefined,
      )
    },
    open: () => [...followed].flatMap(([id, run]) => (ended.has(id) ? [] : [run])),
  }
}

/** A WebSocket that is listened in on. */
function tapped(note: (event: ClientEvent) => void): typeof WebSocket {
  let connections = 0
  return class extends WebSocket {
    readonly #connection = ++connections
    /** Runs that are asked for anew, by the call's id. */
    readonly #asked = new Map<unknown, string>()

    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given)
      note({ kind: 'connected', connection: this.#connection })
      this.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(String(data)) as Frame | readonly Frame[]
        for (const one of Array.isArray(frame) ? (frame as readonly Frame[]) : [frame as Frame]) this.#heard(one)
      })
    }

    override send(text: string): void {
      const { id, method, params } = JSON.parse(text) as Frame
      if (method === 'run.watch' && params) {
        this.#asked.set(id, params.run)
        note({ kind: 'anew', connection: this.#connection, run: params.run })
      }
      super.send(text)
    }

    #heard({ id, method, params }: Frame): void {
      const connection = this.#connection
      const asked = this.#asked.get(id)
      if (asked !== undefined) note({ kind: 'anew', connection, run: asked })
      if (method === 'run.resync' && params) note({ kind: 'anew', connection, run: params.run })
      if (method !== 'run.entry' || !params) return
      const { run, attempt, seq, entry } = params
      note({ kind: 'frame', connection, run, attempt, seq, text: entry && JSON.stringify(entry) })
    }
  }
}

interface Frame {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Notifications['run.entry']
}
