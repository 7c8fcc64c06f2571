import type { SessionResponse, SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { CodedError, unavailable } from '#mesh/errors.ts'
import type { Code, Problem } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Client } from '#mesh/service.ts'

type Result = NonNullable<SessionResponse['result']>
type Sent =
  Parameters<Client<typeof SpellRunnerServiceDefinition>['session']>[0] extends AsyncIterable<infer T> ? T : never
type Given = Sent['command']
type ResultOf<K extends Result['$case']> = Extract<Result, { $case: K }>['value']

const HEARTBEAT_MS = 2_000
const DEAD_MS = 6_000
const ANSWER_MS = 10_000

interface Open {
  readonly revision: number
  draft: Uint8Array
}
interface Pending {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

/** The spells open on one socket, and the truth about them. It has one stream to a runner; when that is lost, another runner is told the same. */
export class SpellManager {
  readonly #runner: Client<typeof SpellRunnerServiceDefinition>
  readonly #user: string
  readonly #log: Log
  readonly #open = new Map<string, Open>()
  #stream: Stream | undefined
  #closed = false

  constructor(runner: Client<typeof SpellRunnerServiceDefinition>, user: string, log: Log) {
    this.#runner = runner
    this.#user = user
    this.#log = log
  }

  get size(): number {
    return this.#open.size
  }

  has(spell: string): boolean {
    return this.#open.has(spell)
  }

  async open(spell: string, revision: number): Promise<ResultOf<'opened'>> {
    const opened = await this.#call('opened', { $case: 'open', value: { spellId: spell, revision } })
    if (!this.#open.has(spell)) this.#open.set(spell, { revision, draft: new Uint8Array() })
    return opened
  }

  async edit(spell: string, draft: Uint8Array): Promise<ResultOf<'edited'>> {
    const edited = await this.#call('edited', { $case: 'edit', value: { spellId: spell, draft } })
    const known = this.#open.get(spell)
    if (known) known.draft = draft
    return edited
  }

  async closeSpell(spell: string): Promise<void> {
    this.#open.delete(spell)
    await this.#call('closed', { $case: 'close', value: { spellId: spell } })
  }

  start(value: Extract<NonNullable<Given>, { $case: 'start' }>['value']): Promise<ResultOf<'started'>> {
    return this.#call('started', { $case: 'start', value })
  }

  async cancel(run: string): Promise<void> {
    await this.#call('cancelled', { $case: 'cancel', value: { runId: run } })
  }

  close(): void {
    this.#closed = true
    this.#stream?.end()
  }

  async #call<K extends Result['$case']>(kind: K, command: NonNullable<Given>): Promise<ResultOf<K>> {
    const result = await this.#connected().send(command)
    if (result.$case === 'failed') {
      const { code, message, problems } = result.value
      throw new CodedError(code as Code, message, {
        problems: JSON.parse(Buffer.from(problems).toString() || '[]') as Problem[],
      })
    }
    if (result.$case !== kind) throw new Error(`the runner answered "${result.$case}" to "${command.$case}"`)
    return result.value as ResultOf<K>
  }

  #connected(): Stream {
    if (this.#closed) throw unavailable('the session is closed')
    this.#stream ??= new Stream(this.#runner, this.#user, error => this.#lost(error))
    return this.#stream
  }

  /** The runner is gone, or silent: whichever answers next is told what is open. */
  #lost(error: unknown): void {
    this.#stream = undefined
    if (this.#closed || this.#open.size === 0) return
    this.#log.info({ error }, 'a session lost its runner and opens its spells again')
    setTimeout(() => void this.#reopen(), Math.random() * 500)
  }

  async #reopen(): Promise<void> {
    for (const [spellId, { revision, draft }] of this.#open) {
      if (this.#closed) return
      try {
        const stream = this.#connected()
        await stream.send({ $case: 'open', value: { spellId, revision } })
        if (draft.length > 0) await stream.send({ $case: 'edit', value: { spellId, draft } })
      } catch {
        // The stream is lost again: it has said so, and this begins anew.
        return
      }
    }
  }
}

/** One stream of commands to a runner. */
class Stream {
  readonly #pending = new Map<number, Pending>()
  readonly #onLost: (error: unknown) => void
  readonly #controller = new AbortController()
  readonly #queue: Given[] = []
  readonly #ids: number[] = []
  #wake = () => {}
  #nextId = 1
  #heardAt = Date.now()
  readonly #beat: NodeJS.Timeout
  #over = false

  constructor(runner: Client<typeof SpellRunnerServiceDefinition>, user: string, onLost: (error: unknown) => void) {
    this.#onLost = onLost
    this.#beat = setInterval(() => this.#heartbeat(), HEARTBEAT_MS)
    void this.#read(
      runner.session(this.#requests(), { caller: { user, service: 'edge' }, signal: this.#controller.signal }),
    )
  }

  send(command: NonNullable<Given>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(unavailable('the runner is gone: try again'))
      const id = this.#nextId++
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(unavailable('the runner did not answer in time: try again'))
      }, ANSWER_MS)
      this.#pending.set(id, { resolve, reject, timer })
      this.#push(id, command)
    })
  }

  /** No more commands: the runner ends the stream when it has answered. */
  end(): void {
    this.#over = true
    clearInterval(this.#beat)
    this.#wake()
  }

  #push(id: number, command: Given): void {
    this.#ids.push(id)
    this.#queue.push(command)
    this.#wake()
  }

  #heartbeat(): void {
    if (Date.now() - this.#heardAt > DEAD_MS) return this.#lose(unavailable('the runner is silent'))
    this.#push(0, { $case: 'heartbeat', value: {} })
  }

  async *#requests(): AsyncGenerator<Sent> {
    for (;;) {
      const command = this.#queue.shift()
      const id = this.#ids.shift()
      if (command && id !== undefined) yield { id, command }
      else if (this.#over) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }

  async #read(responses: AsyncIterable<SessionResponse>): Promise<void> {
    try {
      for await (const { id, result } of responses) {
        this.#heardAt = Date.now()
        const pending = this.#pending.get(id)
        if (!pending || !result) continue
        this.#pending.delete(id)
        clearTimeout(pending.timer)
        pending.resolve(result)
      }
      this.#lose(unavailable('the runner ended the session'))
    } catch (error) {
      this.#lose(error)
    }
  }

  #lose(error: unknown): void {
    clearInterval(this.#beat)
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(unavailable('the runner is gone: try again', { cause: error }))
    }
    this.#pending.clear()
    if (this.#over) return
    this.end()
    this.#controller.abort()
    this.#onLost(error)
  }
}
