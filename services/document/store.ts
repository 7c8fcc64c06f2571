import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'

/** States of a job; `deleted` is not told to anybody. */
export type State = 'pending' | 'parsing' | 'embedding' | 'ready' | 'failed' | 'skipped' | 'deleted'

/** What a reading found out about a file. */
export interface Found {
  readonly type: string
  readonly encoding: string
  readonly title: string
  readonly language: string
  readonly pages: number
  readonly characters: number
  readonly chunks: number
  readonly kept: number
  readonly notices: readonly string[]
}

/** A document as the database has it. Times in milliseconds since 1970. */
export interface DocumentRow {
  readonly id: string
  readonly seq: number
  readonly owner: string
  readonly collection: string
  readonly name: string
  readonly title: string
  readonly title_given: boolean
  readonly media_type: string
  readonly source: string
  readonly metadata: string
  readonly blob: string
  readonly size_bytes: number
  readonly hash: string
  readonly etag: string
  readonly last_modified: string
  readonly chunk_size: number
  readonly chunk_overlap: number
  readonly shown: number
  readonly type: string
  readonly language: string
  readonly encoding: string
  readonly pages: number
  readonly chunks: number
  readonly characters: number
  readonly model: string | null
  readonly state: State
  readonly progress: number
  readonly code: string
  readonly message: string
  readonly attempts: number
  readonly new_chunks: number
  readonly kept_chunks: number
  readonly without_vectors: boolean
  readonly generation: number
  readonly reading: Found | null
  readonly refetch: '' | 'look' | 'read'
  readonly crashes: number
  readonly waits: number
  readonly object_version: number
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

const NAMES =
  'id seq owner collection name title title_given media_type source metadata blob size_bytes hash etag last_modified chunk_size chunk_overlap shown type language encoding pages chunks characters model state progress code message attempts new_chunks kept_chunks without_vectors generation reading refetch crashes waits object_version version'
const TIMES = ['created_at', 'updated_at'].map(name => `(extract(epoch from d.${name}) * 1000)::bigint as ${name}`)
/** The columns of {@link DocumentRow} of `document.documents d`. */
export const COLUMNS: RawBuilder<unknown> = sql.raw([...NAMES.split(' ').map(name => `d.${name}`), ...TIMES].join(', '))
const AT_WORK = sql.raw(`d.state in ('pending', 'parsing', 'embedding')`)

/** A piece that can be read. */
export interface ChunkRow {
  readonly id: string
  readonly document: string
  readonly position: number
  readonly text: string
  readonly page: number
  readonly last_page: number
  readonly headings: readonly string[]
  readonly begins: number
  readonly ends: number
  readonly kind: string
}
const CHUNK = sql.raw('c.id, c.document, c.position, c.text, c.page, c.last_page, c.headings, c.begins, c.ends, c.kind')

export type Removed = Pick<DocumentRow, 'id' | 'generation'>

export interface ListOptions {
  readonly collection: string
  readonly text: string
  readonly state: string
  readonly limit: number
  /** Only what is older than this one. */
  readonly before: number | undefined
}

/** What people see of documents, each user's own, and change of them. */
export interface DocumentStore {
  get(owner: string, id: string): Promise<DocumentRow | undefined>
  list(owner: string, options: ListOptions): Promise<readonly DocumentRow[]>
  /** Those that are at work, oldest first. */
  atWork(owner: string): Promise<readonly DocumentRow[]>
  isAtWork(owner: string): Promise<boolean>
  chunks(
    owner: string,
    id: string,
    options: { page: number; from: number; limit: number },
  ): Promise<readonly ChunkRow[]>
  chunksById(owner: string, ids: readonly string[]): Promise<readonly ChunkRow[]>
  getMany(owner: string, ids: readonly string[]): Promise<readonly DocumentRow[]>
  /** Undefined: it is not there. */
  update(owner: string, id: string, change: { title?: string; metadata?: string }): Promise<DocumentRow | undefined>
  /** To be read again, cut otherwise where that is asked. */
  reindex(owner: string, id: string, cut?: { size: number; overlap: number }): Promise<DocumentRow | undefined>
  /** Undefined: it is not there. */
  remove(owner: string, id: string): Promise<Removed | undefined>
}

export function createDocumentStore(database: Kysely<unknown>): DocumentStore {
  const many = async (query: RawBuilder<DocumentRow>) => (await query.execute(database)).rows
  const one = async (query: RawBuilder<DocumentRow>) => (await query.execute(database)).rows[0]
  return {
    get: (owner, id) =>
      one(
        sql`select ${COLUMNS} from document.documents d where d.id = ${id} and d.owner = ${owner} and d.state <> 'deleted'`,
      ),
    list: (owner, { collection, text, state, limit, before }) =>
      many(sql`
        select ${COLUMNS} from document.documents d
        where d.owner = ${owner} and d.state <> 'deleted'
          and (${collection} = '' or d.collection = ${collection}) and (${state} = '' or d.state = ${state})
          and (${text} = '' or position(lower(${text}) in lower(d.title)) > 0 or position(lower(${text}) in lower(d.name)) > 0)
          and (${before ?? null}::bigint is null or d.seq < ${before ?? null}::bigint)
        order by d.seq desc limit ${limit}::integer`),
    atWork: owner =>
      many(
        sql`select ${COLUMNS} from document.documents d where d.owner = ${owner} and ${AT_WORK} order by d.seq limit 10000`,
      ),
    async isAtWork(owner) {
      const { rows } =
        await sql`select 1 from document.documents d where d.owner = ${owner} and ${AT_WORK} limit 1`.execute(database)
      return rows.length > 0
    },
    getMany: (owner, ids) =>
      many(
        sql`select ${COLUMNS} from document.documents d where d.id = any(${ids}::text[]) and d.owner = ${owner} and d.state <> 'deleted'`,
      ),
    update: (owner, id, { title, metadata }) =>
      one(sql`
        update document.documents d set
          title = coalesce(${title ?? null}::text, d.title), title_given = d.title_given or ${title !== undefined}::boolean,
          metadata = coalesce(${metadata ?? null}::text, d.metadata),
          object_version = d.object_version + 1, due_at = least(coalesce(d.due_at, now()), now()),
          version = d.version + 1, updated_at = now()
        where d.id = ${id} and d.owner = ${owner} and d.state <> 'deleted' returning ${COLUMNS}`),
    reindex: (owner, id, cut) =>
      one(sql`
        update document.documents d set ${BEGIN_ANEW}, refetch = case when d.source = '' then '' else 'read' end,
          chunk_size = coalesce(${cut?.size ?? null}::integer, d.chunk_size), chunk_overlap = coalesce(${cut?.overlap ?? null}::integer, d.chunk_overlap)
        where d.id = ${id} and d.owner = ${owner} and d.state <> 'deleted' returning ${COLUMNS}`),
    async remove(owner, id) {
      const { rows } = await sql<Removed>`
        update document.documents d set ${DELETED} where d.id = ${id} and d.owner = ${owner} and d.state <> 'deleted'
        returning d.id, d.generation`.execute(database)
      return rows[0]
    },
    ...createChunkStore(database),
  }
}

function createChunkStore(database: Kysely<unknown>): Pick<DocumentStore, 'chunks' | 'chunksById'> {
  return {
    async chunks(owner, id, { page, from, limit }) {
      const { rows } = await sql<ChunkRow>`
        select ${CHUNK} from document.documents d join document.chunks c on c.document = d.id and c.generation = d.shown
        where d.id = ${id} and d.owner = ${owner} and d.state <> 'deleted' and c.position >= ${from}::integer
          and (${page}::integer = 0 or ${page}::integer between c.page and c.last_page)
        order by c.position limit ${limit}::integer`.execute(database)
      return rows
    },
    async chunksById(owner, ids) {
      const { rows } = await sql<ChunkRow>`
        select ${CHUNK} from document.chunks c join document.documents d on c.document = d.id and c.generation = d.shown
        where c.id = any(${ids}::text[]) and d.owner = ${owner} and d.state <> 'deleted'`.execute(database)
      return rows
    },
  }
}

/** What makes a document begin again; its pieces stay until the new ones are there. */
export const BEGIN_ANEW: RawBuilder<unknown> = sql.raw(
  `generation = d.generation + 1, reading = null, state = 'pending', progress = 0, code = '', message = '', attempts = 0, crashes = 0, waits = 0, due_at = now(), version = d.version + 1, updated_at = now()`,
)
/** Nobody sees it any more; the rest is done in the background. */
export const DELETED: RawBuilder<unknown> = sql.raw(
  `generation = d.generation + 1, state = 'deleted', due_at = now(), version = d.version + 1, updated_at = now()`,
)
