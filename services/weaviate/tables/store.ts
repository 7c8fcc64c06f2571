import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { PropertyType } from '#mesh/knowledge.ts'
import { columnOf } from '../pgvector/column.ts'
import type { Collection } from '../provider.ts'

/** What the database can do. */
export interface Abilities {
  /** Whether vectors can be kept. */
  readonly vectors: boolean
  /** Whether it is a server: then indexes have vectors in half precision, which is half as large and as good, and slow in PGlite. */
  readonly halves: boolean
  /** Names of what Postgres knows of languages. */
  readonly configurations: ReadonlySet<string>
}

type Shape = Pick<Collection, 'id' | 'dimensions' | 'properties'>

/** The tables of collections that pgvector keeps. */
export interface TableStore {
  /** Makes them, or adds columns that are missing. Quick where nothing is missing. */
  make(collection: Shape): Promise<void>
  /** Whether one of these is there no more is no error. */
  drop(collection: number): Promise<void>
  /** Collections with tables that nobody knows of: a process ended between two steps. */
  lost(): Promise<readonly number[]>
}

/** Names of a collection's tables: numbers. */
export const objectsOf = ({ id }: Pick<Collection, 'id'>) => sql.raw(`weaviate.objects_${id}`)
export const termsOf = ({ id }: Pick<Collection, 'id'>) => sql.raw(`weaviate.terms_${id}`)

/** Which vectors an index of whole numbers takes; in halves it takes twice as many. */
const MOST_WHOLE = 2_000
/** Vectors beside the other columns are compared twenty times as fast; of larger ones too few fit into a page. */
const MOST_INLINE = 1_000

const COLUMNS: Readonly<Record<PropertyType, string>> = {
  text: 'text collate "C"',
  number: 'float8',
  boolean: 'boolean',
  date: 'bigint',
  texts: 'text[]',
}

export async function readAbilities(database: Kysely<unknown>, halves: boolean): Promise<Abilities> {
  const { rows: versions } = await sql<{ version: string }>`
    select extversion as version from pg_extension where extname = 'vector'`.execute(database)
  const { rows } = await sql<{ name: string }>`select cfgname as name from pg_ts_config`.execute(database)
  const [major = 0, minor = 0] = (versions[0]?.version ?? '0.0').split('.').map(Number)
  // With 0.8 came scans that go on until enough is found that fits a filter.
  return { vectors: major > 0 || minor >= 8, halves, configurations: new Set(rows.map(({ name }) => name)) }
}

interface TableRow {
  readonly columns: Readonly<Record<string, PropertyType>>
  readonly vectors: boolean
}

export function createTableStore(database: Kysely<unknown>, abilities: Abilities): TableStore {
  const { vectors } = abilities
  const isWhole = (row: TableRow | undefined, { dimensions, properties }: Shape) =>
    row !== undefined &&
    (row.vectors || !vectors || dimensions === 0) &&
    Object.keys(properties).every(name => Object.hasOwn(row.columns, name))

  return {
    async make(collection) {
      const { id } = collection
      const { rows } = await sql<TableRow>`
        select columns, vectors from weaviate.tables where collection = ${id}`.execute(database)
      if (isWhole(rows[0], collection)) return
      await database.transaction().execute(async transaction => {
        // Who comes second waits here until the first has made them.
        const { rows: added } = await sql`
          insert into weaviate.tables (collection, columns, vectors) values (${id}, '{}', false)
          on conflict do nothing returning collection`.execute(transaction)
        if (added.length > 0) await createTables(transaction, abilities, id)
        const { rows: locked } = await sql<TableRow>`
          select columns, vectors from weaviate.tables where collection = ${id} for update`.execute(transaction)
        const [row] = locked
        if (row && !isWhole(row, collection)) await complete(transaction, abilities, collection, row)
      })
    },
    async drop(collection) {
      await database.transaction().execute(async transaction => {
        const { rows } = await sql`
          select from weaviate.tables where collection = ${collection} for update`.execute(transaction)
        if (rows.length === 0) return
        for (const kind of ['objects', 'terms'])
          await sql.raw(`drop table if exists weaviate.${kind}_${collection}`).execute(transaction)
        await sql`delete from weaviate.tables where collection = ${collection}`.execute(transaction)
      })
    },
    async lost() {
      const { rows } = await sql<{ collection: number }>`
        select collection from weaviate.tables t
        where not exists (select from weaviate.collections c where c.id = t.collection)`.execute(database)
      return rows.map(({ collection }) => collection)
    },
  }
}

async function createTables(transaction: Kysely<unknown>, { halves }: Abilities, id: number): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(transaction)
  // Rows stay whole where they fit into a page: what is looked through is not to be gathered from elsewhere.
  await run(
    `create table weaviate.objects_${id} (
      id text collate "C" primary key, text text not null, language text not null, words tsvector not null, length integer not null
    ) with (toast_tuple_target = 8160)`,
  )
  // To take what was deleted out of the index of vectors would hold up a process for seconds, where nobody does it beside us; it is passed over as it is.
  if (!halves) await run(`alter table weaviate.objects_${id} set (vacuum_index_cleanup = off)`)
  await run(`alter table weaviate.objects_${id} alter column words set storage main`)
  // Nobody asks for what would be gathered of them.
  for (const column of ['text', 'words'])
    await run(`alter table weaviate.objects_${id} alter column ${column} set statistics 0`)
  await run(`create index on weaviate.objects_${id} using gin (words) with (gin_pending_list_limit = 512)`)
  await run(
    `create table weaviate.terms_${id} (term text collate "C" primary key, objects integer not null) with (fillfactor = 80)`,
  )
}

/** Adds the columns that are missing. Names are of numbers, and of properties, which were checked. */
async function complete(
  transaction: Kysely<unknown>,
  { vectors, halves }: Abilities,
  { id, dimensions, properties }: Shape,
  row: TableRow,
): Promise<void> {
  const table = `weaviate.objects_${id}`
  const run = (text: string) => sql.raw(text).execute(transaction)
  for (const [name, type] of Object.entries(properties)) {
    if (Object.hasOwn(row.columns, name)) continue
    const column = columnOf(name)
    await run(`alter table ${table} add column ${column} ${COLUMNS[type]}`)
    await run(`create index on ${table} using ${type === 'texts' ? 'gin' : 'btree'} (${column})`)
  }
  const adds = vectors && dimensions > 0 && !row.vectors
  if (adds) {
    await run(`alter table ${table} add column embedding vector(${dimensions})`)
    const storage = dimensions <= MOST_INLINE ? 'plain' : 'external'
    await run(
      `alter table ${table} alter column embedding set storage ${storage}, alter column embedding set statistics 0`,
    )
    const type = toIndexedType(halves, dimensions)
    const operators = `${type.replace(/\(.*/, '')}_cosine_ops`
    // Half as much work for each object is as good as found by measure, where a processor is slow.
    const options = halves ? '' : ' with (m = 12, ef_construction = 32)'
    await run(`create index on ${table} using hnsw ((embedding::${type}) ${operators})${options}`)
  }
  await sql`
    update weaviate.tables set columns = columns || ${JSON.stringify(properties)}::jsonb, vectors = ${row.vectors || adds}
    where collection = ${id}`.execute(transaction)
}

/** What vectors of a size are indexed as. */
export function toIndexedType(halves: boolean, dimensions: number): string {
  return `${halves || dimensions > MOST_WHOLE ? 'halfvec' : 'vector'}(${dimensions})`
}
