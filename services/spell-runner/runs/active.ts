import type { NodeServices, Sandbox } from '#graph/define.ts'
import type { Recall, ResultStore } from '#graph/known.ts'
import type { Entry, Failure, TerminalEntry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import type { Limits } from '#graph/limits.ts'
import type { Run, RunHost } from '#graph/run.ts'
import { startRun } from '#graph/run.ts'
import { unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { CompiledSpell } from '../spells/plans.ts'
import type { NewRun, StateWrite } from './commit.ts'
import type { Committer } from './committer.ts'
import { RunJournal } from './journal.ts'
import type { Publisher } from './publisher.ts'
import type { RunMode } from './mode.ts'
import type { CallingRun } from './services.ts'
import type { RunRow } from './store.ts'
import type { RunTrace, RunTraces } from './trace.ts'

/** Everything a run at work needs. */
export interface ActiveOptions {
  readonly id: string
  readonly attempt: number
  readonly make: NewRun
  readonly compiled: CompiledSpell
  readonly inputs: Values
  readonly state: JsonObject
  readonly limits: Partial<Limits>
  readonly mode: RunMode
  /** Of a run that is resumed: what is stored of it, as texts, and as entries with their large values in them. */
  readonly stored?: { readonly texts: readonly string[]; readonly entries: readonly Entry[] }
  /** Of a new run that branches off: the entries that it begins with. */
  readonly prefix?: readonly Entry[]
  readonly recall?: Recall
  /** In place of a new one. */
  readonly seed?: number
}

/** What runs share. */
export interface Workshop {
  readonly committer: Committer
  readonly publisher: Publisher
  readonly sandbox: Sandbox
  readonly fetch: RunHost['fetch']
  readonly log: Log
  readonly traces: RunTraces
  /** The services as the nodes of a run call them. */
  servicesOf(run: CallingRun): NodeServices
  /** Where this user's results are kept for nodes with `reuse`. */
  resultsFor(user: string): ResultStore
  /** A run can be put aside: nothing happens to it before `wakesAt` unless it is asked. */
  onIdle(run: ActiveRun): void
  /** A run is not at work any more. */
  onGone(run: ActiveRun): void
}

const MOST_LAG = 2_000
const MOST_JOURNAL_CHARACTERS = 32 * 1024 * 1024
const MOST_BLOB_CHARACTERS = 256 * 1024 * 1024

/** A run at work in this process. */
export class ActiveRun {
  readonly id: string
  readonly owner: string
  readonly spell: string
  readonly attempt: number
  readonly #options: ActiveOptions
  readonly #workshop: Workshop
  readonly #journal: RunJournal
  readonly #run: Run
  readonly #trace: RunTrace | undefined
  readonly #settled = Promise.withResolvers<void>()
  readonly #finished = Promise.withResolvers<void>()
  #status: RunRow['status'] = 'running'
  #terminal: TerminalEntry | undefined
  #gone = false

  constructor(options: ActiveOptions, workshop: Workshop) {
    const { id, attempt, make, stored } = options
    this.id = id
    this.owner = make.owner
    this.spell = make.spell
    this.attempt = attempt
    this.#options = options
    this.#workshop = workshop
    // Whoever awaits them sees the rejection.
    for (const { promise } of [this.#settled, this.#finished]) promise.catch(() => {})
    this.#journal = new RunJournal({
      run: id,
      attempt,
      ...(stored ? { stored: stored.texts } : { make }),
      committer: workshop.committer,
      onCommitted: (texts, first, last, status) => this.#committed(texts, first, last, status),
      onLost: error => this.#lost(error),
      stateWrites: entry => this.#stateWrites(entry),
    })
    for (const entry of options.prefix ?? []) this.#journal.append(entry)
    this.#trace = workshop.traces.begin(options)
    this.#run = this.#within(() => startRun(this.#runOptions()))
    this.#run.done.catch((error: unknown) => this.#broken(error))
    // What is taken up may have nothing to do: then no commit says so.
    if (!stored) return
    this.#status = this.#journal.status
    void this.#run.live.then(() => this.#lookIdle())
  }

  #within<T>(work: () => T): T {
    return this.#trace ? this.#trace.within(work) : work()
  }

  #lookIdle(): void {
    if (!this.isIdle) return
    this.#status = this.#journal.status
    this.#settled.resolve()
    this.#workshop.onIdle(this)
  }

  #runOptions(): Parameters<typeof startRun>[0] {
    const { id, make, compiled, inputs, state, limits, stored, prefix, mode, recall } = this.#options
    const journal = stored?.entries ?? prefix
    const { startAt, pins, breakpoints, fork } = mode
    const { servicesOf } = this.#workshop
    let services: NodeServices | undefined
    return {
      run: id,
      spell: make.spell,
      revision: make.revision,
      user: make.owner,
      plan: compiled.plan,
      inputs,
      state,
      seed: this.#options.seed ?? seedOf(journal),
      limits,
      ...(startAt === undefined ? {} : { startAt }),
      ...(pins ? { pins } : {}),
      ...(breakpoints ? { breakpoints } : {}),
      ...(recall ? { recall } : {}),
      // What it was interrupted in itself is another matter than what it branched off from.
      ...(fork && !stored ? { fork } : {}),
      ...(journal ? { journal } : {}),
      ...(this.#trace?.observe ? { observe: this.#trace.observe } : {}),
      append: entry => this.#append(entry),
      digest: terminal => this.#journal.digestOf(terminal),
      durable: seq => this.#journal.durable(seq),
      chunk: chunk => this.#workshop.publisher.chunk({ owner: make.owner, spell: make.spell, run: id }, chunk),
      host: {
        now: Date.now,
        sleep,
        turn: () => this.#turn(),
        // Many runs call none of them.
        get services() {
          return (services ??= servicesOf({ id, owner: make.owner, spell: make.spell, limits }))
        },
        sandbox: this.#workshop.sandbox,
        fetch: this.#workshop.fetch,
        results: this.#workshop.resultsFor(make.owner),
      },
    }
  }

  /** Resolves when the run has ended, or waits for a person, and that is in the database. Rejects when it is not worked on here any more. */
  get settled(): Promise<void> {
    return this.#settled.promise
  }

  /** The same, for the end alone. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /** Resolves when the run itself is in the database. */
  get stored(): Promise<void> {
    return this.#journal.durable(1)
  }

  cancel(reason: string): void {
    this.#run.cancel(reason)
  }

  /** Asks the run something; resolves when what that led to at once is in the database. Rejects with graph's `RunRefusal`. */
  async ask(work: (run: Run) => void): Promise<void> {
    await this.#run.live
    // What it is asked must be in its journal before that is confirmed.
    while (!this.#run.admits) await new Promise(resolve => setImmediate(resolve))
    if (this.#gone && !this.#terminal) throw unavailable('the run was put aside at this moment: try again')
    const before = this.#run.seq
    this.#within(() => work(this.#run))
    if (this.#run.seq > before) await this.#journal.durable(before + 1)
  }

  get wakesAt(): number | undefined {
    return this.#run.wakesAt
  }

  /** Whether nothing happens to it unless it is asked, or time passes; and all of it is stored. */
  get isIdle(): boolean {
    const { standing } = this.#run
    return standing !== 'working' && standing !== 'ended' && this.#journal.lag === 0 && !this.#gone
  }

  /** Whether it has sources: then it may go on until it is stopped. */
  get isPlayed(): boolean {
    return this.#options.compiled.plan.sources.length > 0
  }

  /** Number of the last entry. */
  get seq(): number {
    return this.#run.seq
  }

  /** Starts nothing more; see {@link isStill}. */
  hold(): void {
    this.#run.hold()
  }

  /** Whether it can be left to others without interrupting anything that costs, and all of it is stored. */
  get isStill(): boolean {
    return !this.#run.isBusy && this.#journal.lag === 0
  }

  /** It has been put aside in the database: it is not worked on here any more. */
  leaveAside(): void {
    this.#run.abandon()
    this.#settled.resolve()
    const error = unavailable(`the run waits; it goes on when it is asked: GET /v1/runs/${this.id}`)
    this.#finished.reject(error)
    this.#leave()
  }

  /** Stops at once; what is recorded is for whoever takes it up. */
  abandon(error: Error = unavailable(`the run goes on elsewhere: GET /v1/runs/${this.id}`)): void {
    this.#run.abandon()
    this.#settled.reject(error)
    this.#finished.reject(error)
    this.#leave()
  }

  /** Tells where it stands. */
  announce(): void {
    this.#workshop.publisher.head(
      { owner: this.owner, spell: this.spell, run: this.id },
      this.attempt,
      this.#journal.committedSeq,
    )
  }

  /** The run as it is in the database now. */
  row(): RunRow {
    const { id, attempt, make } = this.#options
    const committed = this.#journal.committedSeq
    const terminal = this.#terminal && this.#terminal.seq <= committed ? this.#terminal : undefined
    return {
      ...make,
      id,
      attempt,
      status: this.#status,
      outputs: JSON.stringify((terminal && terminal.kind !== 'run.failed' && terminal.outputs) || {}),
      error: terminal?.kind === 'run.failed' ? JSON.stringify(terminal.error) : null,
      last_seq: committed,
      digest: terminal?.digest ?? '',
      ended_at: terminal?.at ?? 0,
      asleep_until: 0,
    }
  }

  #append(entry: Entry): void {
    this.#journal.append(entry)
    this.#trace?.append(entry)
    if (isTerminal(entry)) this.#terminal = entry
    else if (this.#journal.bytes > MOST_JOURNAL_CHARACTERS)
      queueMicrotask(() => this.#run.fail(tooLong('the journal', MOST_JOURNAL_CHARACTERS)))
    else if (this.#journal.blobCharacters > MOST_BLOB_CHARACTERS)
      queueMicrotask(() => this.#run.fail(tooLong('what is kept beside the journal', MOST_BLOB_CHARACTERS)))
  }

  #committed(texts: readonly string[], first: number, last: Entry, status: RunRow['status'] | undefined): void {
    this.#workshop.publisher.entries({ owner: this.owner, spell: this.spell, run: this.id }, this.attempt, first, texts)
    this.#status = status ?? this.#status
    if (isTerminal(last)) {
      this.#settled.resolve()
      this.#finished.resolve()
      this.#leave()
      return
    }
    this.#lookIdle()
  }

  async #turn(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    // Scopes may close without leaving an entry: then no commit says that there is nothing more to do.
    setImmediate(() => this.#lookIdle())
    // A run that works faster than the database stores waits for it.
    if (this.#journal.lag > MOST_LAG) await this.#journal.durable(this.#run.seq)
  }

  #stateWrites(entry: TerminalEntry): readonly StateWrite[] {
    const { make, compiled } = this.#options
    if (entry.kind === 'run.failed' || !entry.state || !make.keeps_state) return []
    const declared = compiled.plan.document.state
    const { mode, state } = this.#options
    return Object.entries(entry.state).flatMap(([key, value]) => {
      const scope = declared[key]?.scope ?? 'spell'
      if (scope === 'run' || (scope === 'session' && make.session === '') || key.includes('\0')) return []
      return [
        {
          owner: this.owner,
          spell: this.spell,
          session: scope === 'session' ? make.session : '',
          key: key.toWellFormed(),
          value: JSON.stringify(value),
          base: JSON.stringify(state[key] ?? declared[key]?.initial ?? emptyOf(value)),
          revision: mode.reads?.[key] ?? 0,
        },
      ]
    })
  }

  #lost(error: Error): void {
    if (this.#gone) return
    this.#workshop.log.warn({ run: this.id, attempt: this.attempt, error }, 'a run is not written from here any more')
    this.abandon(error)
  }

  /** A journal that does not fit its spell, or our own bug: the run cannot go on, and says so. */
  #broken(error: unknown): void {
    if (this.#gone) return
    this.#workshop.log.error({ run: this.id, error }, 'a run broke')
    const message =
      error instanceof Error && error.name === 'DivergenceError'
        ? `its journal does not fit its spell: ${error.message}`
        : 'internal'
    const seq = this.#journal.committedSeq + this.#journal.lag + 1
    const entry: TerminalEntry = {
      seq,
      at: Date.now(),
      kind: 'run.failed',
      error: { code: 'INTERNAL', message },
      lastSeq: seq,
    }
    this.#append({ ...entry, digest: this.#journal.digestOf(entry) })
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#trace?.end(this.#terminal, this.#status)
    this.#workshop.onGone(this)
  }
}

function tooLong(what: string, limit: number): Failure {
  return { code: 'BUDGET', message: `the run reached its limit: ${what} is over ${limit} characters` }
}

/** What a key that was not there counts as, where another run has made it meanwhile. */
function emptyOf(value: Json): Json {
  if (Array.isArray(value)) return []
  return typeof value === 'number' ? 0 : typeof value === 'object' && value !== null ? {} : null
}

function seedOf(journal: readonly Entry[] | undefined): number {
  const first = journal?.[0]
  return first?.kind === 'run.started' ? first.seed : Math.floor(Math.random() * 2 ** 32)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
