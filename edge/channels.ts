import { LRUCache } from 'lru-cache'
import type { Bus, BusMessage, Subscription } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { RunFeed } from './feed.ts'
import type { EntryBatch, Follower, PublishFrame } from './feed.ts'
import type { Deliver } from './measures.ts'

/** How feeds reach sockets. */
export interface FeedOptions {
  readonly publish: PublishFrame
  readonly frameBytes: number
  /** How many entries a run has in the database. */
  lastSeqOf(user: string, run: string): Promise<number>
  readonly deliver: Deliver
}

/** What a listener is told of a spell's runs. */
export interface SpellListener {
  /** A run has begun. */
  began(batch: EntryBatch): void
  /** The parameters of a `spell.changed`, as JSON. */
  changed(params: string): void
}

/** Live events of the runs of spells: one subscription per user and spell, however many sessions listen. */
export interface Channels {
  /** Events from when `settled` resolves on. */
  listen(user: string, spell: string, listener: SpellListener): Subscription
  /** Follows one run of a spell that somebody here listens to. The subscription ends that. */
  follow(user: string, spell: string, run: string, follower: Follower): { readonly feed: RunFeed } & Subscription
  settled(): Promise<void>
  /** Entries of a run that went by lately, from its first one on without a gap; undefined: they must be read from the journal. */
  recent(
    user: string,
    spell: string,
    run: string,
  ): { readonly attempt: number; readonly texts: readonly string[] } | undefined
  /** All chunks of a run that began to stream just now: its first words may come before whoever started it knows its name. None where some are gone. */
  firstChunks(user: string, spell: string, run: string): readonly string[]
  close(): void
}

interface Channel {
  readonly listeners: Set<SpellListener>
  readonly feeds: Map<string, RunFeed>
  readonly subscription: Subscription
}

const RECENT = { max: 500, ttl: 2_000 }
const RECENT_ENTRIES = 64
const WATCH_MS = 1_000
const RECENT_CHUNKS = 16
const decoder = new TextDecoder()

export function createChannels(bus: Bus, { publish, frameBytes, deliver, lastSeqOf }: FeedOptions): Channels {
  const channels = new Map<string, Channel>()
  const recent = createRecent(bus)
  const heads = createHeads(bus)
  // The bus may lose the last word of a run, and nothing more comes of it then.
  const watching = setInterval(() => {
    const now = Date.now()
    for (const { feeds } of channels.values()) for (const feed of feeds.values()) void feed.look(now)
  }, WATCH_MS)
  const channelOf = (user: string, spell: string): Channel => {
    const key = `${user}.${spell}`
    const channel = channels.get(key) ?? openChannel(bus, user, spell, recent, deliver)
    channels.set(key, channel)
    return channel
  }
  const release = (user: string, spell: string, channel: Channel) => {
    if (channel.listeners.size + channel.feeds.size > 0) return
    if (!channels.delete(`${user}.${spell}`)) return
    channel.subscription.unsubscribe()
  }
  return {
    listen(user, spell, listener) {
      const channel = channelOf(user, spell)
      channel.listeners.add(listener)
      return {
        unsubscribe() {
          if (channel.listeners.delete(listener)) release(user, spell, channel)
        },
      }
    },
    follow(user, spell, run, follower) {
      const channel = channelOf(user, spell)
      const feed =
        channel.feeds.get(run) ?? new RunFeed(run, { publish, frameBytes, lastSeq: () => lastSeqOf(user, run) })
      channel.feeds.set(run, feed)
      feed.add(follower)
      const told = heads.set(run, feed)
      return {
        feed,
        unsubscribe() {
          feed.remove(follower)
          if (!feed.isEmpty || channel.feeds.get(run) !== feed) return
          channel.feeds.delete(run)
          told.unsubscribe()
          release(user, spell, channel)
        },
      }
    },
    settled: () => bus.settled(),
    recent: (user, spell, run) => recent.of(channels.get(`${user}.${spell}`)?.listeners, run),
    firstChunks: (user, spell, run) => recent.chunksOf(channels.get(`${user}.${spell}`)?.listeners, run),
    close: () => clearInterval(watching),
  }
}

function openChannel(bus: Bus, user: string, spell: string, recent: Recent, deliver: Deliver): Channel {
  const listeners = new Set<SpellListener>()
  const feeds = new Map<string, RunFeed>()
  const tell: Readonly<Record<string, (text: string, run: string, message: BusMessage) => void>> = {
    ev(text, run, message) {
      const { publishedAt, ...batch } = readBatch(run, text)
      const feed = feeds.get(run)
      deliver(message, publishedAt, feed !== undefined, () => {
        recent.keep(listeners, batch)
        feed?.entries(batch)
        if (batch.first === 1) for (const listener of [...listeners]) listener.began(batch)
      })
    },
    tok(text, run) {
      recent.keepChunk(listeners, run, text)
      feeds.get(run)?.chunk(text)
    },
    chg(text) {
      for (const listener of [...listeners]) listener.changed(text)
    },
  }
  // One subscription for all kinds of events: there is one for each open spell.
  const subscription = bus.subscribe(`${subject('*.v1', user, spell)}.*`, message => {
    const { subject: name, payload } = message
    tell[name.slice(0, name.indexOf('.'))]?.(decoder.decode(payload), name.slice(name.lastIndexOf('.') + 1), message)
  })
  return { listeners, feeds, subscription }
}

type Recent = ReturnType<typeof createRecent>

/**
 * The runs that began lately, from their first entry on, as long as they are short. Each belongs to the channel that heard it (by its set of listeners): one that
 * was closed meanwhile has missed what came until it was opened again.
 */
function createRecent(bus: Bus) {
  const recent = new LRUCache<string, { owner: object; attempt: number; texts: string[] }>(RECENT)
  const chunks = new LRUCache<string, { owner: object; all: string[] }>(RECENT)
  const of = (owner: object | undefined, run: string) => {
    const known = recent.get(run)
    return known && known.owner === owner ? known : undefined
  }
  bus.onGap(() => {
    recent.clear()
    chunks.clear()
  })
  return {
    of,
    chunksOf(owner: object | undefined, run: string): readonly string[] {
      const known = chunks.get(run)
      return known && known.owner === owner ? known.all : []
    },
    keepChunk(owner: object, run: string, params: string): void {
      const known = chunks.get(run)
      if (known?.owner === owner && known.all.length < RECENT_CHUNKS) known.all.push(params)
      else if (known) chunks.delete(run)
      else if (params.includes('"offset":0,')) chunks.set(run, { owner, all: [params] })
    },
    keep(owner: object, { run, attempt, first, texts }: EntryBatch): void {
      const known = of(owner, run)
      if (first === 1 && texts.length <= RECENT_ENTRIES) recent.set(run, { owner, attempt, texts: [...texts] })
      else if (
        !known ||
        known.attempt !== attempt ||
        first !== known.texts.length + 1 ||
        first + texts.length > RECENT_ENTRIES
      )
        recent.delete(run)
      else known.texts.push(...texts)
    },
  }
}

/** Signs of life, by run. */
function createHeads(bus: Bus) {
  const feeds = new Map<string, RunFeed>()
  bus.subscribe('head.v1.*', ({ subject: name, payload }) =>
    feeds.get(name.slice('head.v1.'.length))?.head(decoder.decode(payload)),
  )
  return {
    set(run: string, feed: RunFeed): Subscription {
      feeds.set(run, feed)
      return {
        unsubscribe() {
          if (feeds.get(run) === feed) feeds.delete(run)
        },
      }
    },
  }
}

/** The payload of `ev.v1.…`: a line with attempt, number of the first entry, count and when it was published, then a line for each entry. */
function readBatch(run: string, text: string): EntryBatch & { readonly publishedAt: number } {
  const lines = text.split('\n')
  const [attempt = 0, first = 0, , publishedAt = 0] = (lines[0] ?? '').split(' ').map(Number)
  return { run, attempt, first, texts: lines.slice(1), publishedAt }
}
