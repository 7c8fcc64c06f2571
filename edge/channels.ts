import { LRUCache } from 'lru-cache'
import type { Bus, Subscription } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'

/** Consecutive committed entries of one run, as the runner published them: texts that the edge does not read. */
export interface EntryBatch {
  readonly run: string
  readonly attempt: number
  /** The number of the first one. */
  readonly first: number
  readonly texts: readonly string[]
}

/** What a listener is told of a spell's runs. */
export interface SpellListener {
  entries(batch: EntryBatch): void
  /** The parameters of a `run.chunk`, as JSON. */
  chunk(run: string, params: string): void
  /** The parameters of a `spell.changed`, as JSON. */
  changed(params: string): void
}

/** Live events of the runs of spells: one subscription per user and spell, however many sessions listen. */
export interface Channels {
  /** Events from when `settled` resolves on. */
  listen(user: string, spell: string, listener: SpellListener): Subscription
  /** Signs of life of one run: the parameters of `run.head`, as JSON. */
  heads(run: string, tell: (params: string) => void): Subscription
  settled(): Promise<void>
  /** Entries of a run that went by lately, from its first one on without a gap; undefined: they must be read from the journal. */
  recent(run: string): { readonly attempt: number; readonly texts: readonly string[] } | undefined
  /** All chunks of a run that began to stream just now: its first words may come before whoever started it knows its name. None where some are gone. */
  firstChunks(run: string): readonly string[]
}

interface Channel {
  readonly listeners: Set<SpellListener>
  readonly subscriptions: readonly Subscription[]
}

const RECENT_RUNS = 500
const RECENT_ENTRIES = 64
const RECENT_MS = 2_000
const RECENT_CHUNKS = 16
const decoder = new TextDecoder()

export function createChannels(bus: Bus): Channels {
  const channels = new Map<string, Channel>()
  const recent = createRecent(bus)
  return {
    listen(user, spell, listener) {
      const key = `${user}.${spell}`
      const channel = channels.get(key) ?? openChannel(bus, user, spell, recent)
      channels.set(key, channel)
      channel.listeners.add(listener)
      return {
        unsubscribe() {
          if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return
          channels.delete(key)
          for (const one of channel.subscriptions) one.unsubscribe()
        },
      }
    },
    heads: createHeads(bus),
    settled: () => bus.settled(),
    recent: recent.of,
    firstChunks: recent.chunksOf,
  }
}

function openChannel(bus: Bus, user: string, spell: string, recent: Recent): Channel {
  const listeners = new Set<SpellListener>()
  const on = (pattern: string, tell: (text: string, run: string) => void) =>
    bus.subscribe(pattern, ({ subject: name, payload }) =>
      tell(decoder.decode(payload), name.slice(name.lastIndexOf('.') + 1)),
    )
  const subscriptions = [
    on(`${subject('ev.v1', user, spell)}.*`, (text, run) => {
      const batch = readBatch(run, text)
      recent.keep(batch)
      for (const listener of [...listeners]) listener.entries(batch)
    }),
    on(`${subject('tok.v1', user, spell)}.*`, (text, run) => {
      recent.keepChunk(run, text)
      for (const listener of [...listeners]) listener.chunk(run, text)
    }),
    on(subject('chg.v1', user, spell), text => {
      for (const listener of [...listeners]) listener.changed(text)
    }),
  ]
  return { listeners, subscriptions }
}

type Recent = ReturnType<typeof createRecent>

/** The runs that began lately, from their first entry on, as long as they are short. */
function createRecent(bus: Bus) {
  const recent = new LRUCache<string, { attempt: number; texts: string[] }>({ max: RECENT_RUNS, ttl: RECENT_MS })
  const chunks = new LRUCache<string, string[]>({ max: RECENT_RUNS, ttl: RECENT_MS })
  bus.onGap(() => {
    recent.clear()
    chunks.clear()
  })
  return {
    chunksOf: (run: string): readonly string[] => chunks.get(run) ?? [],
    keepChunk(run: string, params: string): void {
      const known = chunks.get(run)
      if (known && known.length < RECENT_CHUNKS) known.push(params)
      else if (known) chunks.delete(run)
      else if (params.includes('"offset":0,')) chunks.set(run, [params])
    },
    of: (run: string) => recent.get(run),
    keep({ run, attempt, first, texts }: EntryBatch): void {
      const known = recent.get(run)
      if (first === 1 && texts.length <= RECENT_ENTRIES) recent.set(run, { attempt, texts: [...texts] })
      else if (!known) return
      else if (known.attempt !== attempt || first !== known.texts.length + 1 || first + texts.length > RECENT_ENTRIES)
        recent.delete(run)
      else known.texts.push(...texts)
    },
  }
}

function createHeads(bus: Bus): Channels['heads'] {
  const heads = new Map<string, Set<(params: string) => void>>()
  bus.subscribe('head.v1.*', ({ subject: name, payload }) => {
    const told = heads.get(name.slice('head.v1.'.length))
    if (!told) return
    const params = decoder.decode(payload)
    for (const tell of [...told]) tell(params)
  })
  return (run, tell) => {
    const told = heads.get(run) ?? new Set()
    heads.set(run, told.add(tell))
    return {
      unsubscribe() {
        told.delete(tell)
        if (told.size === 0) heads.delete(run)
      },
    }
  }
}

/** The payload of `ev.v1.…`: a line with attempt, number of the first entry and count, then a line for each entry. */
function readBatch(run: string, text: string): EntryBatch {
  const lines = text.split('\n')
  const [attempt = 0, first = 0] = (lines[0] ?? '').split(' ').map(Number)
  return { run, attempt, first, texts: lines.slice(1) }
}

/** Whether this entry is the last of its run. */
export function isEnd(text: string | undefined): boolean {
  return text !== undefined && /^\{"seq":\d+,"at":\d+,"kind":"run\.(?:completed|failed|cancelled)"/.test(text)
}
