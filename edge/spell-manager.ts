import type {
  SessionFailed,
  SessionResponse,
  SpellRunnerServiceDefinition,
} from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { CodedError, isCoded, unavailable } from '#mesh/errors.ts'
import type { Code, Problem } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Client } from '#mesh/service.ts'
import type { Tracer } from '#mesh/trace.ts'
import type { Pulse, Runners } from './runners.ts'

type Result = NonNullable<SessionResponse['result']>
type Sent =
  Parameters<Client<typeof SpellRunnerServiceDefinition>['session']>[0] extends AsyncIterable<infer T> ? T : never
type Given = Sent['command']
type Start = Extract<NonNullable<Given>, { $case: 'start' }>['value']
type ResultOf<K extends Result['$case']> = Extract<Result, { $case: K }>['value']

const HEARTBEAT_MS = 2_000
/** How long nothing is heard of a runner that was asked, until it counts as dead. */
const SILENT_MS = 4_000
const ANSWER_MS = 10_000
/** How long a command is tried at one runner after the other. */
const GIVE_UP_MS = 14_000
const REOPEN_MS = 300
const MOST_REOPEN_MS = 3_000

interface Open {
  readonly revision: number
  draft: Uint8Array
}
interface Pending {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

/**
 * The spells open on one socket, and the truth about them. It has one stream to a runner while something is done; when that is lost, or ends, another runner is
 * told the same.
 */
export class SpellManager {
  readonly #runners: Runners
  readonly #whose: { readonly user: string; readonly session: string }
  readonly #log: Log
  readonly #tracer: Tracer
  readonly #restMs: number
  readonly #open = new Map<string, Open>()
  /** Runs that are to stop when this session is gone, and their spells. */
  readonly #started = new Map<string, string>()
  #stream: Stream | undefined
  /** Resolves when the stream's runner knows what is open. */
  #ready: Promise<void> = Promise.resolve()
  /** It was let go, and its runner knows nothing any more. */
  #isResting = false
  /** How often it was lost since a command was answered. */
  #losses = 0
  #closed = false

  constructor(
    runners: Runners,
    whose: { readonly user: string; readonly session: string },
    { log, tracer, restMs }: { readonly log: Log; readonly tracer: Tracer; readonly restMs: number },
  ) {
    this.#runners = runners
    this.#whose = whose
    this.#log = log
    this.#tracer = tracer
    this.#restMs = restMs
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

  /** It was opened without the stream: a runner is told of it when it is needed. */
  adopt(spell: string, revision: number): void {
    if (this.#open.has(spell)) return
    this.#open.set(spell, { revision, draft: new Uint8Array() })
    if (!this.#stream) this.#isResting = true
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

  /** `runId`: of the new run. */
  async start(runId: string, value: Start): Promise<ResultOf<'started'>> {
    if (value.onDetach !== 'finish') this.#started.set(runId, value.spellId ?? '')
    try {
      return await this.#call('started', { $case: 'start', value: { ...value, runId } })
    } catch (error) {
      // Where nobody answered it may have begun all the same.
      if (!isCoded(error, 'UNAVAILABLE')) this.#started.delete(runId)
      throw error
    }
  }

  /** The run has ended. */
  forget(run: string): void {
    this.#started.delete(run)
  }

  close(): void {
    this.#closed = true
    this.#stream?.end()
  }

  async #call<K extends Result['$case']>(kind: K, command: NonNullable<Given>): Promise<ResultOf<K>> {
    const result = await this.#send(command)
    if (result.$case === 'failed') throw toError(result.value)
    if (result.$case !== kind) throw new Error(`the runner answered "${result.$case}" to "${command.$case}"`)
    return result.value as ResultOf<K>
  }

  /** Sends it to one runner after the other until one answers: all commands can be sent again. */
  async #send(command: NonNullable<Given>): Promise<Result> {
    const late = Date.now() + GIVE_UP_MS
    if (this.#isResting) {
      this.#isResting = false
      this.#ready = this.#reopen(0)
    }
    for (let sent = command; ; sent = again(command)) {
      await this.#isReady()
      try {
        const result = orLost(await this.#connected().send(sent))
        this.#losses = 0
        return result
      } catch (error) {
        if (!(error instanceof Lost) || this.#closed || Date.now() > late) throw error
        await new Promise(resolve => setTimeout(resolve, REOPEN_MS * Math.random()))
      }
    }
  }

  async #isReady(): Promise<void> {
    for (let ready; ready !== this.#ready;) {
      ready = this.#ready
      await ready
    }
  }

  #connected(): Stream {
    if (this.#closed) throw unavailable('the session is closed')
    if (this.#stream) return this.#stream
    const { user, session } = this.#whose
    const { id, client, pulse } = this.#runners.place(user)
    const stream: Stream = new Stream(
      (requests, signal) =>
        client.session(requests, { caller: { user, service: 'edge' }, signal, metadata: { session } }),
      pulse,
      {
        onLost: error => {
          this.#runners.avoid(id)
          this.#leave(stream, error)
        },
        onDraining: () => {
          this.#runners.avoid(id)
          this.#leave(stream, unavailable('the runner is ending'))
          stream.retire()
        },
        onIdle: () => this.#rest(stream),
        traceparent: () => this.#tracer.current(),
        restMs: this.#restMs,
      },
    )
    this.#stream = stream
    return stream
  }

  /** Most sessions do nothing most of the time. Runs that stop with the session keep it: their runner watches over them. */
  #rest(stream: Stream): void {
    if (this.#stream !== stream || this.#started.size > 0) return
    this.#stream = undefined
    this.#isResting = true
    stream.end()
  }

  /** The runner is gone, silent, or about to end: another one is told what is open. */
  #leave(stream: Stream, error: unknown): void {
    if (this.#stream !== stream) return
    this.#stream = undefined
    if (this.#closed || this.#open.size === 0) return
    this.#log.info({ error }, 'a session lost its runner and opens its spells again')
    const waitMs = Math.min(MOST_REOPEN_MS, REOPEN_MS * 2 ** this.#losses++)
    this.#ready = this.#reopen(waitMs * Math.random())
  }

  async #reopen(waitMs: number): Promise<void> {
    if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
    try {
      for (const [spellId, { revision, draft }] of this.#open) {
        if (this.#closed) return
        const stream = this.#connected()
        const runIds = [...this.#started].flatMap(([run, spell]) => (spell === spellId ? [run] : []))
        await stream.send({ $case: 'open', value: { spellId, revision, runIds } })
        if (draft.length > 0) await stream.send({ $case: 'edit', value: { spellId, draft } })
      }
    } catch {
      // The stream is lost again: it has said so, and this begins anew.
    }
  }
}

/** What a runner says of a command that failed. */
export function toError({ code, message, problems }: SessionFailed): CodedError {
  return new CodedError(code as Code, message, {
    problems: JSON.parse(Buffer.from(problems).toString() || '[]') as Problem[],
  })
}

/** The runner that a command was sent to does not answer it; another may. */
class Lost extends CodedError {
  constructor(cause: unknown) {
    super('UNAVAILABLE', 'the runner is gone: try again', { cause })
  }
}

/** The command as it is sent a second time. */
function again(command: NonNullable<Given>): NonNullable<Given> {
  return command.$case === 'start' ? { $case: 'start', value: { ...command.value, again: true } } : command
}

/** A runner that cannot do it now is as good as gone. */
function orLost(result: Result): Result {
  if (result.$case === 'failed' && result.value.code === 'UNAVAILABLE')
    throw new Lost(unavailable(result.value.message))
  return result
}

type Call = (requests: AsyncIterable<Sent>, signal: AbortSignal) => AsyncIterable<SessionResponse>

interface StreamEvents {
  readonly onLost: (error: unknown) => void
  readonly onDraining: () => void
  /** Nothing was sent for a while, and nothing is awaited. */
  readonly onIdle: () => void
  readonly restMs: number
  /** Of what is being done at the moment. */
  readonly traceparent: () => string | undefined
}

/** One stream of commands to a runner. */
class Stream {
  readonly #pending = new Map<number, Pending>()
  readonly #events: StreamEvents
  readonly #controller = new AbortController()
  readonly #queue: Sent[] = []
  #wake = () => {}
  #nextId = 1
  readonly #pulse: Pulse
  readonly #beat: NodeJS.Timeout
  #usedAt = Date.now()
  #over = false
  #isRetired = false

  constructor(open: Call, pulse: Pulse, events: StreamEvents) {
    this.#events = events
    this.#pulse = pulse
    // Of an earlier silence.
    if (Date.now() - pulse.waitingSince > SILENT_MS) pulse.waitingSince = 0
    this.#beat = setInterval(() => this.#heartbeat(), Math.min(HEARTBEAT_MS, events.restMs))
    void this.#read(open(this.#requests(), this.#controller.signal))
  }

  send(command: NonNullable<Given>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(new Lost(unavailable('the stream has ended')))
      const id = this.#nextId++
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(unavailable('the runner did not answer in time: try again'))
      }, ANSWER_MS)
      this.#pending.set(id, { resolve, reject, timer })
      this.#usedAt = Date.now()
      this.#push(id, command)
    })
  }

  /** No more commands: the runner ends the stream when it has answered. */
  end(): void {
    this.#over = true
    clearInterval(this.#beat)
    this.#wake()
  }

  /** Ends when what was sent is answered. */
  retire(): void {
    this.#isRetired = true
    if (this.#pending.size === 0) this.end()
  }

  #push(id: number, command: Given): void {
    this.#queue.push({ id, command, traceparent: (id > 0 && this.#events.traceparent()) || '' })
    this.#wake()
  }

  #heartbeat(): void {
    const now = Date.now()
    if (this.#pending.size === 0 && now - this.#usedAt >= this.#events.restMs) return this.#events.onIdle()
    const pulse = this.#pulse
    const isWaiting = pulse.waitingSince > pulse.heardAt
    if (isWaiting && now - pulse.waitingSince > SILENT_MS) return this.#lose(unavailable('the runner is silent'))
    // One session asks for all.
    if (now - Math.max(pulse.heardAt, pulse.askedAt) < HEARTBEAT_MS / 2) return
    if (!isWaiting) pulse.waitingSince = now
    pulse.askedAt = now
    this.#push(0, { $case: 'heartbeat', value: {} })
  }

  async *#requests(): AsyncGenerator<Sent> {
    for (;;) {
      const next = this.#queue.shift()
      if (next) yield next
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
        this.#pulse.heardAt = Date.now()
        if (result?.$case === 'draining') this.#events.onDraining()
        const pending = this.#pending.get(id)
        if (!pending || !result) continue
        this.#pending.delete(id)
        clearTimeout(pending.timer)
        pending.resolve(result)
        if (this.#isRetired && this.#pending.size === 0) this.end()
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
      reject(new Lost(error))
    }
    this.#pending.clear()
    if (this.#over) return
    this.end()
    this.#controller.abort()
    this.#events.onLost(error)
  }
}
