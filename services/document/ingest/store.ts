import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import { held } from '../jobs/store.ts'
import type { Claim } from '../jobs/store.ts'

/** A piece on its way into the table. */
export interface NewChunk {
  readonly position: number
  readonly id: string
  readonly text: string
  readonly page: number
  readonly last_page: number
  readonly headings: readonly string[]
  readonly begins: number
  readonly ends: number
  readonly kind: string
}

/** A piece that a model has not seen yet. */
export interface MissingChunk {
  readonly position: number
  readonly id: string
  readonly text: string
  readonly headings: readonly string[]
}

export interface NewObject {
  readonly chunk: string
  readonly model: string
  /** 32-bit floats, the lowest byte first, in base64; null: there is none. */
  readonly vector: string | null
}

/** A piece as the vector store is to have it. */
export interface ObjectRow {
  readonly position: number
  readonly chunk: string
  readonly model: string
  readonly vector: Uint8Array | null
  readonly text: string
  readonly headings: readonly string[]
  readonly page: number
}

/** One of the vector store, by its name. */
export interface ObjectKey {
  readonly chunk: string
  readonly model: string
}

/** Pieces of a reading, and what of them is in the vector store. Everything in short statements over few rows: a document may have a hundred thousand pieces. */
export interface IngestStore {
  /** Adds pieces of the wanted reading; tells how many of them the shown one has, too. Undefined: the work is no longer this process's. */
  stage(claim: Claim, chunks: readonly NewChunk[]): Promise<number | undefined>
  /** The first pieces of the wanted reading without an object of this model (or without one that has a `vector`) among {@link WINDOW} from a place on. */
  missing(claim: Claim, having: string, from: number, limit: number): Promise<readonly MissingChunk[]>
  /** Adds objects without a vector for those that have none among {@link WINDOW} pieces from a place on. False: the work is no longer this process's. */
  addWords(claim: Claim, from: number): Promise<boolean>
  /** False: the work is no longer this process's. */
  addObjects(claim: Claim, objects: readonly NewObject[]): Promise<boolean>
  /** The first objects of a reading that the vector store has not as they are now, among {@link WINDOW} pieces from a place on. */
  unwritten(claim: Claim, reading: number, version: number, from: number, limit: number): Promise<readonly ObjectRow[]>
  /** Has the first piece written again, whose words are found with the title's, where another one was first or the title was another. */
  freshenFirst(claim: Claim, hasNewTitle: boolean): Promise<void>
  written(claim: Claim, keys: readonly ObjectKey[], version: number): Promise<boolean>
  /**
   * Objects that belong to no piece of a reading, or whose piece has a better one: of the model that counts, or any with a vector. Only those whose piece's id is in a range
   * (to not included); at most {@link MOST_LOOKED_AT} are looked at.
   */
  dead(claim: Claim, reading: number, model: string | null, range: { from: string; to: string }): Promise<Looked>
  removeObjects(claim: Claim, keys: readonly ObjectKey[]): Promise<boolean>
  /** Removes pieces of all readings but one; how many, at most a batch. */
  dropChunks(claim: Claim, kept: number): Promise<number>
}

/** So many pieces are looked at in one statement. */
export const WINDOW = 500
const BATCH = 1_000
const MOST_LOOKED_AT = 3_000

/** `isAll`: nothing else is in the range. */
export interface Looked {
  readonly dead: readonly ObjectKey[]
  readonly isAll: boolean
}

/**
 * A piece of a reading by its id. The document is asked for in a way that no index fits: planners who know no figures yet, right after many rows came, would take that of
 * the readings, and look through all of one.
 */
const isPiece = (id: RawBuilder<unknown>, document: RawBuilder<unknown>, reading: RawBuilder<unknown>) =>
  sql`c.id = ${id} and c.generation = ${reading} and c.document || '' = ${document}`

export function createIngestStore(database: Kysely<unknown>): IngestStore {
  return {
    async stage(claim, chunks) {
      const { rows } = await sql<{ held: boolean; kept: number }>`
        with held as (
          select d.id, d.generation, d.shown from document.documents d where ${held(claim)} for update
        ), given as (
          select * from json_to_recordset(${JSON.stringify(chunks)}::json) as g (
            position integer, id text, text text, page integer, last_page integer, headings jsonb, begins bigint, ends bigint, kind text)
        ), added as (
          insert into document.chunks (document, generation, position, id, text, page, last_page, headings, begins, ends, kind)
          select h.id, h.generation, g.position, g.id, g.text, g.page, g.last_page, g.headings, g.begins, g.ends, g.kind from held h, given g
        )
        select exists (select from held) as held, (
          select count(*)::integer from held h, given g, lateral (
            select 1 from document.chunks c where ${isPiece(sql`g.id`, sql`h.id`, sql`h.shown`)} limit 1) c
          where h.shown > 0
        ) as kept`.execute(database)
      const [row] = rows
      return row?.held ? row.kept : undefined
    },
    async missing({ id, generation }, having, from, limit) {
      const { rows } = await sql<MissingChunk>`
        select c.position, c.id, c.text, c.headings from document.chunks c left join lateral (
          select true as there from document.objects o where o.document = c.document and o.chunk = c.id and (
            (${having} = 'vector' and o.model <> '') or o.model = ${having}) limit 1) o on true
        where c.document = ${id} and c.generation = ${generation}::integer and ${inWindow(from)} and o.there is null
        order by c.position limit ${limit}::integer`.execute(database)
      return rows
    },
    async addWords(claim, from) {
      const { rows } = await sql<{ held: boolean }>`
        with held as (
          select d.id, d.generation from document.documents d where ${held(claim)} for update
        ), added as (
          insert into document.objects (document, chunk, model)
          select c.document, c.id, '' from held h join document.chunks c on c.document = h.id and c.generation = h.generation left join lateral (
            select true as there from document.objects o where o.document = c.document and o.chunk = c.id limit 1) o on true
          where ${inWindow(from)} and o.there is null on conflict do nothing
        )
        select exists (select from held) as held`.execute(database)
      return rows[0]?.held ?? false
    },
    async addObjects(claim, objects) {
      const { rows } = await sql<{ held: boolean }>`
        with held as (
          select d.id from document.documents d where ${held(claim)} for update
        ), added as (
          insert into document.objects (document, chunk, model, vector)
          select h.id, g.chunk, g.model, decode(g.vector, 'base64')
          from held h, json_to_recordset(${JSON.stringify(objects)}::json) as g (chunk text, model text, vector text)
          on conflict (document, chunk, model) do update set vector = excluded.vector, version = 0
        )
        select exists (select from held) as held`.execute(database)
      return rows[0]?.held ?? false
    },
    ...createObjectStore(database),
    ...createClearing(database),
  }
}

const inWindow = (from: number) => sql`c.position >= ${from}::integer and c.position < ${from + WINDOW}::integer`

function createObjectStore(
  database: Kysely<unknown>,
): Pick<IngestStore, 'unwritten' | 'freshenFirst' | 'written' | 'removeObjects'> {
  const keysOf = (keys: readonly ObjectKey[]) =>
    sql`json_to_recordset(${JSON.stringify(keys.map(({ chunk, model }) => ({ chunk, model })))}::json) as g (chunk text, model text)`
  return {
    async unwritten({ id }, reading, version, from, limit) {
      const { rows } = await sql<ObjectRow>`
        select c.position, o.chunk, o.model, o.vector, c.text, c.headings, c.page
        from document.chunks c join document.objects o on o.document = c.document and o.chunk = c.id and o.version <> ${version}::integer
        where c.document = ${id} and c.generation = ${reading}::integer and ${inWindow(from)}
        order by c.position, o.model limit ${limit}::integer`.execute(database)
      return rows
    },
    async freshenFirst(claim, hasNewTitle) {
      await sql`
        with held as (
          select d.id, d.generation, d.shown from document.documents d where ${held(claim)} for update
        ), firsts as (
          select distinct c.id from held h join document.chunks c
            on c.document = h.id and c.generation in (h.generation, h.shown) and c.position = 0
        )
        update document.objects o set version = 0 from held h
        where o.document = h.id and o.chunk in (select id from firsts)
          and (${hasNewTitle}::boolean or (select count(*) from firsts) > 1)`.execute(database)
    },
    async written(claim, keys, version) {
      const { rows } = await sql<{ held: boolean }>`
        with held as (
          select d.id from document.documents d where ${held(claim)} for update
        ), done as (
          update document.objects o set version = ${version}::integer from held h, ${keysOf(keys)}
          where o.document = h.id and o.chunk = g.chunk and o.model = g.model
        )
        select exists (select from held) as held`.execute(database)
      return rows[0]?.held ?? false
    },
    async removeObjects(claim, keys) {
      const { rows } = await sql<{ held: boolean }>`
        with held as (
          select d.id from document.documents d where ${held(claim)} for update
        ), gone as (
          delete from document.objects o using held h, ${keysOf(keys)}
          where o.document = h.id and o.chunk = g.chunk and o.model = g.model
        )
        select exists (select from held) as held`.execute(database)
      return rows[0]?.held ?? false
    },
  }
}

function createClearing(database: Kysely<unknown>): Pick<IngestStore, 'dead' | 'dropChunks'> {
  return {
    async dead({ id }, reading, model, { from, to }) {
      const { rows } = await sql<ObjectKey & { dead: boolean }>`
        with found as materialized (
          select o.chunk, o.model from document.objects o
          where o.document = ${id} and o.chunk >= ${from} and o.chunk < ${to} limit ${MOST_LOOKED_AT}::integer
        )
        select o.chunk, o.model, c.there is null or p.there is not null as dead from found o left join lateral (
          select true as there from document.chunks c where ${isPiece(sql`o.chunk`, sql`${id}`, sql`${reading}::integer`)} limit 1) c on true
        left join lateral (
          select true as there from document.objects p where p.document = ${id} and p.chunk = o.chunk
            and p.model <> '' and p.model <> o.model and (o.model = '' or p.model = ${model ?? ''}) limit 1) p on true`.execute(
        database,
      )
      return { dead: rows.filter(row => row.dead), isAll: rows.length < MOST_LOOKED_AT }
    },
    async dropChunks(claim, kept) {
      const { rows } = await sql`
        delete from document.chunks where ctid = any(array(
          select c.ctid from document.chunks c, document.documents d
          where ${held(claim)} and c.document = d.id and c.generation <> ${kept}::integer
          limit ${BATCH}::integer
        )) returning 1`.execute(database)
      return rows.length
    },
  }
}
