import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import type { Collection, Filter, StoreObject } from '../provider.ts'
import { columnOf } from './column.ts'
import { toCondition } from './filter.ts'
import type { WeighedTerm } from './weigh.ts'
import { objectsOf, termsOf, toIndexedType } from '../tables/store.ts'

/** Sums over a collection's objects, which words are weighed by. */
export interface Sums {
  readonly objects: number
  readonly words: number
}

/** A word that is asked for, in one of its forms. */
export interface AskedTerm {
  readonly word: string
  readonly term: string
  /** How many objects have it. */
  readonly objects: number
  /** Whether the word says nothing in its language. */
  readonly stop: boolean
}

/** One of a list: best first. */
export interface Hit {
  readonly id: string
  readonly score: number
}

export interface FoundRow {
  readonly object: StoreObject
  readonly similarity: number | undefined
  readonly wordsScore: number | undefined
}

/** What words are looked for: which objects are looked at, and how they are weighed. */
export interface WordSearch {
  /** Of tsquery: objects that do not fit it are not looked at. */
  readonly candidates: string
  /** How many are looked at. */
  readonly most: number
  readonly terms: readonly WeighedTerm[]
  /** Words of an object on average. */
  readonly average: number
}

export interface VectorSearch {
  readonly vector: readonly number[]
  readonly exact: boolean
}

/** Looks for objects in the tables of their collections. Rejects with Postgres's `42P01` where the collection has none. */
export interface FindingStore {
  /** Ids of objects that fit. */
  fitting(collection: Collection, filter: Filter, most: number): Promise<readonly string[]>
  sums(collections: readonly number[]): Promise<ReadonlyMap<number, Sums>>
  askedTerms(collection: Collection, words: readonly string[], configuration: string): Promise<readonly AskedTerm[]>
  byVector(
    collection: Collection,
    search: VectorSearch,
    filter: Filter | undefined,
    most: number,
  ): Promise<readonly Hit[]>
  byWords(collection: Collection, search: WordSearch, filter: Filter | undefined, most: number): Promise<readonly Hit[]>
  read(
    collection: Collection,
    ids: readonly string[],
    of: { vector: readonly number[] | undefined; words: WordSearch | undefined; withVectors: boolean },
  ): Promise<readonly FoundRow[]>
}

export function createFindingStore(database: Kysely<unknown>, { halves }: { halves: boolean }): FindingStore {
  const distance = ({ dimensions }: Collection, vector: readonly number[]) => {
    const type = sql.raw(toIndexedType(halves, dimensions))
    return sql`embedding::${type} <=> ${toVector(vector)}::${type}`
  }
  const sight = halves ? SIGHT : SIGHT_ALONE
  return {
    async fitting(collection, filter, most) {
      const { rows } = await sql<{ id: string }>`
        select id from ${objectsOf(collection)} where ${condition(filter)} limit ${most}::integer`.execute(database)
      return rows.map(({ id }) => id)
    },
    async sums(collections) {
      const { rows } = await sql<Sums & { collection: number }>`
        select collection, objects, words from weaviate.tables
        where collection in (select jsonb_array_elements(${JSON.stringify(collections)}::jsonb)::integer)`.execute(
        database,
      )
      return new Map(rows.map(row => [row.collection, row]))
    },
    async askedTerms(collection, words, configuration) {
      const { rows } = await sql<AskedTerm>`
        select word, term, coalesce(t.objects, 0) as objects, length(forms) = 0 as stop
        from (
          select word, to_tsvector('pg_catalog.simple', word) as own, to_tsvector(${configuration}::regconfig, word) as forms
          from jsonb_array_elements_text(${JSON.stringify(words)}::jsonb) word
        ) asked, unnest(tsvector_to_array(own || forms)) term
        left join ${termsOf(collection)} t using (term)`.execute(database)
      return rows
    },
    async byVector(collection, { vector, exact }, filter, most) {
      const where = sql`embedding is not null and ${condition(filter)}`
      return exact
        ? inOrder(database, collection, vector, where, most)
        : byIndex(database, collection, { distance: distance(collection, vector), where, most, sight })
    },
    async byWords(collection, search, filter, most) {
      // Of a query that it does not know, the planner takes it that few objects fit, and uses the index, however old its statistics are.
      const { rows } = await sql<Hit>`
        with ${askedTerms(search)}
        select o.id, s.score from (
          select id, words, length from ${objectsOf(collection)}
          where words @@ (select ${search.candidates}::tsquery) and ${condition(filter)} limit ${search.most}::bigint
        ) o, ${wordsScore(search)} s
        order by s.score desc, o.id limit ${most}::integer`.execute(database)
      return rows
    },
    async read(collection, ids, { vector, words, withVectors }) {
      const { rows } = await sql<Record<string, unknown>>`
        ${words ? sql`with ${askedTerms(words)}` : sql``}
        select o.*, ${words ? sql`s.score` : sql`null::float8`} as words_score,
          ${vector ? sql`1 - (embedding <=> ${toVector(vector)}::vector)` : sql`null::float8`} as similarity,
          ${withVectors ? sql`embedding::text` : sql`null::text`} as vector
        from (
          select id, text, language, length, words, ${sql.raw(columnsOf(collection, vector !== undefined || withVectors))}
          from ${objectsOf(collection)} where id = any(array(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)))
        ) o ${words ? sql`, ${wordsScore(words)} s` : sql``}`.execute(database)
      return rows.map(row => toFound(row, collection))
    },
  }
}

/** By looking at all that fit. */
async function inOrder(
  database: Kysely<unknown>,
  collection: Collection,
  vector: readonly number[],
  where: RawBuilder<unknown>,
  most: number,
): Promise<readonly Hit[]> {
  // What is added keeps the index out of it.
  const { rows } = await sql<Hit>`
    select id, 1 - d as score
    from (select id, embedding <=> ${toVector(vector)}::vector as d from ${objectsOf(collection)} where ${where}) o
    order by d + 0, id limit ${most}::integer`.execute(database)
  return rows
}

/** The settings are made before the index is looked at, and end with the statement: so it is one round trip, and no session is changed. */
async function byIndex(
  database: Kysely<unknown>,
  collection: Collection,
  { distance, where, most, sight }: Near,
): Promise<readonly Hit[]> {
  const { rows } = await sql<Hit>`
    select o.id, o.score
    from (
      select set_config('hnsw.ef_search', ${String(Math.min(1_000, Math.max(sight, 2 * most)))}, true) as ef,
        set_config('hnsw.iterative_scan', 'strict_order', true) as iterative
      offset 0
    ) as settings,
    lateral (
      select id, 1 - (${distance}) as score from ${objectsOf(collection)} where ${where}
      order by ${distance} limit ${most}::integer + 0 * length(settings.ef || settings.iterative)
    ) o`.execute(database)
  return rows
}

interface Near {
  readonly distance: RawBuilder<unknown>
  readonly where: RawBuilder<unknown>
  readonly most: number
  /** How many neighbours are kept in sight (`hnsw.ef_search`). */
  readonly sight: number
}

/** By measure, of the ten nearest among 100,000, a hundred to a cluster: 99.9 % from 60 on. */
const SIGHT = 120
/** With the lighter index of PGlite, of the same: 92 % with 100, 96 % with 200 and hardly more with 260; of 30,000 99.8 % with any. */
const SIGHT_ALONE = 200

function condition(filter: Filter | undefined): RawBuilder<unknown> {
  if (!filter) return sql`true`
  return sql.join(
    toCondition(filter).map(part =>
      typeof part === 'string' ? sql.raw(part) : sql`${part.parameter}::${sql.raw(part.type)}`,
    ),
    sql``,
  )
}

/** What {@link wordsScore} needs before. */
function askedTerms({ terms }: WordSearch): RawBuilder<unknown> {
  const asked = terms.map(({ term, weight }) => [toQuery(term), weight])
  return sql`asked as materialized (
    select (r ->> 0)::tsquery as term, (r ->> 1)::float8 as weight from jsonb_array_elements(${JSON.stringify(asked)}::jsonb) r
  )`
}

/**
 * BM25 (Robertson and Zaragoza 2009) of `o.words`; a row where it has one of the terms. How often a term occurs is taken back out of ts_rank, which is faster than to unnest
 * all words: for one term, all weights being 1, it is the sum of 1 / j² up to that number, divided by π² / 6.
 */
function wordsScore({ average }: WordSearch): RawBuilder<unknown> {
  return sql`lateral (
    select sum(weight * 2.2 * tf / (tf + 0.3 + 0.9 * (o.length / ${average}::float8))) as score
    from (
      select weight, 1 / (1.64493406685 * (1.00001 - ts_rank('{1,1,1,1}', o.words, term))) - 0.5 as tf
      from asked where o.words @@ term
      offset 0
    ) t
  )`
}

/** A term as tsquery has it. Terms are letters and digits. */
export function toQuery(term: string): string {
  return `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

export function toVector(vector: readonly number[]): string {
  return `[${vector.map(value => Math.fround(value).toPrecision(9)).join(',')}]`
}

function columnsOf({ properties }: Collection, withVector: boolean): string {
  return [...Object.keys(properties).map(columnOf), ...(withVector ? ['embedding'] : [])].join(', ') || 'null'
}

function toFound(row: Record<string, unknown>, { properties }: Collection): FoundRow {
  const values = Object.keys(properties).flatMap(name => {
    const value = row[columnOf(name)]
    return value === null || value === undefined ? [] : [[name, value] as const]
  })
  const vector = row['vector']
  return {
    object: {
      id: String(row['id']),
      text: String(row['text']),
      language: String(row['language']),
      vector: typeof vector === 'string' ? (JSON.parse(vector) as number[]).map(Math.fround) : undefined,
      properties: Object.fromEntries(values) as StoreObject['properties'],
    },
    similarity: toNumber(row['similarity']),
    wordsScore: toNumber(row['words_score']),
  }
}

function toNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
