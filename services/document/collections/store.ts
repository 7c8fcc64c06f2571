import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import { BEGIN_ANEW, COLUMNS, DELETED } from '../store.ts'
import type { DocumentRow, Removed } from '../store.ts'

export interface CollectionRow {
  readonly name: string
  readonly documents: number
  readonly chunks: number
  readonly size_bytes: number
  readonly created_at: number
  readonly embedding_models: readonly string[]
}

/** What somebody wants kept. */
export interface NewDocument {
  readonly id: string
  readonly owner: string
  readonly collection: string
  readonly name: string
  /** Empty: the file's own. */
  readonly title: string
  readonly mediaType: string
  readonly metadata: string
  /** Undefined: as the instance, or the document that is there, has it. */
  readonly chunking: { readonly size: number; readonly overlap: number } | undefined
}
export interface KeptFile {
  readonly blob: string
  readonly sizeBytes: number
  readonly hash: string
}

export interface Added {
  readonly row: DocumentRow
  /** It was there before, as it is. */
  readonly duplicate: boolean
}

/** How much a user may keep. */
export interface Room {
  readonly documents: number
  readonly bytes: number
}

/** Collections, and how documents get into them. */
export interface CollectionStore {
  create(owner: string, name: string): Promise<CollectionRow | undefined>
  list(owner: string): Promise<readonly CollectionRow[]>
  /** With its documents, whose removal goes on behind; tells which. */
  remove(owner: string, name: string): Promise<{ readonly wasThere: boolean; readonly documents: readonly Removed[] }>
  used(owner: string): Promise<Room>
  /** A document of a file that is kept. Undefined: there is no room for another one. */
  add(
    wanted: NewDocument,
    file: KeptFile,
    usual: { size: number; overlap: number },
    room: Room,
  ): Promise<Added | undefined>
  /** Another file for a document. Undefined: it is not there. */
  replace(wanted: NewDocument, file: KeptFile): Promise<Added | undefined>
  /** A document of a source that is to be asked, or the one of it that is there, which asks again. */
  addSource(wanted: NewDocument, source: string, usual: { size: number; overlap: number }): Promise<Added>
  /** Another document of the same file in the same collection. */
  sameFile(row: DocumentRow, hash: string): Promise<{ readonly id: string; readonly title: string } | undefined>
  /** Notes a file that is being kept: where it finds no document within a day, it goes. */
  noteBlob(name: string): Promise<void>
  forgetBlob(name: string): Promise<void>
  /** Files that nobody has any more. */
  looseBlobs(limit: number): Promise<readonly string[]>
}

export function createCollectionStore(database: Kysely<unknown>): CollectionStore {
  return {
    async create(owner, name) {
      const { rows } = await sql<{ created_at: number }>`
        insert into document.collections (owner, name) values (${owner}, ${name}) on conflict do nothing
        returning (extract(epoch from created_at) * 1000)::bigint as created_at`.execute(database)
      const [row] = rows
      return row && { name, documents: 0, chunks: 0, size_bytes: 0, embedding_models: [], ...row }
    },
    async list(owner) {
      const { rows } = await sql<CollectionRow>`
        select c.name, (extract(epoch from c.created_at) * 1000)::bigint as created_at, count(d.id)::integer as documents,
          coalesce(sum(d.chunks), 0)::bigint as chunks, coalesce(sum(d.size_bytes), 0)::bigint as size_bytes,
          array(select distinct m from document.documents e, unnest(e.models) m
            where e.owner = c.owner and e.collection = c.name and e.state <> 'deleted' order by m) as embedding_models
        from document.collections c left join document.documents d on d.owner = c.owner and d.collection = c.name and d.state <> 'deleted'
        where c.owner = ${owner} group by c.owner, c.name order by c.name`.execute(database)
      return rows
    },
    async remove(owner, name) {
      const { rows } = await sql<Removed | { id: null }>`
        with gone as (delete from document.collections where owner = ${owner} and name = ${name} returning name),
          documents as (
            update document.documents d set ${DELETED} where d.owner = ${owner} and d.collection = ${name} and d.state <> 'deleted'
            returning d.id, d.generation)
        select id, generation from documents union all select null, null from gone`.execute(database)
      const documents = rows.flatMap(row => (row.id === null ? [] : [row]))
      return { wasThere: rows.length > 0, documents }
    },
    async used(owner) {
      return used(database, owner)
    },
    async sameFile({ id, owner, collection }, hash) {
      const { rows } = await sql<{ id: string; title: string }>`
        select d.id, d.title from document.documents d where d.owner = ${owner} and d.collection = ${collection} and d.hash = ${hash}
          and d.id <> ${id} and d.state <> 'deleted'`.execute(database)
      return rows[0]
    },
    ...createAdding(database),
    ...createBlobNotes(database),
  }
}

async function used(database: Kysely<unknown>, owner: string): Promise<Room> {
  const { rows } = await sql<Room>`
    select count(*)::integer as documents, coalesce(sum(size_bytes), 0)::bigint as bytes
    from document.documents where owner = ${owner} and state <> 'deleted'`.execute(database)
  return rows[0] ?? { documents: 0, bytes: 0 }
}

const one = async (database: Kysely<unknown>, query: RawBuilder<DocumentRow>) => (await query.execute(database)).rows[0]

/** Makes the collection where it is not there, and has others who add to it wait: so nothing is added twice. */
async function enter(database: Kysely<unknown>, owner: string, collection: string): Promise<void> {
  // Also where it was deleted while this waited for it.
  await sql`insert into document.collections (owner, name) values (${owner}, ${collection})
    on conflict (owner, name) do update set name = excluded.name`.execute(database)
}

const byHash = (owner: string, collection: string, hash: string) =>
  sql<DocumentRow>`
    select ${COLUMNS} from document.documents d
    where d.owner = ${owner} and d.collection = ${collection} and d.hash = ${hash} and d.state <> 'deleted'`

const keep = (database: Kysely<unknown>, blob: string) =>
  sql`delete from document.loose_blobs where name = ${blob}`.execute(database)

function createAdding(database: Kysely<unknown>): Pick<CollectionStore, 'add' | 'replace' | 'addSource'> {
  return {
    add: (wanted, file, usual, room) =>
      database.transaction().execute(async within => {
        await enter(within, wanted.owner, wanted.collection)
        const there = await one(within, byHash(wanted.owner, wanted.collection, file.hash))
        if (there) return { row: there, duplicate: true }
        const now = await used(within, wanted.owner)
        if (now.documents >= room.documents || now.bytes + file.sizeBytes > room.bytes) return undefined
        const row = await insert(within, wanted, { ...file, source: '' }, usual)
        await keep(within, file.blob)
        return row && { row, duplicate: false }
      }),
    replace: (wanted, file) =>
      database.transaction().execute(async within => {
        const { id, owner } = wanted
        // A document never leaves its collection, and whoever adds enters that first: so nobody waits for each other in a circle.
        const mine = sql`from document.documents d where d.id = ${id} and d.owner = ${owner} and d.state <> 'deleted'`
        const { rows } = await sql<{ collection: string }>`select d.collection ${mine}`.execute(within)
        if (!rows[0]) return undefined
        await enter(within, owner, rows[0].collection)
        const old = await one(within, sql`select ${COLUMNS} ${mine} for update`)
        if (!old) return undefined
        const there = await one(within, byHash(owner, old.collection, file.hash))
        if (there && there.id !== id) return { row: there, duplicate: true }
        const row = await one(within, replaced(wanted, file, there !== undefined))
        if (!there) {
          await keep(within, file.blob)
          await sql`insert into document.loose_blobs (name, due_at) select ${old.blob}, now() where ${old.blob} <> ''
            on conflict (name) do update set due_at = excluded.due_at`.execute(within)
        }
        return row && { row, duplicate: there !== undefined }
      }),
    addSource: (wanted, source, usual) =>
      database.transaction().execute(async within => {
        const { owner, collection, title, metadata } = wanted
        await enter(within, owner, collection)
        const again = await one(
          within,
          sql`
            update document.documents d set refetch = case when d.state = 'ready' or d.refetch = 'look' then 'look' else 'read' end, ${BEGIN_ANEW},
              ${described(title, metadata)}
            where d.owner = ${owner} and d.collection = ${collection} and d.source = ${source} and d.state <> 'deleted' returning ${COLUMNS}`,
        )
        if (again) return { row: again, duplicate: true }
        const row = await insert(within, wanted, { blob: '', sizeBytes: 0, hash: '', source }, usual)
        if (!row) throw new Error('a document was not added')
        return { row, duplicate: false }
      }),
  }
}

/** A title and metadata where they are given. */
function described(title: string, metadata: string): RawBuilder<unknown> {
  return sql`
    title = case when ${title} <> '' then ${title} else d.title end, title_given = d.title_given or ${title} <> '',
    metadata = case when ${metadata} <> '' then ${metadata} else d.metadata end,
    object_version = d.object_version + (${title} <> '' or ${metadata} <> '')::integer`
}

/** The same bytes begin nothing anew, unless they are to be cut otherwise. */
function replaced(
  { id, name, title, mediaType, metadata, chunking }: NewDocument,
  { blob, sizeBytes, hash }: KeptFile,
  isSame: boolean,
): RawBuilder<DocumentRow> {
  const cut = chunking
    ? sql`, chunk_size = ${chunking.size}::integer, chunk_overlap = ${chunking.overlap}::integer`
    : sql``
  const file = isSame
    ? sql``
    : sql`, blob = ${blob}, size_bytes = ${sizeBytes}::bigint, hash = ${hash}, source = '', refetch = ''`
  const begin = isSame && !chunking ? sql`version = d.version + 1, due_at = coalesce(d.due_at, now())` : BEGIN_ANEW
  return sql`
    update document.documents d set ${described(title, metadata)}, name = ${name}, media_type = ${mediaType}${file}${cut}, ${begin}
    where d.id = ${id} returning ${COLUMNS}`
}

function insert(
  database: Kysely<unknown>,
  { id, owner, collection, name, title, mediaType, metadata, chunking }: NewDocument,
  { blob, sizeBytes, hash, source }: KeptFile & { readonly source: string },
  usual: { size: number; overlap: number },
): Promise<DocumentRow | undefined> {
  const { size, overlap } = chunking ?? usual
  return one(
    database,
    sql`
      insert into document.documents as d (id, owner, collection, name, title, title_given, media_type, metadata, blob, size_bytes, hash,
        source, refetch, chunk_size, chunk_overlap, state, due_at)
      values (${id}, ${owner}, ${collection}, ${name}, ${title || name}, ${title !== ''}::boolean, ${mediaType}, ${metadata || '{}'}, ${blob},
        ${sizeBytes}::bigint, ${hash}, ${source}, ${source === '' ? '' : 'read'}, ${size}::integer, ${overlap}::integer, 'pending', now())
      returning ${COLUMNS}`,
  )
}

function createBlobNotes(database: Kysely<unknown>): Pick<CollectionStore, 'noteBlob' | 'forgetBlob' | 'looseBlobs'> {
  return {
    async noteBlob(name) {
      await sql`insert into document.loose_blobs (name, due_at) values (${name}, now() + interval '1 day')`.execute(
        database,
      )
    },
    async forgetBlob(name) {
      await keep(database, name)
    },
    async looseBlobs(limit) {
      const { rows } = await sql<{ name: string }>`
        select name from document.loose_blobs where due_at <= now() order by due_at limit ${limit}::integer`.execute(
        database,
      )
      return rows.map(({ name }) => name)
    },
  }
}
