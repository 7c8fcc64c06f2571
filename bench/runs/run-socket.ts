import { randomBytes } from 'node:crypto'
import { backOffMs } from '#client/back-off.ts'
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
const MOST_TRIES = 8
const RESYNC = /"params":\{"run":"([^"]+)"/
const RUN = /"result":\{"run":\{"id":"([^"]+)"/

/** A session that starts runs of one spell. Entries are counted, and the end is checked. */
export class RunSocket {
  readonly #wire: Wire
  readonly #kind: 'edge' | 'bare'
  readonly #account: Account
  readonly #asked = new Map<number, Waiting>()
  readonly #runs = new Map<string, Waiting>()
  /** Calls that watch a run again, and what is done where they are refused. */
  readonly #watching = new Map<number, () => void>()
  /** Tells the runs of this socket from those of others. */
  readonly #name = randomBytes(6).toString('hex')
  #id = 1
  #answered: (text: string) => void = () => {}

  private constructor(url: string, kind: 'edge' | 'bare', account: Account) {
    this.#kind = kind
    this.#account = account
    const isEdge = kind === 'edge'
    this.#wire = new Wire(
      isEdge ? `${url.replace('http', 'ws')}${SESSION_PATH}` : url,
      {
        frame: (bytes, from, to) => (isEdge ? this.#frame(bytes, from, to) : this.#bareFrame(bytes, from, to)),
        closed: code => {
          this.#answered(`closed with ${code}`)
          this.#failAll(new Error(`the session was closed with ${code}`))
        },
      },
      isEdge ? SUBPROTOCOL : undefined,
    )
  }

  static async open(url: string, kind: 'edge' | 'bare', account: Account): Promise<RunSocket> {
    const socket = new RunSocket(url, kind, account)
    await socket.#wire.opened
    if (kind === 'bare') return socket
    const { token, spell } = account
    const params = { token, client: { name: 'bench', version: '1' } }
    await socket.#call('session.connect', params)
    for (let tries = 1; ; tries++) {
      const answer = await socket.#call('spell.open', { spell })
      if (answer.includes('"result":')) return socket
      // What may be tried again, a client tries again.
      if (!answer.includes('"retry":true') || tries === MOST_TRIES) throw new Error(answer.slice(0, 300))
      await new Promise(resolve => setTimeout(resolve, backOffMs(tries)))
    }
  }

  /** A call that nothing else is waited for beside. */
  #call(method: string, params: object): Promise<string> {
    return new Promise(resolve => {
      this.#answered = resolve
      this.#wire.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
    })
  }

  /** Nobody is told any more what becomes of its runs. */
  close(): void {
    this.#asked.clear()
    this.#runs.clear()
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
    if (kind === 'resync') return this.#watch(RESYNC.exec(bytes.toString('utf8', from, to))?.[1] ?? '', 0)
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

  /** Watches a run again from where it is, as long as that is refused for a while only. */
  #watch(run: string, tries: number): void {
    const waiting = this.#runs.get(run)
    if (!waiting) return
    if (tries === MOST_TRIES) return waiting.reject(new Error(`${run} cannot be watched again`))
    const id = ++this.#id
    this.#watching.set(id, () => void setTimeout(() => this.#watch(run, tries + 1), backOffMs(tries)))
    const params = { run, after: waiting.seq }
    this.#wire.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'run.watch', params }))
  }

  #answer(text: string): void {
    const id = Number.parseInt(text.slice(ID, ID + 16), 10)
    if (id === 1) return this.#answered(text)
    const watchAgain = this.#watching.get(id)
    if (this.#watching.delete(id) && text.includes('"error":{"code"')) return watchAgain?.()
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
