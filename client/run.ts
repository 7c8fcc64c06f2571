import type { Notifications, RunRecord } from '#edge/protocol.ts'
import type { Chunk, Entry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { EntriesPage, RunHandle, VerifiedRun } from './types.ts'
import { ApiError } from './types.ts'
import { verify } from './verify.ts'

export interface FollowOptions {
  readonly run: RunRecord
  /** What is kept of it already, from the first entry on. */
  readonly known?: readonly Entry[]
  /** Pages of the journal, over REST. */
  page(run: string, after: number): Promise<EntriesPage>
  /** Asks the session for what comes after a position. */
  watch(run: string, after: number): Promise<void>
  ack(run: string, seq: number): void
  cancel(run: string): Promise<void>
  /** The journal is whole. */
  onVerified(verified: VerifiedRun): void
  /** It is not followed any more; `ended`: there is nothing left to follow. */
  onReleased(ended: boolean): void
}

const ACK_ENTRIES = 64
const ACK_MS = 1_000
const MOST_TRIES = 5

/** Follows one run: puts entries in order, once each, and fetches what is missing. */
export class FollowedRun implements RunHandle {
  readonly run: RunRecord
  readonly completed: Promise<VerifiedRun>
  readonly #options: FollowOptions
  readonly #entries: Entry[]
  readonly #entryCallbacks = new Set<(fresh: readonly Entry[]) => void>()
  readonly #chunkCallbacks = new Set<(chunk: Chunk) => void>()
  #settle!: { resolve(verified: VerifiedRun): void; reject(error: unknown): void }
  #attempt: number
  #acked = 0
  #ackTimer: ReturnType<typeof setTimeout> | undefined
  #fetching = false
  #over = false

  constructor(options: FollowOptions) {
    this.run = options.run
    this.#options = options
    this.#entries = [...(options.known ?? [])]
    this.#attempt = options.run.attempt
    this.completed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever awaits it sees the rejection.
    this.completed.catch(() => {})
    if (this.#ended()) this.#finish()
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }
  get position(): { run: string; attempt: number; seq: number } {
    return { run: this.run.id, attempt: this.#attempt, seq: this.#entries.length }
  }
  get over(): boolean {
    return this.#over
  }

  onEntries(callback: (fresh: readonly Entry[]) => void): () => void {
    this.#entryCallbacks.add(callback)
    return () => this.#entryCallbacks.delete(callback)
  }
  onChunk(callback: (chunk: Chunk) => void): () => void {
    this.#chunkCallbacks.add(callback)
    return () => this.#chunkCallbacks.delete(callback)
  }
  cancel(): Promise<void> {
    return this.#options.cancel(this.run.id)
  }
  release(): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#ackTimer)
    this.#settle.reject(new ApiError(0, 'CANCELLED', 'the run is not followed any more', { retry: false }))
    this.#options.onReleased(false)
  }

  entry({ attempt, seq, entry }: Notifications['run.entry']): void {
    if (this.#over || attempt < this.#attempt || seq <= this.#entries.length) return
    this.#attempt = attempt
    // Too large for a frame, or something is missing: the journal has it.
    if (!entry || seq > this.#entries.length + 1) return void this.fetch()
    this.#push([entry])
  }

  chunk(chunk: Chunk): void {
    if (this.#over) return
    for (const callback of [...this.#chunkCallbacks]) callback(chunk)
  }

  /** A sign of life: is something missing? */
  head({ seq }: Notifications['run.head']): void {
    if (seq > this.#entries.length) setTimeout(() => this.#entries.length < seq && void this.fetch(), ACK_MS)
  }

  /** Reads the journal from here on, and then asks the session for what follows. */
  async fetch(): Promise<void> {
    if (this.#fetching || this.#over) return
    this.#fetching = true
    try {
      for (let tries = 0; !this.#over;) {
        try {
          const page = await this.#options.page(this.run.id, this.#entries.length)
          this.#attempt = Math.max(this.#attempt, page.attempt)
          this.#push(page.entries.filter(one => one.seq > this.#entries.length))
          if (this.#over || this.#entries.length >= page.lastSeq) break
        } catch (error) {
          if (++tries >= MOST_TRIES || (error instanceof ApiError && !error.retry)) throw error
          await new Promise(resolve => setTimeout(resolve, 250 * 2 ** tries * Math.random()))
        }
      }
      if (!this.#over) await this.#options.watch(this.run.id, this.#entries.length)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#fetching = false
    }
  }

  #push(fresh: readonly Entry[]): void {
    if (fresh.length === 0) return
    this.#entries.push(...fresh)
    for (const callback of [...this.#entryCallbacks]) callback(fresh)
    if (this.#ended()) this.#finish()
    else this.#acknowledge()
  }

  #ended(): boolean {
    const last = this.#entries.at(-1)
    return last !== undefined && isTerminal(last)
  }

  #acknowledge(): void {
    const send = () => {
      clearTimeout(this.#ackTimer)
      this.#ackTimer = undefined
      this.#acked = this.#entries.length
      this.#options.ack(this.run.id, this.#acked)
    }
    if (this.#entries.length - this.#acked >= ACK_ENTRIES) send()
    else this.#ackTimer ??= setTimeout(send, ACK_MS)
  }

  /** The journal is proved before anybody builds on it. */
  #finish(): void {
    const verified = verify(this.#entries)
    if ('problem' in verified)
      return this.#fail(
        new ApiError(0, 'DATA_LOSS', `the journal of this run is not whole: ${verified.problem}`, { retry: false }),
      )
    this.#over = true
    clearTimeout(this.#ackTimer)
    this.#options.onVerified(verified)
    this.#settle.resolve(verified)
    this.#options.onReleased(true)
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#ackTimer)
    this.#settle.reject(error)
    this.#options.onReleased(false)
  }
}
