import type { ListEntriesResponse, SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Client } from '#mesh/service.ts'
import { entryMessage, isEnd } from './feed.ts'
import type { EntryBatch, Follower, Published, RunFeed } from './feed.ts'
import type { Gate } from './gate.ts'
import {
  CATCH_UP_BYTES,
  CATCH_UP_ENTRIES,
  CHUNK_BUFFER_BYTES,
  DRAINED_BYTES,
  LAG_BUFFER_BYTES,
  LAG_MS,
  UNACKED_BYTES,
  UNACKED_ENTRIES,
} from './limits.ts'
import { CLOSE } from './protocol.ts'
import { notificationText } from './rpc.ts'
import type { Socket } from './sockets/socket.ts'

export interface WatchOptions {
  readonly run: string
  readonly user: string
  readonly socket: Socket
  readonly runner: Client<typeof SpellRunnerServiceDefinition>
  /** Of readings of journals. */
  readonly gate: Gate
  readonly frameBytes: number
  /** Delivered entries, for the metrics. */
  onDelivered(count: number): void
  onLag(): void
  onResync(): void
  /** Nothing more comes: the run has ended, or (false) the client must take its state first. */
  onEnd(hasEnded: boolean): void
  onError(error: unknown): void
}

/** Entries of a run that follow a position, and where it stood when they were read. */
export interface JournalPage {
  readonly texts: readonly string[]
  readonly attempt: number
  readonly lastSeq: number
  readonly ended: boolean
}

/** A page as the runner answers it. */
export function readPage({ entries, attempt, lastSeq, ended }: ListEntriesResponse): JournalPage {
  const text = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength).toString('utf8').slice(1, -1)
  return { texts: text === '' ? [] : text.split(',\n'), attempt, lastSeq, ended }
}

/** How many entries a page has at most. */
export const PAGE = 500
const MOST_HELD = 2_000
/** What is committed is on the bus at once. */
const EXPECT_MS = 100

/**
 * One session's view of one run: every entry once, in order, without gaps; or a resync. Live entries are passed on while they follow each other. Whatever does
 * not follow — a gap, a socket that does not keep up — is read from the journal.
 */
export class Watch implements Follower {
  readonly run: string
  readonly #options: WatchOptions
  #last: number
  #attempt = 0
  #state: 'catching up' | 'live' | 'lagging' | 'over' = 'catching up'
  /** What came while it was catching up. */
  #held: (EntryBatch | string)[] = []
  #missed = false
  /** Its first entries are on their way. */
  #expects = false
  #acked: number
  #unacked: { readonly seq: number; readonly bytes: number }[] = []
  #unackedBytes = 0
  /** The newest chunk of each node, while the socket is slow. */
  readonly #chunks = new Map<string, string>()
  #late: NodeJS.Timeout | undefined
  /** Where live events come from; undefined: it has not begun. */
  #feed: RunFeed | undefined

  constructor(after: number, options: WatchOptions) {
    this.run = options.run
    this.#options = options
    this.#last = after
    this.#acked = after
  }

  get over(): boolean {
    return this.#state === 'over'
  }

  /** Takes what comes from this feed. */
  follow(feed: RunFeed): void {
    this.#feed = feed
  }

  position(): { readonly attempt: number; readonly seq: number } | undefined {
    return this.#state === 'live' ? { attempt: this.#attempt, seq: this.#last } : undefined
  }

  keepsUp(): boolean {
    if (!this.#isFull()) return true
    this.#lag()
    return false
  }

  takesChunks(): boolean {
    return this.#options.socket.buffered() <= CHUNK_BUFFER_BYTES && this.#chunks.size === 0
  }

  setTopic(topic: string, isOn: boolean): void {
    this.#options.socket.setTopic(topic, isOn)
  }

  missed(): void {
    void this.catchUp()
  }

  published({ attempt, lastSeq, count, bytes, ended }: Published): void {
    this.#attempt = attempt
    this.#last = lastSeq
    this.#sent(count, bytes)
    if (ended) this.#end(true)
  }

  /** Begins with entries that are known to be the run's first ones. */
  beginWith(attempt: number, texts: readonly string[]): void {
    this.#attempt = attempt
    this.#send(texts.slice(this.#last))
    if (isEnd(texts.at(-1))) this.#end(true)
    else this.#goLive()
  }

  /** Begins with what the bus is about to bring: a run that was started just now, listened to before. What does not come is read from the journal. */
  expect(): void {
    const begun = this.#held.find(one => typeof one !== 'string' && one.first === 1)
    if (begun && typeof begun !== 'string') return this.beginWith(begun.attempt, begun.texts)
    this.#expects = true
    this.#late = setTimeout(() => {
      if (!this.#expects) return
      this.#expects = false
      void this.catchUp()
    }, EXPECT_MS)
  }

  /** Begins from the journal, or from a page of it that was read when live events arrived already. Call when they do. */
  async catchUp(known?: JournalPage): Promise<void> {
    this.#state = 'catching up'
    let bytes = 0
    let lastSeq = Infinity
    try {
      while (this.#state === 'catching up' && this.#last < lastSeq) {
        const page = known ?? (await this.#read())
        known = undefined
        if (this.#state !== 'catching up') return
        const { texts, ended } = page
        lastSeq = page.lastSeq
        this.#attempt = page.attempt
        bytes += texts.reduce((sum, text) => sum + text.length, 0)
        if (lastSeq - this.#last > CATCH_UP_ENTRIES || bytes > CATCH_UP_BYTES)
          return this.resync(`${lastSeq - this.#last} entries behind`)
        this.#send(texts)
        if (ended && this.#last >= lastSeq) return this.#end(true)
        if (this.#isFull()) return this.#lag()
      }
      this.#goLive()
    } catch (error) {
      if (this.over) return
      this.#options.onError(error)
      this.resync('the journal cannot be read at the moment')
    }
  }

  async #read(): Promise<JournalPage> {
    const { runner, user, run, gate } = this.#options
    return readPage(
      await gate(() =>
        runner.listEntries({ runId: run, after: this.#last, limit: PAGE }, { caller: { user, service: 'edge' } }),
      ),
    )
  }

  entries(batch: EntryBatch): void {
    switch (this.#state) {
      case 'live':
        return this.#take(batch)
      case 'catching up':
        if (this.#expects && batch.first === 1) {
          this.#expects = false
          clearTimeout(this.#late)
          return this.beginWith(batch.attempt, batch.texts)
        }
        if (this.#held.length < MOST_HELD) this.#held.push(batch)
        else this.#missed = true
        return
      default:
    }
  }

  #goLive(): void {
    if (this.#state === 'over') return
    const held = this.#held
    this.#held = []
    if (this.#missed) {
      this.#missed = false
      void this.catchUp()
      return
    }
    this.#state = 'live'
    for (const one of held) {
      if (typeof one === 'string') this.chunk(one)
      else this.entries(one)
    }
    this.#feed?.join(this)
  }

  #take({ attempt, first, texts }: EntryBatch): void {
    if (attempt < this.#attempt) return
    const next = this.#last + 1
    if (first > next) return void this.catchUp()
    const fresh = texts.slice(next - first)
    if (fresh.length === 0) return
    this.#attempt = attempt
    this.#send(fresh)
    if (isEnd(fresh.at(-1))) this.#end(true)
    else if (this.#isFull()) this.#lag()
  }

  /** All in one write. An entry over the frame's limit is announced, and read over REST. */
  #send(texts: readonly string[]): void {
    if (texts.length === 0) return
    const { socket, frameBytes, run } = this.#options
    const messages = texts.map(text => entryMessage(run, this.#attempt, ++this.#last, text, frameBytes))
    socket.cork(() => {
      for (const message of messages) socket.send(message)
    })
    this.#sent(
      texts.length,
      messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0),
    )
  }

  #sent(count: number, bytes: number): void {
    this.#unacked.push({ seq: this.#last, bytes })
    this.#unackedBytes += bytes
    this.#options.onDelivered(count)
    if (this.#unackedBytes <= UNACKED_BYTES && this.#last - this.#acked <= UNACKED_ENTRIES) return
    this.close()
    this.#options.socket.close(CLOSE.slow, 'too much is not acknowledged')
  }

  ack(seq: number): void {
    if (seq <= this.#acked || seq > this.#last) return
    this.#acked = seq
    let count = 0
    for (const one of this.#unacked) {
      if (one.seq > seq) break
      this.#unackedBytes -= one.bytes
      count++
    }
    this.#unacked.splice(0, count)
  }

  chunk(params: string): void {
    // A run's first words may come before its first entries are sent.
    if (this.#state === 'catching up' && this.#held.length < MOST_HELD) this.#held.push(params)
    if (this.#state !== 'live') return
    const { socket } = this.#options
    if (socket.buffered() <= CHUNK_BUFFER_BYTES && this.#chunks.size === 0)
      return void socket.send(notificationText('run.chunk', params))
    const node = /"node":("(?:[^"\\]|\\.)*")/.exec(params)?.[1] ?? ''
    this.#chunks.set(node, params)
  }

  head(params: string): void {
    if (this.#state === 'live') this.#options.socket.send(notificationText('run.head', params))
  }

  /** The socket has taken what was buffered, or some of it. */
  drained(): void {
    const { socket } = this.#options
    if (socket.buffered() > DRAINED_BYTES) return
    for (const [node, params] of this.#chunks) {
      this.#chunks.delete(node)
      if (this.#state === 'live') socket.send(notificationText('run.chunk', params))
    }
    this.#feed?.caughtUp(this)
    if (this.#state !== 'lagging') return
    clearTimeout(this.#late)
    void this.catchUp()
  }

  #isFull(): boolean {
    return this.#options.socket.buffered() > LAG_BUFFER_BYTES
  }

  #lag(): void {
    this.#state = 'lagging'
    this.#feed?.leave(this)
    this.#held = []
    this.#chunks.clear()
    this.#options.onLag()
    this.#late = setTimeout(() => this.#options.socket.close(CLOSE.slow, 'too slow'), LAG_MS)
  }

  /** Tells the client to take the run's state and to watch from there. */
  resync(reason: string): void {
    if (this.#state === 'over') return
    this.#options.socket.send(notificationText('run.resync', JSON.stringify({ run: this.run, reason })))
    this.#options.onResync()
    this.#end(false)
  }

  #end(hasEnded: boolean): void {
    this.close()
    this.#options.onEnd(hasEnded)
  }

  close(): void {
    this.#state = 'over'
    this.#held = []
    clearTimeout(this.#late)
  }
}
