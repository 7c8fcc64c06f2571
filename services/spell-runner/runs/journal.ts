import { externalize } from '#graph/blob.ts'
import { createDigest } from '#graph/digest.ts'
import type { Entry, TerminalEntry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import { notFound, unavailable } from '#mesh/errors.ts'
import { hashOfBlob } from './blobs.ts'
import type { Blob, NewRun, RunBatch, RunChange, StateWrite } from './commit.ts'
import { codeOf, FOREIGN_KEY_VIOLATION } from './committer.ts'
import type { Committable, Committer } from './committer.ts'
import type { RunStatus } from './record.ts'

/** Whose journal it is and where it stands. */
export interface JournalOptions {
  readonly run: string
  readonly attempt: number
  /** Of a run that is not stored yet. */
  readonly make?: NewRun
  /** What is stored already, of a run that is resumed. */
  readonly stored?: readonly string[]
  readonly committer: Committer
  /** Entries are in the database: `texts`, the first of them numbered `first`. `status`: of the run from now on, where that has changed. */
  onCommitted(texts: readonly string[], first: number, last: Entry, status: RunStatus | undefined): void
  /** Nothing more can be written: the run belongs to another runner, or it cannot be stored. */
  onLost(error: Error): void
  /** The writes to the spell's state that go with the end of the run. */
  stateWrites(entry: TerminalEntry): readonly StateWrite[]
}

/** The journal of one run on its way to the database. An entry is made to text once: that text is stored, digested and published. */
export class RunJournal implements Committable {
  readonly #options: JournalOptions
  readonly #digest = createDigest()
  #make: NewRun | undefined
  #texts: string[] = []
  #change: RunChange | undefined
  #state: readonly StateWrite[] = []
  #blobs: Blob[] = []
  readonly #known = new Set<string>()
  /** What it waits for, by activation, and whether it is paused. */
  readonly #waits = new Set<string>()
  #paused = false
  /** The entry that the last of the texts was made of, and of those taken. */
  #last: Entry | undefined
  #taken: Entry | undefined
  #committed: number
  #bytes = 0
  #blobCharacters = 0
  #waiting: { seq: number; resolve: () => void; reject: (error: unknown) => void }[] = []
  #lost: { readonly error: unknown } | undefined

  constructor(options: JournalOptions) {
    this.#options = options
    this.#make = options.make
    const stored = options.stored ?? []
    for (const text of stored) {
      this.#add(text)
      if (/"kind":"run\./.test(text.slice(0, 80))) this.#follow(JSON.parse(text) as Entry)
    }
    this.#committed = stored.length
  }

  /** Number of the last entry in the database. */
  get committedSeq(): number {
    return this.#committed
  }

  /** Entries on their way. */
  get lag(): number {
    return this.#texts.length
  }

  /** Characters of the whole journal. */
  get bytes(): number {
    return this.#bytes
  }

  #add(text: string): void {
    this.#bytes += text.length
    this.#digest.add(text)
  }

  append(entry: Entry): void {
    if (this.#lost) return
    const text = this.#textOf(entry)
    if (isTerminal(entry)) {
      this.#change = toChange(entry)
      this.#state = this.#options.stateWrites(entry)
    } else {
      this.#add(text)
      if (this.#follow(entry)) this.#change = { status: this.status, ...NOTHING }
    }
    this.#last = entry
    if (this.#texts.push(text) === 1) this.#options.committer.schedule(this)
  }

  /** What the run is about, as far as the journal tells. */
  get status(): 'running' | 'paused' | 'waiting' {
    return this.#paused ? 'paused' : this.#waits.size > 0 ? 'waiting' : 'running'
  }

  /** Whether the entry changes what the run is about. */
  #follow(entry: Entry): boolean {
    switch (entry.kind) {
      case 'run.waiting':
        this.#waits.add(entry.activation)
        return true
      case 'run.answered':
        this.#waits.delete(entry.activation)
        return true
      case 'run.paused':
      case 'run.resumed':
        this.#paused = entry.kind === 'run.paused'
        return true
      default:
        return false
    }
  }

  /** An entry's text, with large values put beside it. */
  #textOf(entry: Entry): string {
    return JSON.stringify(
      externalize(entry, value => {
        const hash = hashOfBlob(value)
        if (this.#known.has(hash)) return hash
        this.#known.add(hash)
        this.#blobs.push({ hash, value })
        this.#blobCharacters += value.length
        return hash
      }),
    )
  }

  /** Characters of the values beside the journal. */
  get blobCharacters(): number {
    return this.#blobCharacters
  }

  digestOf(terminal: TerminalEntry): string {
    this.#add(this.#textOf(terminal))
    return this.#digest.hex()
  }

  /** Resolves when this entry is in the database. Rejects when it never will be from here. */
  durable(seq: number): Promise<void> {
    if (this.#committed >= seq) return Promise.resolve()
    if (this.#lost) return Promise.reject(this.#lost.error)
    return new Promise((resolve, reject) => void this.#waiting.push({ seq, resolve, reject }))
  }

  take(limit: number): RunBatch | undefined {
    if (this.#texts.length === 0 || this.#lost) return undefined
    const whole = this.#texts.length <= limit
    const texts = whole ? this.#texts : this.#texts.slice(0, limit)
    this.#texts = whole ? [] : this.#texts.slice(limit)
    const { run, attempt } = this.#options
    const batch: RunBatch = {
      run,
      attempt,
      previous: this.#committed,
      texts,
      make: this.#make,
      change: whole ? this.#change : undefined,
      state: whole ? this.#state : [],
      blobs: this.#blobs,
    }
    this.#blobs = []
    this.#make = undefined
    this.#taken = whole ? this.#last : undefined
    if (whole) {
      this.#change = undefined
      this.#state = []
    }
    return batch
  }

  committed({ texts, change }: RunBatch): void {
    const first = this.#committed + 1
    this.#committed += texts.length
    const last = this.#taken ?? (JSON.parse(texts.at(-1) ?? 'null') as Entry)
    if (this.#texts.length > 0) this.#options.committer.schedule(this)
    this.#options.onCommitted(texts, first, last, change?.status)
    if (this.#waiting.length === 0) return
    const ready = this.#waiting.filter(({ seq }) => seq <= this.#committed)
    this.#waiting = this.#waiting.filter(({ seq }) => seq > this.#committed)
    for (const { resolve } of ready) resolve()
  }

  refused(): void {
    this.#end(unavailable('the run goes on elsewhere, or is gone: try again'))
  }

  unfit(error: unknown): void {
    this.#end(
      codeOf(error) === FOREIGN_KEY_VIOLATION
        ? notFound('its spell is gone')
        : new Error('its entries cannot be stored', { cause: error }),
    )
  }

  #end(error: Error): void {
    this.#lost = { error }
    this.#texts = []
    this.#options.onLost(error)
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting = []
  }
}

const NOTHING = { outputs: '{}', error: null, digest: '', ended_at: 0 }

function toChange(entry: TerminalEntry): RunChange {
  const ended = { ...NOTHING, digest: entry.digest ?? '', ended_at: entry.at }
  switch (entry.kind) {
    case 'run.completed':
      return { ...ended, status: 'completed', outputs: JSON.stringify(entry.outputs) }
    case 'run.failed':
      return { ...ended, status: 'failed', error: JSON.stringify(entry.error) }
    case 'run.cancelled':
      return { ...ended, status: 'cancelled', outputs: JSON.stringify(entry.outputs ?? {}) }
  }
}
