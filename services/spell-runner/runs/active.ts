import type { NodeServices, Sandbox } from '#graph/define.ts'
import type { Entry, Failure, TerminalEntry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { JsonObject, Values } from '#graph/json.ts'
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
import type { RunRow } from './store.ts'

/** Everything a run at work needs. */
export interface ActiveOptions {
  readonly id: string
  readonly attempt: number
  readonly make: NewRun
  readonly compiled: CompiledSpell
  readonly inputs: Values
  readonly state: JsonObject
  readonly limits: Partial<Limits>
  /** Of a run that is resumed: what is stored of it. */
  readonly stored?: readonly string[]
}

/** What runs share. */
export interface Workshop {
  readonly committer: Committer
  readonly publisher: Publisher
  readonly sandbox: Sandbox
  readonly fetch: RunHost['fetch']
  readonly log: Log
  /** The services as this user's runs call them. */
  servicesFor(user: string): NodeServices
  /** A run is not at work any more. */
  onGone(run: ActiveRun): void
}

const MOST_LAG = 2_000
const MOST_JOURNAL_CHARACTERS = 32 * 1024 * 1024

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
      ...(stored ? { stored } : { make }),
      committer: workshop.committer,
      onCommitted: (texts, first, last) => this.#committed(texts, first, last),
      onLost: error => this.#lost(error),
      stateWrites: entry => this.#stateWrites(entry),
    })
    this.#run = startRun(this.#runOptions())
    this.#run.done.catch((error: unknown) => this.#broken(error))
  }

  #runOptions(): Parameters<typeof startRun>[0] {
    const { id, make, compiled, inputs, state, limits, stored } = this.#options
    const journal = stored?.map(text => JSON.parse(text) as Entry)
    return {
      run: id,
      spell: make.spell,
      revision: make.revision,
      user: make.owner,
      plan: compiled.plan,
      inputs,
      state,
      seed: seedOf(journal),
      limits,
      ...(journal ? { journal } : {}),
      append: entry => this.#append(entry),
      digest: terminal => this.#journal.digestOf(terminal),
      durable: seq => this.#journal.durable(seq),
      chunk: chunk => this.#workshop.publisher.chunk({ owner: make.owner, spell: make.spell, run: id }, chunk),
      host: {
        now: Date.now,
        sleep,
        turn: () => this.#turn(),
        services: this.#workshop.servicesFor(make.owner),
        sandbox: this.#workshop.sandbox,
        fetch: this.#workshop.fetch,
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

  /** Stops at once; what is recorded is for whoever takes it up. */
  abandon(): void {
    this.#run.abandon()
    const error = unavailable(`this runner is ending; the run goes on: GET /v1/runs/${this.id}`)
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
      outputs: terminal?.kind === 'run.completed' ? JSON.stringify(terminal.outputs) : '{}',
      error: terminal?.kind === 'run.failed' ? JSON.stringify(terminal.error) : null,
      last_seq: committed,
      digest: terminal?.digest ?? '',
      ended_at: terminal?.at ?? 0,
    }
  }

  #append(entry: Entry): void {
    this.#journal.append(entry)
    if (isTerminal(entry)) this.#terminal = entry
    else if (this.#journal.bytes > MOST_JOURNAL_CHARACTERS) queueMicrotask(() => this.#run.fail(tooLong()))
  }

  #committed(texts: readonly string[], first: number, last: Entry): void {
    this.#workshop.publisher.entries({ owner: this.owner, spell: this.spell, run: this.id }, this.attempt, first, texts)
    if (isTerminal(last)) {
      this.#status = last.kind === 'run.completed' ? 'completed' : last.kind === 'run.failed' ? 'failed' : 'cancelled'
      this.#settled.resolve()
      this.#finished.resolve()
      this.#leave()
    } else if (this.#run.standing === 'waiting') {
      this.#status = 'waiting'
      this.#settled.resolve()
    }
  }

  async #turn(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    // A run that works faster than the database stores waits for it.
    if (this.#journal.lag > MOST_LAG) await this.#journal.durable(this.#run.seq)
  }

  #stateWrites(entry: TerminalEntry): readonly StateWrite[] {
    const { make, compiled } = this.#options
    if (entry.kind !== 'run.completed' || !make.keeps_state) return []
    const declared = compiled.plan.document.state
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
        },
      ]
    })
  }

  #lost(error: unknown): void {
    this.#workshop.log.warn({ run: this.id, attempt: this.attempt, error }, 'a run is not written from here any more')
    this.abandon()
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
    this.#workshop.onGone(this)
  }
}

function tooLong(): Failure {
  return {
    code: 'RESOURCE_EXHAUSTED',
    message: `the journal of this run is over its limit of ${MOST_JOURNAL_CHARACTERS} characters`,
  }
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
