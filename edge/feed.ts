import { notificationText } from './rpc.ts'

/** Consecutive committed entries of one run, as the runner published them: texts that the edge does not read. */
export interface EntryBatch {
  readonly run: string
  readonly attempt: number
  /** The number of the first one. */
  readonly first: number
  readonly texts: readonly string[]
}

/** Sends a frame to all sockets on a topic. */
export type PublishFrame = (topic: string, text: string) => void

/** One session's view of the run, as the feed sees it. */
export interface Follower {
  /** What comes while it is not on the topic. */
  entries(batch: EntryBatch): void
  chunk(params: string): void
  head(params: string): void
  /** Where it stands, if it could go on with what the feed publishes next; undefined: it is not so far. */
  position(): { readonly attempt: number; readonly seq: number } | undefined
  /** Whether it is to stay on the topic: its socket keeps up. Asked before each frame. */
  keepsUp(): boolean
  /** Whether its socket may be sent every chunk. */
  takesChunks(): boolean
  setTopic(topic: string, isOn: boolean): void
  /** What was published to the topic while it was on it. */
  published(batch: Published): void
  /** It must read the journal: the feed has missed something. */
  missed(): void
}

export interface Published {
  readonly attempt: number
  readonly lastSeq: number
  readonly count: number
  readonly bytes: number
  /** The last one ended the run. */
  readonly ended: boolean
}

/** How a feed works. */
export interface FeedOptions {
  readonly publish: PublishFrame
  readonly frameBytes: number
  /** How many entries the run has in the database. */
  lastSeq(): Promise<number>
}

/** A run at work gives a sign of life each second. */
const FIRST_PATIENCE_MS = 3_000
/** One that waits, or is paused, gives none. */
const MOST_PATIENCE_MS = 60_000
const SPREAD_MS = 1_000

/**
 * One run's live events, for all sessions of this edge that watch it. Those that are up to date are on one topic of the socket server: an entry costs one publish,
 * however many they are. Whoever is not up to date, or does not keep up, is told by itself.
 */
export class RunFeed {
  readonly #run: string
  readonly #options: FeedOptions
  readonly #apart = new Set<Follower>()
  readonly #together = new Set<Follower>()
  readonly #chunked = new Set<Follower>()
  #attempt = 0
  #last = -1
  // Those that begin together do not all look together.
  #heardAt = Date.now() + Math.random() * SPREAD_MS
  #patienceMs = FIRST_PATIENCE_MS

  constructor(run: string, options: FeedOptions) {
    this.#run = run
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#apart.size + this.#together.size === 0
  }

  add(follower: Follower): void {
    this.#apart.add(follower)
  }

  remove(follower: Follower): void {
    this.leave(follower)
    this.#apart.delete(follower)
  }

  /** Puts it on the topic, if it is up to date. */
  join(follower: Follower): void {
    const position = follower.position()
    if (!position || !this.#apart.has(follower)) return
    if (this.#together.size === 0 && position.seq > this.#last) {
      // Nobody else says where the topic stands.
      this.#last = position.seq
      this.#attempt = position.attempt
    }
    if (position.seq !== this.#last || position.attempt !== this.#attempt) return
    this.#apart.delete(follower)
    this.#together.add(follower)
    follower.setTopic(this.#entryTopic, true)
    this.#takeChunks(follower)
  }

  /** Takes it off the topic. */
  leave(follower: Follower): void {
    if (this.#chunked.delete(follower)) follower.setTopic(this.#chunkTopic, false)
    if (!this.#together.delete(follower)) return
    follower.setTopic(this.#entryTopic, false)
    this.#apart.add(follower)
  }

  /** The socket is fast enough again for all chunks. */
  caughtUp(follower: Follower): void {
    if (this.#together.has(follower)) this.#takeChunks(follower)
  }

  /** Looks into the database where nothing was heard for a while: the bus may have lost the last of it. */
  async look(now: number): Promise<void> {
    if (this.isEmpty || now - this.#heardAt < this.#patienceMs) return
    this.#heardAt = now + Math.random() * SPREAD_MS
    this.#patienceMs = Math.min(MOST_PATIENCE_MS, 2 * this.#patienceMs)
    const lastSeq = await this.#options.lastSeq().catch(() => 0)
    for (const follower of [...this.#together, ...this.#apart]) {
      const position = follower.position()
      if (!position || position.seq >= lastSeq) continue
      this.leave(follower)
      follower.missed()
    }
  }

  #heard(): void {
    this.#heardAt = Date.now()
    this.#patienceMs = FIRST_PATIENCE_MS
  }

  entries(batch: EntryBatch): void {
    this.#heard()
    const apart = [...this.#apart]
    if (this.#together.size > 0) this.#tellAll(batch)
    else this.#note(batch)
    for (const follower of apart) {
      follower.entries(batch)
      this.join(follower)
    }
  }

  chunk(params: string): void {
    // More comes after it: at least the end of what streams.
    this.#heard()
    const slow: Follower[] = []
    for (const follower of this.#chunked) if (!follower.takesChunks()) slow.push(follower)
    for (const follower of slow) {
      this.#chunked.delete(follower)
      follower.setTopic(this.#chunkTopic, false)
    }
    if (this.#chunked.size > 0) this.#options.publish(this.#chunkTopic, notificationText('run.chunk', params))
    for (const follower of [...this.#together, ...this.#apart]) if (!this.#chunked.has(follower)) follower.chunk(params)
  }

  head(params: string): void {
    this.#heard()
    if (this.#together.size > 0) this.#options.publish(this.#entryTopic, notificationText('run.head', params))
    for (const follower of [...this.#apart]) follower.head(params)
  }

  get #entryTopic(): string {
    return `e/${this.#run}`
  }
  get #chunkTopic(): string {
    return `c/${this.#run}`
  }

  #takeChunks(follower: Follower): void {
    if (!follower.takesChunks() || this.#chunked.has(follower)) return
    this.#chunked.add(follower)
    follower.setTopic(this.#chunkTopic, true)
  }

  #note({ attempt, first, texts }: EntryBatch): void {
    const last = first + texts.length - 1
    if (attempt < this.#attempt || last <= this.#last) return
    this.#attempt = attempt
    this.#last = last
  }

  #tellAll(batch: EntryBatch): void {
    const { attempt, first, texts } = batch
    if (attempt < this.#attempt) return
    const next = this.#last + 1
    const members = [...this.#together]
    if (first > next) {
      this.#note(batch)
      for (const member of members) {
        this.leave(member)
        member.missed()
      }
      return
    }
    const fresh = texts.slice(next - first)
    if (fresh.length === 0) return
    for (const member of members) if (!member.keepsUp()) this.leave(member)
    const messages = fresh.map((text, index) =>
      entryMessage(this.#run, attempt, next + index, text, this.#options.frameBytes),
    )
    // The server puts frames that are published in one turn into one write.
    for (const message of messages) this.#options.publish(this.#entryTopic, message)
    this.#note(batch)
    const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0)
    const published = { attempt, lastSeq: this.#last, count: fresh.length, bytes, ended: isEnd(fresh.at(-1)) }
    for (const member of [...this.#together]) member.published(published)
  }
}

/** Whether this entry is the last of its run. */
export function isEnd(text: string | undefined): boolean {
  return text !== undefined && /^\{"seq":\d+,"at":\d+,"kind":"run\.(?:completed|failed|cancelled)"/.test(text)
}

/** One entry as a message; one that does not fit a frame is announced, and read over REST. */
export function entryMessage(run: string, attempt: number, seq: number, text: string, frameBytes: number): string {
  const position = `"run":"${run}","attempt":${attempt},"seq":${seq}`
  const message = notificationText('run.entry', `{${position},"entry":${text}}`)
  // Only what could be too large is counted exactly: a character takes three bytes at most.
  if (message.length * 3 <= frameBytes || Buffer.byteLength(message) <= frameBytes) return message
  return notificationText('run.entry', `{${position}}`)
}
