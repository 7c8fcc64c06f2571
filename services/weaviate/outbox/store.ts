import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import type { Filter } from '../provider.ts'
import type { SentObject } from '../weaviate/objects.ts'
import type { Place } from '../weaviate/schema.ts'

/** One write that waits. */
export type Write =
  | { readonly kind: 'upsert'; readonly object: string; readonly body: SentObject }
  | { readonly kind: 'delete'; readonly object: string; readonly body: null }
  | { readonly kind: 'filter'; readonly object: ''; readonly body: Filter }
  | { readonly kind: 'drop'; readonly object: ''; readonly body: null }

export type Waiting = Write & {
  readonly seq: number
  readonly collection: number
  readonly place: Place
  readonly attempts: number
}

/** Writes that wait for Weaviate, in the database. */
export interface OutboxStore {
  /** Puts writes behind all others; one of an object takes the place of what waits of it. */
  add(collection: number, place: Place, writes: readonly Write[]): Promise<void>
  /** A collection is to be removed: nothing else of it need be written. */
  addDrop(collection: number, place: Place): Promise<void>
  /** Whether the service still knows a collection. */
  isThere(collection: number): Promise<boolean>
  /** How many wait, by collection. */
  counts(collections: readonly number[]): Promise<ReadonlyMap<number, number>>
  isEmpty(): Promise<boolean>
  /** What tells this database from others. */
  installation(): Promise<string>
  /** Forgets writes to collections that were removed meanwhile. */
  sweep(): Promise<void>
  /** The first ones of the collection whose turn it is. */
  next(limit: number, withoutCollections: readonly number[]): Promise<readonly Waiting[]>
  /** Removes those that are done; one that was replaced meanwhile stays. */
  remove(seqs: readonly number[]): Promise<void>
  /** It failed, and will be tried again. */
  failed(seq: number): Promise<void>
  /** Sets one aside for good. */
  refuse(seq: number, why: string): Promise<void>
  /** Whether this process is the one that sends, for so long; it may be asked again. `alone`: nobody else can be. */
  lease(holder: string, ms: number, alone: boolean): Promise<boolean>
  release(holder: string): Promise<void>
}

/** How many bytes one statement carries, about: others have their turn between two. */
const STATEMENT_BYTES = 1_000_000

export function createOutboxStore(database: Kysely<unknown>): OutboxStore {
  const run = async <Row>(query: ReturnType<typeof sql<Row>>) => (await query.execute(database)).rows
  return {
    async add(collection, place, writes) {
      // Of several of one object in one request the last one counts: one statement may not write a row twice.
      const last = [...new Map(writes.map((write, index) => [write.object || `#${index}`, write])).values()]
      for (const rows of statements(last.map(toRow))) {
        await setImmediate()
        await run(sql`
          insert into weaviate.outbox (collection, place, kind, object, body)
          select ${collection}, ${JSON.stringify(place)}::jsonb, kind, object, body
            from json_to_recordset(${`[${rows.join(',')}]`}::json) as given (kind text, object text, body text)
          on conflict (collection, object) where object <> '' do update
            set kind = excluded.kind, body = excluded.body, place = excluded.place, attempts = 0, refused = null,
                seq = default`)
      }
    },
    async addDrop(collection, place) {
      await run(sql`
        with gone as (delete from weaviate.outbox where collection = ${collection})
        insert into weaviate.outbox (collection, place, kind) values (${collection}, ${JSON.stringify(place)}::jsonb, 'drop')`)
    },
    async isThere(collection) {
      const rows = await run(sql`select from weaviate.collections where id = ${collection}`)
      return rows.length > 0
    },
    async counts(collections) {
      const rows = await run<{ collection: number; count: number }>(sql`
        select collection, count(*)::int as count from weaviate.outbox
         where refused is null and collection in ${listOf(collections)} group by collection`)
      return new Map(rows.map(({ collection, count }) => [collection, count]))
    },
    ...sendingStore(run),
  }
}

type Run = <Row>(query: ReturnType<typeof sql<Row>>) => Promise<readonly Row[]>

function sendingStore(run: Run): Omit<OutboxStore, 'add' | 'addDrop' | 'isThere' | 'counts'> {
  return {
    async isEmpty() {
      const [row] = await run<{ waits: boolean }>(
        sql`select exists (select from weaviate.outbox where refused is null) as waits`,
      )
      return row?.waits === false
    },
    async installation() {
      const [row] = await run<{ installation: string }>(sql`select installation from weaviate.outbox_sender`)
      return row?.installation ?? ''
    },
    async sweep() {
      await run(sql`
        delete from weaviate.outbox o
         where kind <> 'drop' and not exists (select from weaviate.collections c where c.id = o.collection)`)
    },
    async next(limit, without) {
      const rows = await run<Row>(sql`
        select seq, collection, place, kind, object, body, attempts from weaviate.outbox
         where refused is null and collection = (
           select collection from weaviate.outbox where refused is null and collection not in ${listOf(without)}
            order by seq limit 1)
         order by seq limit ${limit}`)
      return rows.map(fromRow)
    },
    async remove(seqs) {
      await run(sql`delete from weaviate.outbox where seq in ${listOf(seqs)}`)
    },
    async failed(seq) {
      await run(sql`update weaviate.outbox set attempts = attempts + 1 where seq = ${seq}`)
    },
    async refuse(seq, why) {
      await run(sql`update weaviate.outbox set refused = ${why.replaceAll('\0', '')} where seq = ${seq}`)
    },
    async lease(holder, ms, alone) {
      const rows = await run(sql`
        update weaviate.outbox_sender set holder = ${holder}, until = now() + ${ms} * interval '1 millisecond'
         where holder is null or holder = ${holder} or until < now() or ${alone} returning id`)
      return rows.length > 0
    },
    async release(holder) {
      await run(sql`update weaviate.outbox_sender set holder = null, until = null where holder = ${holder}`)
    },
  }
}

interface Row extends Omit<Waiting, 'body' | 'kind' | 'object'> {
  readonly kind: Write['kind']
  readonly object: string
  readonly body: string | null
}

/** As JSON text. Numbers of vectors are as Weaviate takes them, of 32 bits, a third as long. */
function toRow({ kind, object, body }: Write): string {
  const kept =
    kind === 'upsert'
      ? { ...body, vector: body.vector && Buffer.from(Float32Array.from(body.vector).buffer).toString('base64') }
      : body
  return JSON.stringify({ kind, object, body: kept && JSON.stringify(kept) })
}

function fromRow({ body, ...row }: Row): Waiting {
  const read = body === null ? null : (JSON.parse(body) as { readonly vector?: string | null })
  if (row.kind !== 'upsert' || !read?.vector) return { ...row, body: read } as Waiting
  const bytes = Uint8Array.from(Buffer.from(read.vector, 'base64'))
  return { ...row, body: { ...read, vector: [...new Float32Array(bytes.buffer)] } } as unknown as Waiting
}

function statements(rows: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = []
  let bytes = STATEMENT_BYTES
  for (const row of rows) {
    bytes += row.length
    if (bytes < STATEMENT_BYTES) all.at(-1)?.push(row)
    else {
      all.push([row])
      bytes = row.length
    }
  }
  return all
}

function listOf(numbers: readonly number[]) {
  return sql`(select value::bigint from jsonb_array_elements_text(${JSON.stringify(numbers)}::jsonb))`
}
