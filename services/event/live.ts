import type { Heard, Published, SubscribeResponse } from '#gen/spellmesh/event/v1/event.ts'
import { subject } from '#mesh/bus.ts'
import type { Bus } from '#mesh/bus.ts'
import { unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Heeded } from './topics.ts'

/** Tells and hears custom events over the bus: `bus.v1.<user>.<topic>`. */
export interface Live {
  publish(owner: string, published: Published): void
  /** From the first answer on, until the signal aborts or the process ends. What was kept comes first where that is asked for, and after a gap; it is told once. */
  listen(owner: string, heeded: Heeded, signal: AbortSignal): AsyncGenerator<SubscribeResponse>
}

export interface LiveOptions {
  readonly bus: Bus
  readonly draining: AbortSignal
  readonly log: Log
  /** What was told and kept since then. */
  readonly keptSince: (owner: string, topics: readonly string[], after: Heard) => AsyncIterable<Published>
}

const PREFIX = 'bus.v1'
/** What waits for one listener; who is slower than that is told of a gap. */
const MOST_WAITING = 1_000
const MOST_WAITING_BYTES = 4 * 1024 * 1024
/** How far back is looked for what was kept, after a gap. */
const OVERLAP_MS = 10_000
const REMEMBERED = 10_000
const CUT_OFF = 'the bus was away: what was told meanwhile and not kept may be lost'
const TOO_SLOW = 'this listener is too slow: some of what was told and not kept is left out'

export function createLive({ bus, draining, log, keptSince }: LiveOptions): Live {
  const listeners = new Set<Listener>()
  bus.onGap(() => {
    for (const listener of listeners) listener.miss(CUT_OFF)
  })
  draining.addEventListener('abort', () => {
    for (const listener of listeners) listener.end()
  })
  return {
    publish: (owner, published) => bus.publish(subject(PREFIX, owner, published.topic), write(published)),
    async *listen(owner, { topics, after }, signal) {
      const listener = createListener(signal, draining)
      const patterns =
        topics.length === 0 ? [`${subject(PREFIX, owner)}.*`] : topics.map(one => subject(PREFIX, owner, one))
      listeners.add(listener)
      const subscriptions = patterns.map(pattern =>
        bus.subscribe(pattern, ({ subject: name, payload }) => {
          const published = read(name, payload)
          if (published) listener.take(published, payload.byteLength)
          else log.warn({ bytes: payload.byteLength }, 'a custom event cannot be read: it is left out')
        }),
      )
      try {
        await bus.settled()
        // Before whoever listens takes its time.
        const tell = teller(since => keptSince(owner, topics, since), after, draining)
        yield { part: { $case: 'ready', value: true } }
        if (after) yield* tell.kept(after)
        for await (const answer of listener.answers()) yield* tell.next(answer)
      } finally {
        listeners.delete(listener)
        for (const subscription of subscriptions) subscription.unsubscribe()
      }
    },
  }
}

const ended = () => unavailable('the event service is being replaced: subscribe again')

/** Tells each thing once, whether it was kept or told live, and after a gap what was kept. */
function teller(
  keptSince: (after: Heard) => AsyncIterable<Published>,
  heard: Heard | undefined,
  draining: AbortSignal,
) {
  const { at: from, id: before } = heard ?? { at: Date.now(), id: '' }
  let lastAt = from
  /** Told as kept, and not heard live so far. */
  const told = new Set<string>()
  /** Kept, and told at all. */
  const known = new Set([before])
  async function* kept(after: Heard): AsyncGenerator<SubscribeResponse> {
    for await (const published of keptSince(after)) {
      if (draining.aborted) throw ended()
      const { id, at } = published
      if (known.has(id)) continue
      for (const ids of [told, known]) remember(ids, id)
      lastAt = at
      yield { part: { $case: 'published', value: published } }
    }
  }
  async function* next(answer: SubscribeResponse): AsyncGenerator<SubscribeResponse> {
    const { part } = answer
    if (part?.$case === 'published') {
      const { id, at, kept: isKept } = part.value
      if (told.delete(id)) return
      if (isKept) remember(known, id)
      lastAt = at
    }
    yield answer
    // Events that are kept at the same time are not told in the order of their times, and clocks differ.
    if (part?.$case === 'gap') yield* kept({ at: Math.max(from, lastAt - OVERLAP_MS), id: '' })
  }
  return { kept, next }
}

/** The last ones only: older ones do not come again. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id)
  const [oldest = ''] = ids
  if (ids.size > REMEMBERED) ids.delete(oldest)
}

interface Listener {
  take(published: Published, bytes: number): void
  miss(why: string): void
  end(): void
  answers(): AsyncGenerator<SubscribeResponse>
}

/** What waits for one listener, in order. */
function createListener(signal: AbortSignal, draining: AbortSignal): Listener {
  let waiting: SubscribeResponse[] = []
  let bytes = 0
  let missed: string | undefined
  let wake = () => {}
  const put = (part: SubscribeResponse['part']) => {
    waiting.push({ part })
    wake()
  }
  return {
    take(published, size) {
      // Whatever comes before it is heard has no room either: the gap stands where it is.
      if (missed !== undefined) return
      if (waiting.length >= MOST_WAITING || bytes + size > MOST_WAITING_BYTES) {
        missed = TOO_SLOW
        return wake()
      }
      bytes += size
      put({ $case: 'published', value: published })
    },
    miss(why) {
      if (missed === undefined && waiting.at(-1)?.part?.$case !== 'gap') put({ $case: 'gap', value: why })
    },
    end: () => wake(),
    async *answers() {
      const onAbort = () => wake()
      signal.addEventListener('abort', onAbort)
      try {
        for (;;) {
          const taken = waiting
          waiting = []
          bytes = 0
          yield* taken
          if (signal.aborted) return
          if (missed !== undefined && waiting.length === 0) {
            const value = missed
            missed = undefined
            yield { part: { $case: 'gap', value } }
          }
          if (draining.aborted) throw ended()
          if (waiting.length === 0 && missed === undefined)
            await new Promise<void>(resolve => {
              wake = resolve
              if (signal.aborted || draining.aborted) resolve()
            })
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}

/** A line that says what it is, then its value as it came. */
function write({ id, value, sender, at, kept }: Published): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify([id, at, sender, kept])}\n`), value])
}

function read(name: string, payload: Uint8Array): Published | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = bytes.indexOf('\n')
  try {
    const told: unknown = JSON.parse(bytes.toString('utf8', 0, Math.max(0, end)))
    if (!Array.isArray(told)) return undefined
    const [id, at, sender, kept] = told as readonly unknown[]
    if (typeof id !== 'string' || typeof at !== 'number' || typeof sender !== 'string' || typeof kept !== 'boolean')
      return undefined
    const topic = name.slice(name.lastIndexOf('.') + 1)
    return { id, topic, sender, at, kept, value: Buffer.from(bytes.subarray(end + 1)) }
  } catch {
    return undefined
  }
}
