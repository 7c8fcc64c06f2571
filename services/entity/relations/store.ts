import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Span } from '../spans.ts'

/** Which relation. */
export interface RelationKey {
  readonly from: string
  readonly kind: string
  readonly to: string
  readonly toEvent: boolean
}
/** A relation, one of its times, and the names of its ends. */
export interface RelationRow extends RelationKey, Span {
  readonly fromName: string
  readonly toName: string
}

/** Relations in the database. Every query names the owner. */
export interface RelationStore {
  /** All times of one relation. */
  spans(owner: string, key: RelationKey): Promise<readonly Span[]>
  /** Puts all times of one relation in the place of those before. */
  putSpans(owner: string, key: RelationKey, spans: readonly Span[]): Promise<void>
  /** Relations from and to an entity that hold at a time, those that began last first. The names are those of then. */
  relationsAt(owner: string, id: string, at: number, limit: number): Promise<readonly RelationRow[]>
  /** Has an entity's relations that hold now go on as another's, but for those between the two. */
  repoint(owner: string, merge: { from: string; into: string; at: number }): Promise<void>
}

export function createRelationStore(database: Kysely<unknown>): RelationStore {
  const ofKey = ({ from, kind, to, toEvent }: RelationKey) =>
    sql`from_id = ${from} and kind = ${kind} and to_id = ${to} and to_event = ${toEvent}`
  return {
    async spans(owner, key) {
      const { rows } = await sql<Columns>`
        select since, until, began, attributes from entity.relations where owner = ${owner} and ${ofKey(key)} order by since`.execute(
        database,
      )
      return rows.map(toSpan)
    },
    async putSpans(owner, key, spans) {
      await sql`delete from entity.relations where owner = ${owner} and ${ofKey(key)}`.execute(database)
      if (spans.length === 0) return
      await sql`
        insert into entity.relations (owner, from_id, kind, to_id, to_event, since, until, began, attributes)
        select ${owner}, ${key.from}, ${key.kind}, ${key.to}, ${key.toEvent}, s.since, s.until, s.began, s.attributes
        from json_to_recordset(${JSON.stringify(spans)}::json) as s (since bigint, until bigint, began bigint, attributes json)`.execute(
        database,
      )
    },
    async relationsAt(owner, id, at, limit) {
      const nameThen = (end: string) => sql`
        coalesce((select c.state->>'name' from entity.changes c where c.owner = r.owner and c.entity = r.${sql.raw(end)} and c.at <= ${at}::bigint
          and c.state is not null order by c.at desc, c.version desc limit 1), (select e.name from entity.entities e where e.owner = r.owner and e.id = r.${sql.raw(end)}), '')`
      const { rows } = await sql<Columns>`
        select r.from_id, r.kind, r.to_id, r.to_event, r.since, r.until, r.began, r.attributes,
          ${nameThen('from_id')} as from_name, case when r.to_event then '' else ${nameThen('to_id')} end as to_name
        from entity.relations r
        where r.owner = ${owner} and (r.from_id = ${id} or (r.to_id = ${id} and not r.to_event))
          and r.since <= ${at}::bigint and (r.until is null or r.until > ${at}::bigint)
        order by r.began desc, r.from_id, r.kind, r.to_id limit ${limit}::integer`.execute(database)
      return rows.map(toRelation)
    },
    async repoint(owner, { from, into, at }) {
      const open = sql`r.owner = ${owner} and (r.from_id = ${from} or (r.to_id = ${from} and not r.to_event)) and r.until is null`
      await sql`
        with moved as (
          select case when r.from_id = ${from} then ${into} else r.from_id end as from_id, r.kind,
            case when r.to_id = ${from} and not r.to_event then ${into} else r.to_id end as to_id, r.to_event, r.began, r.attributes
          from entity.relations r where ${open}
        )
        insert into entity.relations (owner, from_id, kind, to_id, to_event, since, until, began, attributes)
        select ${owner}, m.from_id, m.kind, m.to_id, m.to_event, ${at}::bigint, null, m.began, m.attributes from moved m
        where (m.to_event or m.from_id <> m.to_id) and not exists (
          select 1 from entity.relations h where h.owner = ${owner} and h.from_id = m.from_id and h.kind = m.kind and h.to_id = m.to_id
            and h.to_event = m.to_event and h.until is null)`.execute(database)
      await sql`delete from entity.relations r where ${open} and r.since >= ${at}::bigint`.execute(database)
      await sql`update entity.relations r set until = ${at}::bigint where ${open}`.execute(database)
    },
  }
}

interface Columns extends Pick<Span, 'attributes'> {
  readonly from_id: string
  readonly kind: string
  readonly to_id: string
  readonly to_event: boolean
  readonly since: number | string
  readonly until: number | string | null
  readonly began: number | string
  readonly from_name: string
  readonly to_name: string
}

function toSpan({ since, until, began, attributes }: Columns): Span {
  return { since: Number(since), until: until === null ? undefined : Number(until), began: Number(began), attributes }
}

function toRelation(row: Columns): RelationRow {
  return {
    ...toSpan(row),
    from: row.from_id,
    kind: row.kind,
    to: row.to_id,
    toEvent: row.to_event,
    fromName: row.from_name,
    toName: row.to_name,
  }
}
