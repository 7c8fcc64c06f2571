import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Relation } from '#gen/spellmesh/entity/v1/entity.ts'
import { markForIndexing } from '#mesh/index-queue.ts'
import { createRelationStore } from './relations/store.ts'
import type { RelationStore } from './relations/store.ts'
import type { EntityState, Patch, StateChange } from './state.ts'

/** The table of what the vector store is to learn. */
export const INDEXING = 'entity.indexing'

/** An entity as it is now. Times in milliseconds since 1970. */
export interface EntityRow extends EntityState {
  readonly id: string
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
  /** The latest time that any change counts from. */
  readonly lastAt: number
  /** Undefined: it was not merged. */
  readonly mergedInto: string | undefined
  readonly mergedAt: number
}

/** A change as it is written down. */
export interface ChangeRow {
  readonly version: number
  readonly at: number
  readonly writtenAt: number
  readonly by: string
  readonly kind: 'created' | 'changed' | 'linked' | 'unlinked' | 'merged'
  /** Of changes of what it is. */
  readonly patch?: Patch | undefined
  readonly state?: EntityState | undefined
  readonly relation?: Partial<Omit<Relation, 'attributes'>> & { readonly attributes?: unknown }
  readonly fields: readonly string[]
}

/** What to list. */
export interface ListFilter {
  readonly kind: string
  /** Folded. */
  readonly text: string
  readonly attribute: string
  /** A JSON text; undefined: any. */
  readonly value: string | undefined
  readonly relatedTo: string
  readonly limit: number
  readonly after: { readonly updatedAt: number; readonly id: string } | undefined
}

/** What an entity was at a time, and the last change until then. */
export interface StateThen {
  readonly state: EntityState
  readonly version: number
  readonly writtenAt: number
}

/** Entities in the database. Every query names the owner. */
export interface EntityReads extends RelationStore {
  /** By the database's clock. */
  now(): Promise<number>
  /** The entity of that id, the one it was merged into, and so on; empty: there is none. */
  chain(owner: string, id: string): Promise<readonly EntityRow[]>
  /** Those that are there, in no order. */
  many(owner: string, ids: readonly string[]): Promise<readonly EntityRow[]>
  /** Those that are called this, by name or alias; at most 10. */
  named(owner: string, folded: string, kind: string): Promise<readonly EntityRow[]>
  /** Those whose names share most of these. */
  sharing(owner: string, grams: readonly string[], kind: string, limit: number): Promise<readonly EntityRow[]>
  list(owner: string, filter: ListFilter): Promise<readonly EntityRow[]>
  stateAt(owner: string, id: string, at: number): Promise<StateThen | undefined>
  /** The newest first, those before a version where one is given. */
  changes(owner: string, id: string, before: number | undefined, limit: number): Promise<readonly ChangeRow[]>
}

/** Writing, inside a transaction. */
export interface EntityWrites extends EntityReads {
  /** Holds them until the end of the transaction, so that nobody else changes them. */
  lock(owner: string, ids: readonly string[]): Promise<readonly EntityRow[]>
  /** False: one of that id, or of that kind and name, is there. */
  insert(owner: string, row: EntityRow, folded: string): Promise<boolean>
  update(owner: string, row: EntityRow, folded: string): Promise<void>
  addChange(owner: string, id: string, change: ChangeRow): Promise<void>
  /** All changes of what it is. */
  stateChanges(owner: string, id: string): Promise<readonly StateChange[]>
  restate(owner: string, id: string, states: readonly { version: number; state: EntityState }[]): Promise<void>
  rename(owner: string, id: string, folded: readonly string[], grams: readonly string[]): Promise<void>
  /** Removes it and all that was merged into it, with everything about them. */
  remove(owner: string, id: string): Promise<void>
  /** The vector store does not have these as they are. */
  mark(owner: string, ids: readonly string[]): Promise<void>
}

export interface EntityStore extends EntityReads {
  transaction<T>(work: (inside: EntityWrites) => Promise<T>): Promise<T>
}

export function createEntityStore(database: Kysely<unknown>): EntityStore {
  return {
    ...readsOf(database),
    transaction: work => database.transaction().execute(inside => work({ ...readsOf(inside), ...writesOf(inside) })),
  }
}

const ENTITY = sql.raw(
  `e.id, e.kind, e.name, e.aliases, e.about, e.attributes, e.version, e.created_at, e.updated_at, e.last_at, e.merged_into, e.merged_at`,
)

function readsOf(database: Kysely<unknown>): EntityReads {
  const entities = async (query: ReturnType<typeof sql<Row>>) => (await query.execute(database)).rows.map(toEntity)
  return {
    ...createRelationStore(database),
    now: () => now(database),
    chain: (owner, id) =>
      entities(sql<Row>`
        with recursive chain as (
          select 0 as step, e.* from entity.entities e where e.owner = ${owner} and e.id = ${id}
          union all
          select c.step + 1, e.* from chain c join entity.entities e on e.owner = c.owner and e.id = c.merged_into
        ) select ${ENTITY} from chain e order by e.step`),
    many: (owner, ids) =>
      entities(sql<Row>`select ${ENTITY} from entity.entities e where e.owner = ${owner} and e.id in ${listed(ids)}`),
    named: (owner, folded, kind) =>
      entities(sql<Row>`
        select ${ENTITY} from entity.names n join entity.entities e on e.owner = n.owner and e.id = n.entity
        where n.owner = ${owner} and n.folded = ${folded} and (${kind} = '' or e.kind = ${kind})
        order by e.folded = ${folded} desc, e.updated_at desc, e.id limit 10`),
    sharing: (owner, grams, kind, limit) =>
      entities(sql<Row>`
        with shared as (
          select g.entity, count(*) as grams from entity.grams g
          where g.owner = ${owner} and g.gram in ${listed(grams)} group by g.entity
        )
        select ${ENTITY} from shared s join entity.entities e on e.owner = ${owner} and e.id = s.entity
        where ${kind} = '' or e.kind = ${kind}
        order by s.grams desc, e.updated_at desc, e.id limit ${limit}::integer`),
    list: (owner, filter) => entities(listing(owner, filter)),
    ...pastOf(database),
  }
}

function listing(owner: string, filter: ListFilter) {
  const { kind, text, attribute, value, relatedTo, limit, after } = filter
  return sql<Row>`
    select ${ENTITY} from entity.entities e
    where e.owner = ${owner} and e.merged_into is null and (${kind} = '' or e.kind = ${kind})
      and (${after?.updatedAt ?? null}::bigint is null or (e.updated_at, e.id) < (${after?.updatedAt ?? null}::bigint, ${after?.id ?? ''}))
      and (${text} = '' or exists (
        select 1 from entity.names n where n.owner = e.owner and n.entity = e.id and position(${text} in n.folded) > 0))
      and (${attribute} = '' or case when ${value ?? null}::text is null then (e.attributes->${attribute}) is not null
        else (e.attributes->${attribute})::jsonb = ${value ?? null}::text::jsonb end)
      and (${relatedTo} = '' or e.id in (
        select r.to_id from entity.relations r where r.owner = ${owner} and r.from_id = ${relatedTo} and r.until is null and not r.to_event
        union all
        select r.from_id from entity.relations r where r.owner = ${owner} and r.to_id = ${relatedTo} and r.until is null))
    order by e.updated_at desc, e.id desc limit ${limit}::integer`
}

function pastOf(database: Kysely<unknown>): Pick<EntityReads, 'stateAt' | 'changes'> {
  return {
    async stateAt(owner, id, at) {
      const { rows } = await sql<{ state: EntityState; version: number; written_at: number }>`
        select s.state, c.version, c.written_at from (
          select state from entity.changes where owner = ${owner} and entity = ${id} and at <= ${at}::bigint and state is not null
          order by at desc, version desc limit 1
        ) s, (
          select version, written_at from entity.changes where owner = ${owner} and entity = ${id} and at <= ${at}::bigint
          order by at desc, version desc limit 1
        ) c`.execute(database)
      const [row] = rows
      return row && { state: row.state, version: row.version, writtenAt: Number(row.written_at) }
    },
    async changes(owner, id, before, limit) {
      const { rows } = await sql<ChangeColumns>`
        select version, at, written_at, by, kind, state, relation, fields from entity.changes
        where owner = ${owner} and entity = ${id} and (${before ?? null}::integer is null or version < ${before ?? null}::integer)
        order by version desc limit ${limit}::integer`.execute(database)
      return rows.map(({ at, written_at, state, relation, ...rest }) => ({
        ...rest,
        at: Number(at),
        writtenAt: Number(written_at),
        ...(state ? { state } : {}),
        ...(relation ? { relation } : {}),
      }))
    },
  }
}

function writesOf(inside: Kysely<unknown>): Omit<EntityWrites, keyof EntityReads> {
  return {
    async lock(owner, ids) {
      const { rows } = await sql<Row>`
        select ${ENTITY} from entity.entities e where e.owner = ${owner} and e.id in ${listed(ids)} order by e.id for update`.execute(
        inside,
      )
      return rows.map(toEntity)
    },
    async insert(owner, row, folded) {
      const { rows } = await sql`
        insert into entity.entities (owner, id, kind, name, folded, aliases, about, attributes, version, created_at, updated_at, last_at)
        values (${owner}, ${row.id}, ${row.kind}, ${row.name}, ${folded}, ${JSON.stringify(row.aliases)}::json, ${row.about},
          ${JSON.stringify(row.attributes)}::json, ${row.version}, ${row.createdAt}, ${row.updatedAt}, ${row.lastAt})
        on conflict do nothing returning id`.execute(inside)
      return rows.length > 0
    },
    async update(owner, row, folded) {
      await sql`
        update entity.entities set kind = ${row.kind}, name = ${row.name}, folded = ${folded}, aliases = ${JSON.stringify(row.aliases)}::json,
          about = ${row.about}, attributes = ${JSON.stringify(row.attributes)}::json, version = ${row.version},
          created_at = ${row.createdAt}, updated_at = ${row.updatedAt}, last_at = ${row.lastAt}, merged_into = ${row.mergedInto ?? null},
          merged_at = ${row.mergedInto === undefined ? null : row.mergedAt}::bigint
        where owner = ${owner} and id = ${row.id}`.execute(inside)
    },
    mark: (owner, ids) => markForIndexing(inside, INDEXING, owner, ids),
    ...changing(inside),
  }
}

type OfChanges = 'addChange' | 'stateChanges' | 'restate' | 'rename' | 'remove'

function changing(inside: Kysely<unknown>): Pick<EntityWrites, OfChanges> {
  return {
    async addChange(owner, id, { version, at, writtenAt, by, kind, patch, state, relation, fields }) {
      await sql`
        insert into entity.changes (owner, entity, version, at, written_at, by, kind, patch, state, relation, fields)
        values (${owner}, ${id}, ${version}, ${at}::bigint, ${writtenAt}::bigint, ${by}, ${kind}, ${textOf(patch)}::json,
          ${textOf(state)}::json, ${textOf(relation)}::json, ${JSON.stringify(fields)}::json)`.execute(inside)
    },
    async stateChanges(owner, id) {
      const { rows } = await sql<StateChange>`
        select version, at, patch from entity.changes where owner = ${owner} and entity = ${id} and patch is not null`.execute(
        inside,
      )
      return rows.map(row => ({ ...row, at: Number(row.at) }))
    },
    async restate(owner, id, states) {
      await sql`
        update entity.changes c set state = s.state
        from json_to_recordset(${JSON.stringify(states)}::json) as s (version integer, state json)
        where c.owner = ${owner} and c.entity = ${id} and c.version = s.version`.execute(inside)
    },
    async rename(owner, id, folded, grams) {
      for (const [table, column, texts] of [
        ['entity.names', 'folded', folded],
        ['entity.grams', 'gram', grams],
      ] as const)
        await sql`
          with gone as (
            delete from ${sql.table(table)} where owner = ${owner} and entity = ${id} and ${sql.ref(column)} not in ${listed(texts)}
          )
          insert into ${sql.table(table)} (owner, entity, ${sql.ref(column)}) select distinct ${owner}, ${id}, t from ${listed(texts)} t
          on conflict do nothing`.execute(inside)
    },
    async remove(owner, id) {
      const { rows } = await sql<{ id: string }>`
        with recursive all_of as (
          select e.id from entity.entities e where e.owner = ${owner} and e.id = ${id}
          union all
          select e.id from all_of a join entity.entities e on e.owner = ${owner} and e.merged_into = a.id
        ), relations as (
          delete from entity.relations r where r.owner = ${owner}
            and (r.from_id in (select id from all_of) or (not r.to_event and r.to_id in (select id from all_of)))
        )
        delete from entity.entities e where e.owner = ${owner} and e.id in (select id from all_of) returning e.id`.execute(
        inside,
      )
      await markForIndexing(
        inside,
        INDEXING,
        owner,
        rows.map(row => row.id),
      )
    },
  }
}

async function now(database: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ now: number }>`
    select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now`.execute(database)
  return rows[0]?.now ?? 0
}

const listed = (texts: readonly string[]) =>
  sql`(select t from json_array_elements_text(${JSON.stringify(texts)}::json) t)`
const textOf = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value))

interface ChangeColumns extends Omit<ChangeRow, 'writtenAt' | 'patch'> {
  readonly written_at: number | string
}
interface Row extends EntityState {
  readonly id: string
  readonly version: number
  readonly created_at: number | string
  readonly updated_at: number | string
  readonly last_at: number | string
  readonly merged_into: string | null
  readonly merged_at: number | string | null
}

function toEntity({ created_at, updated_at, last_at, merged_into, merged_at, ...row }: Row): EntityRow {
  return {
    ...row,
    createdAt: Number(created_at),
    updatedAt: Number(updated_at),
    lastAt: Number(last_at),
    mergedInto: merged_into ?? undefined,
    mergedAt: Number(merged_at ?? 0),
  }
}
