import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { PropertyType } from '#mesh/knowledge.ts'
import { columnOf } from '../pgvector/column.ts'
import type { FormsStore, WordForms } from '../pgvector/forms.ts'
import { toVector } from '../pgvector/store.ts'
import type { Sums } from '../pgvector/store.ts'
import type { Collection, StoreObject } from '../provider.ts'
import { objectsOf, termsOf } from '../tables/store.ts'

/** An object with its words made ready. */
export interface WordedObject extends StoreObject {
  /** What they are found in, of tsvector. */
  readonly words: string
  /** How many there are. */
  readonly length: number
}

/** Writes objects to the tables of their collections. Rejects with Postgres's `42P01` where the collection has none. */
export interface WritingStore extends FormsStore {
  /** Writes objects with different ids in one commit. False: the collection is gone. */
  write(collection: Collection, objects: readonly WordedObject[]): Promise<boolean>
  /** Removes objects by id, in one commit; answers how many were there. */
  remove(collection: Collection, ids: readonly string[]): Promise<number>
}

const COLUMN_TYPES: Readonly<Record<PropertyType, string>> = {
  text: 'text',
  number: 'float8',
  boolean: 'boolean',
  date: 'bigint',
  texts: 'jsonb',
}

export function createWritingStore(database: Kysely<unknown>): WritingStore {
  /** Whoever writes to a collection waits here, so that sums stay right and nobody waits in a circle. Undefined: it is gone. */
  const lock = async (transaction: Kysely<unknown>, { id }: Collection) => {
    const { rows } = await sql<{ vectors: boolean }>`
      select vectors from weaviate.tables where collection = ${id} for update`.execute(transaction)
    return rows[0]
  }
  return {
    async formsOf(words, configuration) {
      const { rows } = await sql<WordForms>`
        select word, tsvector_to_array(to_tsvector('pg_catalog.simple', word)) as own,
          ${configuration === null ? sql`null::text[]` : sql`tsvector_to_array(to_tsvector(${configuration}::regconfig, word))`} as forms
        from jsonb_array_elements_text(${JSON.stringify(words)}::jsonb) word`.execute(database)
      return rows
    },
    write: (collection, objects) =>
      database.transaction().execute(async transaction => {
        const table = await lock(transaction, collection)
        if (!table) return false
        await account(transaction, collection, await insert(transaction, collection, objects, table.vectors))
        return true
      }),
    remove: (collection, ids) =>
      database.transaction().execute(async transaction => {
        if (!(await lock(transaction, collection))) return 0
        const change = await take(transaction, collection, ids)
        await account(transaction, collection, change)
        return -change.objects
      }),
  }
}

/** What a write did: sums, and terms that no object has any more. */
interface Change extends Sums {
  readonly gone: readonly string[] | null
}

async function insert(
  transaction: Kysely<unknown>,
  collection: Collection,
  objects: readonly WordedObject[],
  vectors: boolean,
): Promise<Change> {
  const properties = Object.entries(collection.properties).map(([name, type]) => ({
    name,
    type,
    column: columnOf(name),
  }))
  const rows = objects.map(({ vector, properties: values, ...rest }) => ({
    ...rest,
    embedding: vector ? toVector(vector) : null,
    ...Object.fromEntries(properties.map(({ name, column }) => [column, values[name] ?? null])),
  }))
  const names = properties.map(({ column }) => column)
  const given = properties.map(({ column, type }) => `, ${column} ${COLUMN_TYPES[type]}`).join('')
  const taken = properties.map(({ column, type }) =>
    type === 'texts'
      ? `case when ${column} is not null then array(select jsonb_array_elements_text(${column})) end`
      : column,
  )
  const columns = ['text', 'language', 'words', 'length', ...(vectors ? ['embedding'] : []), ...names]
  const values = ['text', 'language', 'words', 'length', ...(vectors ? ['embedding::vector'] : []), ...taken]
  const { rows: changes } = await sql<Change>`
    with fresh as materialized (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as g (
        id text, text text, language text, words tsvector, length integer, embedding text ${sql.raw(given)})
    ), before as materialized (
      select o.words, o.length from ${objectsOf(collection)} o where o.id in (select id from fresh)
    ), stored as (
      insert into ${objectsOf(collection)} as o (id, ${sql.raw(columns.join(', '))})
      select id, ${sql.raw(values.join(', '))} from fresh order by id collate "C"
      on conflict (id) do update set ${sql.raw(columns.map(name => `${name} = excluded.${name}`).join(', '))}
        where (${sql.raw(columns.map(name => `o.${name}`).join(', '))}) is distinct from (${sql.raw(columns.map(name => `excluded.${name}`).join(', '))})
    ), changes as (
      select term, sum(n) as n from (
        select unnest(tsvector_to_array(words)) as term, 1 as n from fresh
        union all select unnest(tsvector_to_array(words)), -1 from before
      ) one group by term having sum(n) <> 0
    ), counted as (
      insert into ${termsOf(collection)} as t (term, objects) select term, n from changes
      on conflict (term) do update set objects = t.objects + excluded.objects returning term, objects
    )
    select (select count(*) from fresh) - (select count(*) from before) as objects,
      (select sum(length) from fresh) - coalesce((select sum(length) from before), 0) as words,
      (select array_agg(term) from counted where objects <= 0) as gone`.execute(transaction)
  return changes[0] ?? NO_CHANGE
}
const NO_CHANGE: Change = { objects: 0, words: 0, gone: null }

async function take(transaction: Kysely<unknown>, collection: Collection, ids: readonly string[]): Promise<Change> {
  const { rows } = await sql<Change>`
    with taken as (
      delete from ${objectsOf(collection)} where id = any(array(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)))
      returning words, length
    ), changes as (
      select unnest(tsvector_to_array(words)) as term, count(*) as n from taken group by 1
    ), counted as (
      update ${termsOf(collection)} t set objects = t.objects - c.n from changes c where t.term = c.term
      returning t.term, t.objects
    )
    select -(select count(*) from taken) as objects, -coalesce((select sum(length) from taken), 0) as words,
      (select array_agg(term) from counted where objects <= 0) as gone`.execute(transaction)
  return rows[0] ?? NO_CHANGE
}

async function account(transaction: Kysely<unknown>, collection: Collection, { objects, words, gone }: Change) {
  if (gone)
    await sql`
      delete from ${termsOf(collection)} where objects <= 0
        and term = any(array(select jsonb_array_elements_text(${JSON.stringify(gone)}::jsonb)))`.execute(transaction)
  await sql`
    update weaviate.tables set objects = objects + ${objects}::bigint, words = words + ${words}::bigint
    where collection = ${collection.id}`.execute(transaction)
}
