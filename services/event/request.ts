import type { Event, QueryRequest, SearchRequest, TranscriptRequest } from '#gen/spellmesh/event/v1/event.ts'
import { isToken } from '#mesh/bus.ts'
import { invalid, unauthenticated } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { Call } from '#mesh/service.ts'
import { bytesOf } from './event.ts'
import type { NewEvent } from './event.ts'

/** Everything here belongs to a user. */
export function userOf({ caller }: Call): string {
  if (caller.user === '') throw unauthenticated('this needs a user')
  return caller.user
}

const MOST_EVENTS = 256
const MOST_IDS = 200
const MOST_ENTITIES = 32
const NAME_CHARACTERS = 256
const CONTENT_CHARACTERS = 100_000
const DATA_BYTES = 64 * 1024
/** Their answer must fit into a message. */
const ALL_BYTES = 3_000_000
/** The last moment that a date can tell. */
export const LAST_MS = 8_640_000_000_000_000

/** Gathers what is wrong with a request. */
interface Refusals {
  refuse(path: string, message: string): void
  /** Throws INVALID_ARGUMENT with everything, if anything. */
  end(): void
}

export function createRefusals(): Refusals {
  const problems: Problem[] = []
  return {
    refuse: (path, message) => void problems.push({ path, message }),
    end() {
      if (problems.length > 0) throw invalid(problems)
    },
  }
}

/** Checks events that are to be kept, and completes them. Throws INVALID_ARGUMENT with every bad field of every event. */
export function readEvents(events: readonly Event[]): readonly NewEvent[] {
  const refusals = createRefusals()
  const { refuse } = refusals
  if (events.length === 0) refuse('events', 'expected at least one')
  if (events.length > MOST_EVENTS) refuse('events', `${events.length} events: expected at most ${MOST_EVENTS}`)
  const read = events.slice(0, MOST_EVENTS).map((event, index) => readEvent(event, `events[${index}]`, refusals))
  const bytes = read.reduce((sum, event) => sum + bytesOf(event), 0)
  if (bytes > ALL_BYTES) refuse('events', `have ${bytes} bytes in all: expected at most ${ALL_BYTES} in one request`)
  refusals.end()
  return read
}

function readEvent(event: Event, path: string, refusals: Refusals): NewEvent {
  const { refuse } = refusals
  const { id, agentId, client, channel, sender, type, content, entityIds, at } = event
  const placeOf = (field: string) => `${path}.${field}`
  if (id !== '' && !isToken(id))
    refuse(placeOf('id'), `expected 1 to 64 of A-Z, a-z, 0-9, "_" and "-", got ${shown(id)}`)
  for (const [field, value] of Object.entries({ agent_id: agentId, client, channel, sender, type }))
    checkText(placeOf(field), value, NAME_CHARACTERS, refusals)
  checkText(placeOf('content'), content, CONTENT_CHARACTERS, refusals)
  if (entityIds.length > MOST_ENTITIES)
    refuse(placeOf('entity_ids'), `${entityIds.length} entities: expected at most ${MOST_ENTITIES}`)
  for (const [index, entity] of entityIds.slice(0, MOST_ENTITIES).entries()) {
    checkText(placeOf(`entity_ids[${index}]`), entity, NAME_CHARACTERS, refusals)
    if (entity === '') refuse(placeOf(`entity_ids[${index}]`), 'expected an id, got an empty text')
  }
  checkTime(placeOf('at'), at, refusals)
  return {
    id: id === '' ? newId('evt') : id,
    ...{ agentId, client, channel, sender, content, at },
    type: type === '' ? 'message' : type,
    data: readData(event.data, placeOf('data'), DATA_BYTES, refusals),
    entityIds: [...new Set(entityIds)],
  }
}

/** The JSON text of some bytes; empty where there are none, or they are none. */
export function readData(bytes: Uint8Array, path: string, most: number, { refuse }: Refusals): string {
  if (bytes.length === 0) return ''
  if (bytes.length > most) {
    refuse(path, `has ${bytes.length} bytes: expected at most ${most}`)
    return ''
  }
  try {
    const text = strictly.decode(bytes)
    JSON.parse(text)
    return text
  } catch (error) {
    refuse(path, `is not JSON: ${error instanceof Error ? error.message : String(error)}`)
    return ''
  }
}

const strictly = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What can be kept: texts without NUL, of whole characters. */
export function checkText(path: string, text: string, most: number, { refuse }: Refusals): void {
  if (text.length > most) refuse(path, `is ${text.length} characters long: expected at most ${most}`)
  else if (text.includes('\0')) refuse(path, 'holds a NUL character: expected a text without one')
  else if (!text.isWellFormed()) refuse(path, 'is not well-formed Unicode: half of a surrogate pair is missing')
}

export function checkTime(path: string, ms: number, { refuse }: Refusals): void {
  if (ms > LAST_MS) refuse(path, `${ms} is after the last date there is: expected milliseconds since 1970`)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

/** Which events; empty texts and zeros say nothing. */
export interface Filter {
  readonly agentId: string
  readonly client: string
  readonly channel: string
  readonly sender: string
  readonly type: string
  readonly entityId: string
  readonly from: number
  /** Not included. */
  readonly to: number
}

/** The filter of a request, checked. */
export function readFilter(request: Filter, refusals: Refusals): Filter {
  const { agentId, client, channel, sender, type, entityId, from, to } = request
  const texts = { agent_id: agentId, client, channel, sender, type, entity_id: entityId }
  for (const [field, value] of Object.entries(texts)) checkText(field, value, NAME_CHARACTERS, refusals)
  checkTime('from', from, refusals)
  checkTime('to', to, refusals)
  if (to > 0 && from >= to) refusals.refuse('to', `${to} is not after "from", ${from}: nothing can be between them`)
  return { agentId, client, channel, sender, type, entityId, from, to }
}

export function isEmptyFilter({ agentId, client, channel, sender, type, entityId, from, to }: Filter): boolean {
  return [agentId, client, channel, sender, type, entityId].every(text => text === '') && from === 0 && to === 0
}

function readNumber(path: string, given: number, usual: number, most: number, { refuse }: Refusals): number {
  if (given > most) refuse(path, `${given} is too many: expected 1 to ${most}, or 0 for ${usual}`)
  return given === 0 ? usual : given
}

/** A place in the order of events: after this one. */
export interface Place {
  readonly at: number
  readonly seq: number
}

export interface Query {
  readonly filter: Filter
  readonly oldestFirst: boolean
  readonly limit: number
  readonly after: Place | undefined
}

export function readQuery(request: QueryRequest): Query {
  const refusals = createRefusals()
  const filter = readFilter(request, refusals)
  const limit = readNumber('limit', request.limit, 50, 500, refusals)
  const after = readPage(request.pageToken, refusals)
  refusals.end()
  return { filter, oldestFirst: request.oldestFirst, limit, after }
}

function readPage(token: string, { refuse }: Refusals): Place | undefined {
  if (token === '') return undefined
  const [at = NaN, seq = NaN] = (/^(\d{1,16})\.(\d{1,16})$/.exec(token) ?? []).slice(1).map(Number)
  if (Number.isSafeInteger(at) && Number.isSafeInteger(seq)) return { at, seq }
  refuse('page_token', `expected the next_page_token of the page before, got ${shown(token)}`)
  return undefined
}

export function toPage({ at, seq }: Place): string {
  return `${at}.${seq}`
}

export interface Search {
  readonly text: string
  readonly filter: Filter
  readonly limit: number
  readonly halfLifeMs: number
  readonly recency: number
}

const QUERY_CHARACTERS = 8_000
const USUAL_RECENCY = 0.25

export function readSearch(request: SearchRequest, usualHalfLifeMs: number): Search {
  const refusals = createRefusals()
  const { text, halfLifeMs, recency = USUAL_RECENCY } = request
  if (text.trim() === '') refusals.refuse('text', 'must not be empty: expected 1 to 8000 characters')
  checkText('text', text, QUERY_CHARACTERS, refusals)
  const filter = readFilter(request, refusals)
  const limit = readNumber('limit', request.limit, 10, 100, refusals)
  if (!(recency >= 0 && recency <= 1)) refusals.refuse('recency', `${recency} is not from 0 to 1`)
  refusals.end()
  return { text, filter, limit, recency, halfLifeMs: halfLifeMs === 0 ? usualHalfLifeMs : halfLifeMs }
}

export interface Transcript {
  readonly filter: Filter
  readonly tokens: number
  readonly limit: number
}

export function readTranscript(request: TranscriptRequest): Transcript {
  const refusals = createRefusals()
  const { agentId, client, channel, before } = request
  const type = request.type === '' ? 'message' : request.type
  for (const [field, value] of Object.entries({ agent_id: agentId, client, channel, type }))
    checkText(field, value, NAME_CHARACTERS, refusals)
  checkTime('before', before, refusals)
  const tokens = readNumber('tokens', request.tokens, 2_000, 1_000_000, refusals)
  const limit = readNumber('limit', request.limit, 200, 1_000, refusals)
  refusals.end()
  const filter = { agentId, client, channel, type, sender: '', entityId: '', from: 0, to: before }
  return { filter, tokens, limit }
}

export function readIds(ids: readonly string[]): readonly string[] {
  if (ids.length > MOST_IDS)
    throw invalid([{ path: 'event_ids', message: `${ids.length} ids: expected at most ${MOST_IDS}` }])
  return ids
}
