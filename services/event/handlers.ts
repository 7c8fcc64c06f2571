import type { Event, EventServiceDefinition, Retention as Asked } from '#gen/spellmesh/event/v1/event.ts'
import { chargeOf } from '#mesh/charge.ts'
import { exhausted, invalid, notFound, precondition } from '#mesh/errors.ts'
import type { Indexer } from '#mesh/indexing.ts'
import type { Call, Handlers } from '#mesh/service.ts'
import { lineOf, toEvent } from './event.ts'
import type { NewEvent } from './event.ts'
import type { Live } from './live.ts'
import {
  createRefusals,
  isEmptyFilter,
  readEvents,
  readFilter,
  readIds,
  readQuery,
  readSearch,
  readTranscript,
  toPage,
  userOf,
} from './request.ts'
import type { Bounds, Retention } from './retention/retention.ts'
import { search } from './search.ts'
import type { SearchOptions } from './search.ts'
import type { EventStore } from './store.ts'
import { countTokens } from './tokens.ts'
import { readPublish, readSubscribe } from './topics.ts'
import { readLast } from './transcript.ts'

export interface HandlerOptions extends Omit<SearchOptions, 'charge'> {
  readonly store: EventStore
  readonly indexer: Indexer
  readonly retention: Retention
  readonly limit: Bounds
  readonly live: Live
  readonly halfLifeMs: number
}

type EventHandlers = Handlers<typeof EventServiceDefinition>

/** What the service answers. */
export function createHandlers(options: HandlerOptions): EventHandlers {
  return { ...remembering(options), ...forgetting(options), ...telling(options) }
}

type Telling = 'publish' | 'subscribe'
type Forgetting = 'delete' | 'deleteMany' | 'getRetention' | 'setRetention'

function remembering(options: HandlerOptions): Omit<EventHandlers, Telling | Forgetting> {
  const { store, halfLifeMs } = options
  return {
    append: async ({ events }, call) => keep(userOf(call), readEvents(events), options),
    async query(request, call) {
      const { after, ...query } = readQuery(request)
      const { rows, more } = await store.page(userOf(call), { ...query, after })
      const last = rows.at(-1)
      return { events: rows.map(toEvent), nextPageToken: more && last ? toPage(last) : '' }
    },
    search: async (request, call) =>
      search(userOf(call), readSearch(request, halfLifeMs), call, {
        ...options,
        charge: chargeOf(request, call.caller),
      }),
    transcript: async (request, call) => readLast(userOf(call), readTranscript(request), store),
    async get({ eventId }, call) {
      const { rows } = await store.many(userOf(call), [eventId])
      const [row] = rows
      if (!row) throw notFound(`there is no event "${eventId}"`)
      return { event: toEvent(row) }
    },
    async getMany({ eventIds }, call) {
      const { rows, more } = await store.many(userOf(call), readIds(eventIds))
      if (more)
        throw exhausted(
          `${eventIds.length} events are too large for one answer: ask for ${rows.length} or fewer at a time`,
        )
      return { events: rows.map(toEvent) }
    },
  }
}

/** Keeps events; those that are there already are answered as they are. */
async function keep(
  owner: string,
  events: readonly NewEvent[],
  { store, indexer, retention }: Pick<HandlerOptions, 'store' | 'indexer' | 'retention'>,
): Promise<{ events: Event[]; duplicates: number }> {
  const tokens = await countTokens(events.map(lineOf))
  const counted = events.map((event, index) => ({ ...event, tokens: tokens[index] ?? 0 }))
  const added = await store.add(owner, counted)
  indexer.wake()
  retention.added(owner, added)
  const { rows } = await store.many(
    owner,
    events.map(({ id }) => id),
    APPENDED_BYTES,
  )
  const byId = new Map(rows.map(row => [row.id, toEvent(row)]))
  return { events: events.map(event => byId.get(event.id) ?? toAsked(event)), duplicates: events.length - added }
}

/** Those of a request fit; earlier ones of the same ids may not. */
const APPENDED_BYTES = 3_000_000

function toAsked(event: NewEvent): Event {
  const { data, entityIds, at } = event
  return {
    ...event,
    ...{ data: Buffer.from(data), entityIds: [...entityIds], at: at === 0 ? Date.now() : at },
    createdAt: Date.now(),
    indexed: false,
  }
}

const BATCH = 500

function forgetting({ store, indexer, retention, limit }: HandlerOptions): Pick<EventHandlers, Forgetting> {
  return {
    async delete({ eventId }, call) {
      if ((await store.remove(userOf(call), [eventId])) === 0) throw notFound(`there is no event "${eventId}"`)
      indexer.wake()
      return {}
    },
    async deleteMany(request, call) {
      const owner = userOf(call)
      const refusals = createRefusals()
      const filter = readFilter(request, refusals)
      refusals.end()
      if (isEmptyFilter(filter) && !request.all)
        throw precondition('nothing says which events are to go: expected a filter, or "all" to forget everything')
      let deleted = 0
      for (let count = BATCH; count === BATCH; deleted += count) {
        if (call.signal.aborted) throw call.signal.reason
        count = await store.removeSome(owner, filter, BATCH)
        indexer.wake()
      }
      return { deleted }
    },
    async getRetention(_, call) {
      const owner = userOf(call)
      return { retention: await retention.of(owner), limit, events: await store.count(owner) }
    },
    async setRetention({ retention: asked }, call) {
      const owner = userOf(call)
      await retention.set(owner, readBounds(asked, limit))
      return { retention: await retention.of(owner) }
    },
  }
}

/** Throws INVALID_ARGUMENT where it is more than the instance allows. 0 is as much as that is. */
function readBounds(asked: Asked | undefined, limit: Bounds): Bounds {
  if (!asked) throw invalid([{ path: 'retention', message: 'expected how long events are kept' }])
  const refusals = createRefusals()
  const { keepMs, most } = asked
  if (limit.keepMs > 0 && keepMs > limit.keepMs)
    refusals.refuse(
      'retention.keep_ms',
      `${keepMs} is more than this instance allows: expected at most ${limit.keepMs}`,
    )
  if (limit.most > 0 && most > limit.most)
    refusals.refuse('retention.most', `${most} is more than this instance allows: expected at most ${limit.most}`)
  refusals.end()
  return { keepMs, most }
}

const EMPTY = { agentId: '', client: '', content: '', entityIds: [], at: 0, createdAt: 0, indexed: false }

function telling(options: HandlerOptions): Pick<EventHandlers, Telling> {
  const { live } = options
  return {
    async publish(request, call) {
      const owner = userOf(call)
      const { keep: kept, id, topic, sender, value } = readPublish(request)
      const data = Buffer.from(value)
      let at = Date.now()
      if (kept) {
        const event = { ...EMPTY, id, type: 'event', channel: topic, sender, data }
        const { events } = await keep(owner, readEvents([event]), options)
        at = events[0]?.at ?? at
      }
      live.publish(owner, { id, kept, topic, sender, at, value: data })
      return { id }
    },
    async *subscribe(request, call: Call) {
      yield* live.listen(userOf(call), readSubscribe(request), call.signal)
    },
  }
}
