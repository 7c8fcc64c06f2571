import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import { markForIndexing } from '#mesh/index-queue.ts'
import { bytesOf } from './event.ts'
import type { EventRow, NewEvent } from './event.ts'
import type { Filter, Place } from './request.ts'

/** An event with the tokens of its line. */
export type CountedEvent = NewEvent & { readonly tokens: number }

export interface Page {
  readonly rows: readonly EventRow[]
  /** There are more after them. */
  readonly more: boolean
}

export interface PageOptions {
  readonly filter: Filter
  readonly oldestFirst: boolean
  readonly limit: number
  readonly after?: Place | undefined
}

/** One that may be what a search looks for. */
export interface Candidate {
  readonly id: string
  readonly seq: number
  readonly at: number
  /** Which of the words asked for it has. */
  readonly matched: readonly string[]
}

/** Events of each owner in the database. Nothing of another owner is ever told or changed. */
export interface EventStore {
  /** Keeps all of them, or none; those whose id is there already stay as they are. Answers how many are new. */
  add(owner: string, events: readonly CountedEvent[]): Promise<number>
  /** As many as fit a page and an answer, at least one if there is one. */
  page(owner: string, options: PageOptions): Promise<Page>
  /** What the newest ones take, newest first. */
  newest(owner: string, filter: Filter, limit: number): Promise<readonly Measured[]>
  /** In the order of the ids; those that are gone are left out. As many as fit so many bytes. */
  many(owner: string, ids: readonly string[], mostBytes?: number): Promise<Page>
  /** Removes events, and marks them for the vector store; answers how many were there. */
  remove(owner: string, ids: readonly string[]): Promise<number>
  /** Removes at most so many that fit the filter; answers how many. */
  removeSome(owner: string, filter: Filter, limit: number): Promise<number>
  count(owner: string): Promise<number>
  /** Whether any of these is in the vector store. */
  hasIndexed(owner: string): Promise<boolean>
  /** The words of a text, in the forms that are looked for. */
  wordsOf(text: string): Promise<readonly string[]>
  /** Those with the most of these words. */
  withWords(owner: string, words: readonly string[], options: WordsOptions): Promise<readonly string[]>
  /** The same of the last ones that the vector store does not have yet; `all`: there are no more than were looked at. */
  waiting(owner: string, words: readonly string[], options: WordsOptions): Promise<Waiting>
  /** What is known of these for their rank, those that fit the filter. */
  candidates(
    owner: string,
    ids: readonly string[],
    words: readonly string[],
    filter: Filter,
  ): Promise<readonly Candidate[]>
}

export interface Measured {
  readonly id: string
  readonly tokens: number
  readonly bytes: number
}

export interface WordsOptions {
  readonly filter: Filter
  readonly limit: number
}

export interface Waiting {
  readonly ids: readonly string[]
  readonly all: boolean
}

const TABLE = 'event.indexing'
/** So many of those that wait are looked at. */
const MOST_WAITING = 2_000
/** Most that an answer holds beside its last event; a message has at most 4 MB. */
export const ANSWER_BYTES = 2_000_000

const COLUMNS = sql.raw(`e.id, e.seq, e.agent_id, e.client, e.channel, e.sender, e.type, e.content, e.data,
  to_json(e.entities) as entities, e.at, (extract(epoch from e.created_at) * 1000)::bigint as created_at, e.tokens,
  coalesce((select i.collection is not null and i.due_at is null from event.indexing i
    where i.owner = e.owner and i.id = e.id), false) as indexed`)

export function createEventStore(database: Kysely<unknown>): EventStore {
  return { ...writing(database), ...reading(database), ...finding(database) }
}

type Writes = 'add' | 'remove' | 'removeSome'
type Finds = 'hasIndexed' | 'wordsOf' | 'withWords' | 'waiting' | 'candidates'

function writing(database: Kysely<unknown>): Pick<EventStore, Writes> {
  // Events never change: a row stands where it was found until somebody removes it.
  const removeAt = (owner: string, places: RawBuilder<unknown>) =>
    database.transaction().execute(async inside => {
      const { rows } = await sql<{ id: string; found: boolean }>`
        with gone as (
          delete from event.events where owner = ${owner} and ctid = any(array(${places}))
          returning id, entities, at, seq, content
        ), forgotten as (
          delete from event.mentions where owner = ${owner} and ctid = any(array(
            select m.place from gone cross join lateral unnest(gone.entities) as g (entity) cross join lateral (
              select ctid as place from event.mentions
              where owner = ${owner} and entity = g.entity and at = gone.at and seq = gone.seq offset 0
            ) m))
        )
        select id, content <> '' as found from gone`.execute(inside)
      await markForIndexing(inside, TABLE, owner, foundOf(rows))
      return rows.length
    })
  return {
    // In the order of their ids, so that nobody waits for each other in a circle.
    add: (owner, events) =>
      database.transaction().execute(async inside => {
        const rowsGiven = JSON.stringify(events.map((event, n) => ({ ...event, n, bytes: bytesOf(event) })))
        const { rows } = await sql<{ id: string; found: boolean }>`
          with given as (
            select * from json_to_recordset(${rowsGiven}::json) as g (
              n integer, id text, "agentId" text, client text, channel text, sender text, type text, content text,
              data text, "entityIds" json, at bigint, tokens integer, bytes integer)
          ), numbered as materialized (
            select *, nextval('event.places') as seq from (select * from given order by n offset 0) g
          ), added as (
            insert into event.events
              (owner, id, seq, agent_id, client, channel, sender, type, content, data, entities, at, tokens, bytes, words)
            select ${owner}, id, seq, "agentId", client, channel, sender, type, content, data,
              array(select json_array_elements_text("entityIds")),
              case at when 0 then (extract(epoch from now()) * 1000)::bigint else at end, tokens, bytes,
              to_tsvector('english', content) || array_to_tsvector(array[${ownerWord(owner)}::text])
            from numbered order by id, n
            on conflict (owner, id) do nothing
            returning id, at, seq, entities, content
          ), mentioned as (
            insert into event.mentions (owner, entity, at, seq, id)
            select ${owner}, unnest(entities), at, seq, id from added
          )
          select id, content <> '' as found from added order by seq`.execute(inside)
        await markForIndexing(inside, TABLE, owner, foundOf(rows))
        return rows.length
      }),
    remove: (owner, ids) => removeAt(owner, sql`select e.ctid from ${given(owner, ids)}`),
    removeSome: (owner, filter, limit) =>
      removeAt(owner, sql`select e.ctid from ${matching(owner, filter)} order by e.at, e.seq limit ${limit}::integer`),
  }
}

/** `json… g, events e`: those of an owner with these ids, numbered by `g.n`. Each is looked up by itself, whatever the planner believes of the tables. */
function given(owner: string, ids: readonly string[]): RawBuilder<unknown> {
  return sql`json_array_elements_text(${JSON.stringify(ids)}::json) with ordinality as g (id, n)
    cross join lateral (select ctid, * from event.events where owner = ${owner} and id = g.id offset 0) e`
}

function reading(database: Kysely<unknown>): Omit<EventStore, Writes | Finds> {
  return {
    async page(owner, { filter, oldestFirst, limit, after }) {
      const order = oldestFirst ? sql`e.at, e.seq` : sql`e.at desc, e.seq desc`
      const beyond = after
        ? sql`and (${placeIn(filter)}.at, ${placeIn(filter)}.seq) ${sql.raw(oldestFirst ? '>' : '<')} (${after.at}::bigint, ${after.seq}::bigint)`
        : sql``
      const { rows } = await sql<EventRow & { found: number }>`
        select ${COLUMNS}, e.found from (
          select e.*, row_number() over (order by ${order}) as place, (count(*) over ())::integer as found,
            sum(e.bytes) over (order by ${order}) - e.bytes as before
          from (select e.* from ${matching(owner, filter)} ${beyond} order by ${order} limit ${limit + 1}::integer) e
        ) e where e.place <= ${limit}::integer and e.before < ${ANSWER_BYTES}::integer order by e.place`.execute(
        database,
      )
      return { rows, more: (rows[0]?.found ?? 0) > rows.length }
    },
    async newest(owner, filter, limit) {
      const { rows } = await sql<Measured>`
        select e.id, e.tokens, e.bytes from ${matching(owner, filter)}
        order by e.at desc, e.seq desc limit ${limit}::integer`.execute(database)
      return rows
    },
    async many(owner, ids, mostBytes = ANSWER_BYTES) {
      if (ids.length === 0) return { rows: [], more: false }
      const { rows } = await sql<EventRow & { found: number }>`
        select ${COLUMNS}, e.found from (
          select e.*, g.n, (count(*) over ())::integer as found, sum(e.bytes) over (order by g.n) - e.bytes as before
          from ${given(owner, ids)}
        ) e where e.before < ${Math.min(mostBytes, Number.MAX_SAFE_INTEGER)}::bigint order by e.n`.execute(database)
      return { rows, more: (rows[0]?.found ?? 0) > rows.length }
    },
    async count(owner) {
      const { rows } = await sql<{ events: number }>`
        select count(*)::bigint as events from event.events where owner = ${owner}`.execute(database)
      return rows[0]?.events ?? 0
    },
  }
}

function finding(database: Kysely<unknown>): Pick<EventStore, Finds> {
  return {
    async hasIndexed(owner) {
      const { rows } = await sql`
        select 1 from event.indexing where owner = ${owner} and collection is not null limit 1`.execute(database)
      return rows.length > 0
    },
    async wordsOf(text) {
      const { rows } = await sql<{ words: readonly string[] }>`
        select array_to_json(tsvector_to_array(to_tsvector('english', ${text}::text))) as words`.execute(database)
      return rows[0]?.words ?? []
    },
    async withWords(owner, words, { filter, limit }) {
      if (words.length === 0) return []
      const any = anyOf(words)
      const { rows } = await sql<{ id: string }>`
        select e.id from (
          select * from event.events where words @@ ${`${quoted(ownerWord(owner))} & (${any})`}::tsquery offset 0
        ) e where e.owner = ${owner} ${said(filter)} ${about(filter)} ${byWords(any)} limit ${limit}::integer`.execute(
        database,
      )
      return rows.map(({ id }) => id)
    },
    async waiting(owner, words, { filter, limit }) {
      const any = anyOf(words)
      const { rows } = await sql<{ id: string | null; waiting: number }>`
        with waiting as materialized (
          select id from event.indexing where owner = ${owner} and due_at is not null
          order by due_at desc limit ${MOST_WAITING}::integer
        )
        select c.waiting, e.id from (select count(*)::integer as waiting from waiting) c left join (
          select e.id from waiting w cross join lateral (
            select * from event.events where owner = ${owner} and id = w.id offset 0
          ) e where ${words.length > 0}::boolean and e.words @@ ${any}::tsquery ${said(filter)} ${about(filter)}
          ${byWords(any)} limit ${limit}::integer
        ) e on true`.execute(database)
      const ids = rows.flatMap(({ id }) => (id === null ? [] : [id]))
      return { ids, all: (rows[0]?.waiting ?? 0) < MOST_WAITING }
    },
    async candidates(owner, ids, words, filter) {
      if (ids.length === 0) return []
      const queries = JSON.stringify(words.map(word => ({ word, query: quoted(word) })))
      const { rows } = await sql<Candidate>`
        with asked as materialized (
          select word, query::tsquery from json_to_recordset(${queries}::json) as w (word text, query text)
        )
        select e.id, e.seq, e.at, coalesce((select json_agg(word) from asked where e.words @@ query), '[]') as matched
        from ${given(owner, ids)} where true ${said(filter)} ${about(filter)}`.execute(database)
      return rows
    },
  }
}

/** `events e where …`: those of an owner that fit. */
function matching(owner: string, filter: Filter): RawBuilder<unknown> {
  if (filter.entityId === '') return sql`event.events e where e.owner = ${owner} ${said(filter)}`
  return sql`event.mentions m join event.events e on e.owner = m.owner and e.id = m.id and e.at = m.at and e.seq = m.seq
    where e.owner = ${owner} and m.owner = ${owner} and m.entity = ${filter.entityId} ${said(filter, placeIn(filter))}`
}

/** Who, where, what and when. What is said by an index's condition is said again, so that any plan may use it. */
function said({ agentId, client, channel, sender, type, from, to }: Filter, place = sql.raw('e')): RawBuilder<unknown> {
  const texts = Object.entries({ agent_id: agentId, client, channel, sender })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => sql`and e.${sql.raw(name)} = ${value} and e.${sql.raw(name)} <> ''`)
  const parts = [
    ...texts,
    ...(type === '' ? [] : [sql`and e.type = ${type} ${type === 'message' ? sql`` : sql`and e.type <> 'message'`}`]),
    ...(from > 0 ? [sql`and ${place}.at >= ${from}::bigint`] : []),
    ...(to > 0 ? [sql`and ${place}.at < ${to}::bigint`] : []),
  ]
  return sql.join(parts, sql` `)
}

function about({ entityId }: Filter): RawBuilder<unknown> {
  return entityId === '' ? sql`` : sql`and ${entityId} = any(e.entities)`
}

const anyOf = (words: readonly string[]) => words.map(quoted).join(' | ')
const byWords = (query: string) => sql`order by ts_rank(e.words, ${query}::tsquery) desc, e.at desc, e.seq desc`

/** Where an index has the times of what is looked for. */
const placeIn = ({ entityId }: Filter) => sql.raw(entityId === '' ? 'e' : 'm')

const foundOf = (rows: readonly { readonly id: string; readonly found: boolean }[]) =>
  rows.flatMap(({ id, found }) => (found ? [id] : []))

/** No word of a text begins so. */
const ownerWord = (owner: string) => `@${owner}`

/** A word as a query has it. */
function quoted(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
