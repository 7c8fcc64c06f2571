import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { isId } from '../ids.ts'

/** A spell without its document. */
export interface SpellRow {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly description: string
  readonly revision: number
  readonly created_at: number
  readonly updated_at: number
}
/** With the text of its document. */
export interface SpellWithDocument extends SpellRow {
  readonly document: string
}

/** Spells and their revisions in the database. Every query names the owner: what is somebody else's is not found. */
export interface SpellStore {
  insert(spell: SpellWithDocument): Promise<void>
  /** The revision asked for, or the latest. */
  find(owner: string, id: string, revision?: number): Promise<SpellWithDocument | undefined>
  /** By id, else the one changed last that has this name. */
  findByReference(owner: string, reference: string, revision?: number): Promise<SpellWithDocument | undefined>
  list(owner: string, limit: number, after: { updatedAt: number; id: string } | undefined): Promise<readonly SpellRow[]>
  /** Adds a revision on top of `base`; undefined: `base` is not the latest, or the spell is not there. */
  update(
    owner: string,
    id: string,
    base: number,
    change: { name: string; description: string; document: string; now: number },
  ): Promise<SpellRow | undefined>
  remove(owner: string, id: string): Promise<boolean>
}

const COLUMNS = sql.raw('s.id, s.owner, s.name, s.description, s.revision, s.created_at, s.updated_at')

// An older revision has the name that it had then.
const COLUMNS_OF_REVISION =
  sql.raw(`s.id, s.owner, s.created_at, s.updated_at, r.revision, r.document::text as document,
  case when r.revision = s.revision then s.name else r.document->>'name' end as name,
  case when r.revision = s.revision then s.description else r.document->>'description' end as description`)

export function createSpellStore(database: Kysely<unknown>): SpellStore {
  const one = async <Row>(query: ReturnType<typeof sql<Row>>): Promise<Row | undefined> =>
    (await query.execute(database)).rows[0]
  return {
    async insert(spell) {
      await sql`
        with made as (
          insert into spell_runner.spells (id, owner, name, description, revision, created_at, updated_at)
          values (${spell.id}, ${spell.owner}, ${spell.name}, ${spell.description}, 1, ${spell.created_at}, ${spell.created_at}) returning id
        )
        insert into spell_runner.revisions (spell, revision, document, created_at)
        select id, 1, ${spell.document}::json, ${spell.created_at}::bigint from made`.execute(database)
    },
    find: async (owner, id, revision) =>
      isId(id)
        ? one(sql<SpellWithDocument>`
        select ${COLUMNS_OF_REVISION}
        from spell_runner.spells s join spell_runner.revisions r on r.spell = s.id and r.revision = coalesce(${revision ?? null}::integer, s.revision)
        where s.id = ${id} and s.owner = ${owner}`)
        : undefined,
    findByReference: async (owner, reference, revision) =>
      reference.includes('\0')
        ? undefined
        : one(sql<SpellWithDocument>`
        select ${COLUMNS_OF_REVISION}
        from spell_runner.spells s join spell_runner.revisions r on r.spell = s.id and r.revision = coalesce(${revision ?? null}::integer, s.revision)
        where s.owner = ${owner} and (s.id = ${reference} or s.name = ${reference})
        order by s.id = ${reference} desc, s.updated_at desc limit 1`),
    async list(owner, limit, after) {
      const { rows } = await sql<SpellRow>`
        select ${COLUMNS} from spell_runner.spells s
        where s.owner = ${owner} and (${after?.updatedAt ?? null}::bigint is null or (s.updated_at, s.id) < (${after?.updatedAt ?? null}::bigint, ${after?.id ?? null}::text))
        order by s.updated_at desc, s.id desc limit ${limit}`.execute(database)
      return rows
    },
    update: async (owner, id, base, change) =>
      isId(id)
        ? one(sql<SpellRow>`
        with s as (
          update spell_runner.spells set name = ${change.name}, description = ${change.description}, revision = revision + 1, updated_at = ${change.now}
          where id = ${id} and owner = ${owner} and revision = ${base} returning *
        ), put as (
          insert into spell_runner.revisions (spell, revision, document, created_at)
          select id, revision, ${change.document}::json, updated_at from s
        )
        select ${COLUMNS} from s`)
        : undefined,
    async remove(owner, id) {
      if (!isId(id)) return false
      // Runs go with their spell; batches and blobs name their run without a foreign key.
      const removed = await one(sql<{ id: string }>`
        with gone as (delete from spell_runner.spells where id = ${id} and owner = ${owner} returning id),
        runs as (select r.id from spell_runner.runs r join gone on gone.id = r.spell),
        batches as (delete from spell_runner.batches where run in (select id from runs)),
        blobs as (delete from spell_runner.blobs where run in (select id from runs))
        select id from gone`)
      return removed !== undefined
    },
  }
}
