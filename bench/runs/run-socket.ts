import { randomBytes } from 'node:crypto'
import { SESSION_PATH, SUBPROTOCOL } from '#edge/protocol.ts'
import { sharedMicros } from '../mesh/clock.ts'
import { attemptOf, kindOf, runOf, seqOf } from '../mesh/frames.ts'
import { Wire } from '../mesh/wire.ts'

export interface Account {
  readonly token: string
  readonly spell: string
}

/** How long a run took, from when it was asked for, in milliseconds. */
interface Took {
  readonly first: number
  readonly end: number
}
/** A run that has not ended. */
export type Live = Pick<Waiting, 'at' | 'movedAt' | 'seq'> & { readonly id: string }

interface Waiting {
  readonly began: number
  first: number
  seq: number
  attempt: number
  /** When its latest entry came, and when its attempt changed for the last time, by the shared clock. */
  at: number
  movedAt: number
  resolve(took: Took): void
  reject(error: Error): void
}

/** Where an answer has the number of what it answers. */
const ID = '{"jsonrpc":"2.0","id":'.length
const KIND = Buffer.from('"kind":"run.')
const COMPLETED = Buffer.from('"kind":"run.completed"')
const GREETING = Buffer.from('"greeting":"Hello world"')
const RUN = /"result":\{"run":\{"id":"([^"]+)"/

/** A session that starts runs of one spell. Entries are counted, and the end is checked. */
export class RunSocket {
  readonly #wire: Wire
  readonly #kind: 'edge' | 'bare'
  readonly #account: Account
  readonly #asked = new Map<number, Waiting>()
  readonly #runs = new Map<string, Waiting>()
  /** Tells the runs of this socket from those of others. */
  readonly #name = randomBytes(6).toString('hex')
  #id = 1
  #connected: (text: string) => void = () => {}

  private constructor(url: string, kind: 'edge' | 'bare', account: Account) {
    this.#kind = kind
    this.#account = account
    const isEdge = kind === 'edge'
    this.#wire = new Wire(
      isEdge ? `${url.replace('http', 'ws')}${SESSION_PATH}` : url,
      {
        frame: (bytes, from, to) => (isEdge ? this.#frame(bytes, from, to) : this.#bareFrame(bytes, from, to)),
        closed: code => this.#failAll(new Error(`the session was closed with ${code}`)),
      },
      isEdge ? SUBPROTOCOL : undefined,
    )
  }

  static async open(url: string, kind: 'edge' | 'bare', account: Account): Promise<RunSocket> {
    const socket = new RunSocket(url, kind, account)
    await socket.#wire.opened
    if (kind === 'bare') return socket
    const { token, spell } = account
    const params = { token, client: { name: 'bench', version: '1' }, open: [spell] }
    const answer = await new Promise<string>(resolve => {
      socket.#connected = resolve
      socket.#wire.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.connect', params }))
    })
    if (!answer.includes('"opened":[{"spell":{')) throw new Error(answer.slice(0, 300))
    return socket
  }

  close(): void {
    this.#wire.destroy()
  }

  /** The runs that have not ended. */
  get live(): readonly Live[] {
    return [...this.#runs].map(([id, waiting]) => ({ id, ...waiting }))
  }

  cancel(run: string): void {
    this.#wire.send(`{"jsonrpc":"2.0","id":0,"method":"run.cancel","params":{"run":"${run}"}}`)
  }

  /** Resolves when the run has ended, and was whole. */
  run(): Promise<Took> {
    const id = ++this.#id
    return new Promise((resolve, reject) => {
      this.#asked.set(id, {
        began: performance.now(),
        first: 0,
        seq: 0,
        attempt: 1,
        at: 0,
        movedAt: 0,
        resolve,
        reject,
      })
      this.#wire.send(
        this.#kind === 'bare'
          ? `${id}-${this.#name}`
          : `{"jsonrpc":"2.0","id":${id},"method":"run.start","params":{"spell":"${this.#account.spell}","inputs":{},"options":{"onDetach":"finish"}}}`,
      )
    })
  }

  #frame(bytes: Buffer, from: number, to: number): void {
    const kind = kindOf(bytes, from)
    if (kind === 'answer') return this.#answer(bytes.toString('utf8', from, to))
    if (kind === 'resync') return this.#failAll(new Error(bytes.toString('utf8', from, to)))
    if (kind !== 'entry') return
    const run = runOf(bytes, from)
    const waiting = this.#runs.get(run)
    if (!waiting) return
    const seq = seqOf(bytes, from)
    if (seq !== ++waiting.seq) return this.#failAll(new Error(`entry ${seq} came as number ${waiting.seq}`))
    const attempt = attemptOf(bytes, from)
    waiting.at = sharedMicros()
    if (attempt !== waiting.attempt) waiting.movedAt = waiting.at
    waiting.attempt = attempt
    if (seq === 1) waiting.first = performance.now() - waiting.began
    const entry = bytes.subarray(from, to)
    if (!entry.includes(KIND) || !entry.includes(COMPLETED)) return
    this.#runs.delete(run)
    if (!entry.includes(GREETING)) return waiting.reject(new Error(entry.toString()))
    waiting.resolve({ first: waiting.first, end: performance.now() - waiting.began })
  }

  #answer(text: string): void {
    const id = Number.parseInt(text.slice(ID, ID + 16), 10)
    if (id === 1) return this.#connected(text)
    const waiting = this.#asked.get(id)
    if (!waiting) return
    this.#asked.delete(id)
    const run = RUN.exec(text)?.[1]
    if (run === undefined) waiting.reject(new Error(text.slice(0, 300)))
    else this.#runs.set(run, waiting)
  }

  #bareFrame(bytes: Buffer, from: number, to: number): void {
    const id = Number.parseInt(bytes.toString('latin1', from, Math.min(to, from + 16)), 10)
    const waiting = this.#asked.get(id)
    if (!waiting) return
    this.#asked.delete(id)
    const end = performance.now() - waiting.began
    waiting.resolve({ first: end, end })
  }

  #failAll(error: Error): void {
    for (const waiting of [...this.#asked.values(), ...this.#runs.values()]) waiting.reject(error)
    this.#asked.clear()
    this.#runs.clear()
  }
}
