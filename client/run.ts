import type { Calls, Notifications, Position, RunRecord } from '#edge/protocol.ts'
import { blobsOf } from '#graph/blob.ts'
import type { Chunk, Entry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { backOffMs, pause } from './back-off.ts'
import type { EntriesPage, RunHandle, VerifiedRun } from './types.ts'
import { ApiError } from './types.ts'
import { verify } from './verify.ts'

/** What a run can be asked. */
export type Asking = 'run.cancel' | 'run.pause' | 'run.play' | 'run.answer' | 'run.send'

export interface FollowOptions {
  readonly run: RunRecord
  /** What is kept of it already, from the first entry on. */
  readonly known?: Pick<VerifiedRun, 'entries' | 'blobs'>
  /** Pages of the journal, over REST. */
  page(run: string, after: number): Promise<EntriesPage>
  /** Asks the session for what comes after a position; without a connection it does nothing, the next one resumes the run. */
  watch(run: string, after: number): Promise<void>
  ack(run: string, seq: number): void
  /** A value that entries refer to. */
  blob(run: string, hash: string): Promise<Json>
  ask(method: Asking, params: { readonly run: string }): Promise<void>
  /** The journal is whole. */
  onVerified(verified: VerifiedRun): void
  /** It is not followed any more; `ended`: there is nothing left to follow. */
  onReleased(ended: boolean): void
}

const ACK_ENTRIES = 64
const ACK_MS = 1_000
const BLOB_TRIES = 4

/** Follows one run for all who hold a handle of it: puts entries in order, once each, and fetches what is missing. */
export class FollowedRun {
  readonly run: RunRecord
  readonly #options: FollowOptions
  readonly #entryCallbacks = new Set<(fresh: readonly Entry[]) => void>()
  readonly #chunkCallbacks = new Set<(chunk: Chunk) => void>()
  readonly #completed = Promise.withResolvers<VerifiedRun>()
  readonly #over = new AbortController()
  readonly #endedActivations = new Set<string>()
  /** What streams at the moment, by activation: the pieces so far as one. */
  readonly #streams = new Map<string, Chunk>()
  #entries: Entry[]
  readonly #blobs: Record<string, Json> = {}
  #attempt: number
  #handles = 0
  #acked = 0
  #ackTimer: ReturnType<typeof setTimeout> | undefined
  #fetching = false
  /** Whether something was missing after the session had been asked. */
  #again = false
  /** Whether the journal did not fit its digest and is being read anew. */
  #doubted = false

  constructor(options: FollowOptions) {
    this.run = options.run
    this.#options = options
    this.#entries = [...(options.known?.entries ?? [])]
    Object.assign(this.#blobs, options.known?.blobs)
    this.#attempt = options.run.attempt
    // Whoever awaits it sees the rejection.
    this.#completed.promise.catch(() => {})
    if (this.#ended()) this.#finish()
  }

  get position(): Position {
    return { run: this.run.id, attempt: this.#attempt, seq: this.#entries.length, spell: this.run.spellId }
  }
  get over(): boolean {
    return this.#over.signal.aborted
  }

  /** A handle for one more who follows it; the run is let go when the last one is released. */
  handle(): RunHandle {
    const stops: (() => void)[] = []
    const released = Promise.withResolvers<never>()
    const completed = Promise.race([this.#completed.promise, released.promise])
    completed.catch(() => {})
    const listen = <T>(callbacks: Set<T>, callback: T) => {
      callbacks.add(callback)
      const stop = () => void callbacks.delete(callback)
      stops.push(stop)
      return stop
    }
    const entries = () => this.#entries
    const run = this.run.id
    const ask = <M extends Asking>(method: M, params: Calls[M]['params']) => this.#options.ask(method, params)
    let held = true
    this.#handles++
    return {
      run: this.run,
      get entries() {
        return entries()
      },
      completed,
      onEntries: callback => listen(this.#entryCallbacks, fresh => callback(fresh)),
      onChunk: callback => {
        const one = (chunk: Chunk) => callback(chunk)
        const stop = listen(this.#chunkCallbacks, one)
        // What has been streamed before somebody listened; not before they have what they are answered here.
        queueMicrotask(() => {
          for (const chunk of this.#streams.values()) if (this.#chunkCallbacks.has(one)) one(chunk)
        })
        return stop
      },
      cancel: () => ask('run.cancel', { run }),
      pause: () => ask('run.pause', { run }),
      play: (options = {}) => ask('run.play', { run, ...options }),
      answer: answer => ask('run.answer', { run, ...answer }),
      send: (name, message) => ask('run.send', { run, name, message }),
      release: () => {
        if (!held) return
        held = false
        for (const stop of stops) stop()
        released.reject(new ApiError(0, 'CANCELLED', 'the run is not followed any more', { retry: false }))
        if (--this.#handles === 0) this.fail(new ApiError(0, 'CANCELLED', 'the run is not followed any more'))
      },
    }
  }

  entry({ attempt, seq, entry }: Notifications['run.entry']): void {
    if (this.over || attempt < this.#attempt || seq <= this.#entries.length) return
    this.#attempt = attempt
    // Too large for a frame, or something is missing: the journal has it.
    if (!entry || seq > this.#entries.length + 1) return void this.fetch()
    this.#push([entry])
  }

  /** What comes after the end of what streamed it is old: the end has the whole. */
  chunk(chunk: Chunk): void {
    if (this.over || this.#endedActivations.has(chunk.activation)) return
    const before = this.#streams.get(chunk.activation)
    const isText = before?.fraction === undefined && chunk.fraction === undefined
    const whole = { ...chunk, offset: 0, text: (before?.text ?? '').slice(0, chunk.offset) + chunk.text }
    this.#streams.set(chunk.activation, before && isText ? whole : chunk)
    tell(this.#chunkCallbacks, chunk)
  }

  /** A sign of life: is something missing? */
  head({ seq }: Notifications['run.head']): void {
    if (seq <= this.#entries.length) return
    void pause(ACK_MS, this.#over.signal).then(() => {
      if (seq > this.#entries.length) void this.fetch()
    })
  }

  /** Reads the journal from here on, and then asks the session for what follows; again and again until both succeed. */
  async fetch(): Promise<void> {
    this.#again = true
    if (this.#fetching || this.#doubted) return
    this.#fetching = true
    for (let tries = 0; this.#again && !this.over;) {
      try {
        await this.#read()
        // What is noticed from here on is not in what was read.
        this.#again = false
        if (!this.over) await this.#options.watch(this.run.id, this.#entries.length)
        tries = 0
      } catch (error) {
        this.#again = true
        if (!isPassing(error)) this.fail(error)
        else await pause(backOffMs(tries++), this.#over.signal)
      }
    }
    this.#fetching = false
  }

  /** Ends it without a result. */
  fail(error: unknown): void {
    if (this.over) return
    this.#stop()
    this.#completed.reject(error)
    this.#options.onReleased(false)
  }

  async #read(): Promise<void> {
    for (;;) {
      const asked = this.#entries.length
      const page = await this.#options.page(this.run.id, asked)
      if (this.over || this.#doubted) return
      this.#attempt = Math.max(this.#attempt, page.attempt)
      this.#push(following(page.entries, this.#entries.length))
      if (this.#entries.length >= page.lastSeq) return
      if (this.#entries.length === asked) throw nothingAfter(asked, page.lastSeq)
    }
  }

  #push(fresh: readonly Entry[]): void {
    if (fresh.length === 0) return
    for (const entry of fresh) {
      this.#entries.push(entry)
      if (entry.kind !== 'node.ended') continue
      this.#endedActivations.add(entry.activation)
      this.#streams.delete(entry.activation)
    }
    tell(this.#entryCallbacks, fresh)
    if (this.over) return
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
    if ('problem' in verified) void this.#readAnew()
    else void this.#complete(verified)
  }

  /** What came does not fit: the server's own copy decides. */
  async #readAnew(): Promise<void> {
    this.#doubted = true
    clearTimeout(this.#ackTimer)
    for (let tries = 0; !this.over;) {
      try {
        const entries = await readAll(after => this.#options.page(this.run.id, after))
        if (this.over) return
        const verified = verify(entries)
        if ('problem' in verified) throw notWhole(verified.problem)
        this.#entries = entries
        return await this.#complete(verified)
      } catch (error) {
        if (!isPassing(error)) return this.fail(error)
        await pause(backOffMs(tries++), this.#over.signal)
      }
    }
  }

  async #complete(whole: VerifiedRun): Promise<void> {
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    const wanted = missingBlobs(whole.entries, this.#blobs)
    if (wanted.length > 0) await this.#fetchBlobs(wanted)
    if (this.over) return
    const verified = { ...whole, blobs: this.#blobs }
    this.#stop()
    this.#options.onVerified(verified)
    this.#completed.resolve(verified)
    this.#options.onReleased(true)
  }

  /** One after the other. What cannot be had is left out: the journal is whole without it. */
  async #fetchBlobs(hashes: readonly string[]): Promise<void> {
    for (const hash of hashes) {
      for (let tries = 0; tries < BLOB_TRIES && !this.over; tries++) {
        try {
          this.#blobs[hash] = await this.#options.blob(this.run.id, hash)
          break
        } catch (error) {
          if (!isPassing(error)) break
          await pause(backOffMs(tries), this.#over.signal)
        }
      }
    }
  }

  #stop(): void {
    this.#over.abort()
    clearTimeout(this.#ackTimer)
  }
}

/** Hashes that entries refer to, each once. Entries without any cost little: most are small. */
function missingBlobs(entries: readonly Entry[], known: Readonly<Record<string, Json>>): readonly string[] {
  const wanted = new Set<string>()
  for (const entry of entries) for (const hash of blobsOf(entry)) if (!Object.hasOwn(known, hash)) wanted.add(hash)
  return [...wanted]
}

/** A whole journal, page by page. */
async function readAll(page: (after: number) => Promise<EntriesPage>): Promise<Entry[]> {
  const all: Entry[] = []
  for (;;) {
    const { entries, lastSeq } = await page(all.length)
    const fresh = following(entries, all.length)
    for (const entry of fresh) all.push(entry)
    if (all.length >= lastSeq) return all
    if (fresh.length === 0) throw nothingAfter(all.length, lastSeq)
  }
}

/** Those entries of a page that follow a position without a gap. */
function following(entries: readonly Entry[], after: number): Entry[] {
  const fresh = entries.filter(({ seq }) => seq > after)
  const gap = fresh.findIndex(({ seq }, index) => seq !== after + 1 + index)
  return gap < 0 ? fresh : fresh.slice(0, gap)
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.retry
}

function nothingAfter(seq: number, lastSeq: number): ApiError {
  return new ApiError(0, 'UNAVAILABLE', `the journal gave nothing after entry ${seq} of ${lastSeq}`, { retry: true })
}

function notWhole(problem: string): ApiError {
  return new ApiError(0, 'DATA_LOSS', `the journal of this run is not whole: ${problem}`, { retry: false })
}

/** Whoever throws while being told is reported, and keeps nothing from the others. */
function tell<T>(callbacks: ReadonlySet<(told: T) => void>, told: T): void {
  for (const callback of Array.from(callbacks)) {
    try {
      callback(told)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
