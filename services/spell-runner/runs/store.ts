import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { CodedError } from '#mesh/errors.ts'
import { notFound } from '#mesh/errors.ts'
import { isId } from '../ids.ts'
import { createDays } from './days.ts'
import type { Days } from './days.ts'
import type { RunStatus } from './record.ts'

/** A run as it is stored. Values that are JSON are texts. */
export interface RunRow {
  readonly id: string
  readonly owner: string
  readonly spell: string
  readonly revision: number
  readonly draft: string | null
  readonly library: string
  readonly limits: string
  readonly mode: string
  readonly session: string
  readonly keeps_state: boolean
  readonly status: RunStatus
  readonly inputs: string
  readonly outputs: string
  readonly error: string | null
  readonly last_seq: number
  readonly digest: string
  readonly attempt: number
  readonly started_at: number
  readonly ended_at: number
  /** Put aside until this moment; 0: it is at work, or to be taken up. */
  readonly asleep_until: number
}

/** A page of a journal, and where the run stood when it was read. */
export interface EntryPage {
  readonly texts: readonly string[]
  readonly attempt: number
  readonly lastSeq: number
  readonly ended: boolean
  /** The run's spell. */
  readonly spell: string
}

/** A key of the state as it is stored. */
export interface StoredKey {
  readonly key: string
  /** JSON text. */
  readonly value: string
  readonly session: string
  readonly revision: number
}

/** Runs, their journals and the state of spells in the database. */
export interface RunStore {
  /** Only the owner's. */
  find(owner: string, id: string): Promise<RunRow | undefined>
  /** Latest start first. */
  list(
    owner: string,
    spell: string,
    limit: number,
    after: { startedAt: number; id: string } | undefined,
  ): Promise<readonly RunRow[]>
  /** Runs of a spell that have not ended; of many, the hundred that began last. */
  active(owner: string, spell: string): Promise<readonly RunRow[]>
  /** Entries after a position; undefined: there is no such run of this owner. Of a run whose journal is kept no longer, NOT_FOUND. */
  entries(owner: string, id: string, after: number, limit: number): Promise<EntryPage | undefined>
  /** The whole journal, in order. Empty: it is kept no longer. */
  journal(id: string): Promise<readonly string[]>
  /** The state that a run starts from: the spell's, and over it the session's. */
  state(owner: string, spell: string, session: string): Promise<readonly StoredKey[]>
  /** Values that a run's entries refer to, by hash: all, or those asked for. */
  blobs(run: string, hashes?: readonly string[]): Promise<ReadonlyMap<string, string>>
  putDraft(hash: string, document: string): Promise<void>
  draft(hash: string): Promise<string | undefined>
  /** Removes drafts and idempotency keys that nothing needs any more. Journals are kept from this day on (0: all are). */
  sweep(keptFrom: number): Promise<void>
  /** Gives the key to `run` unless a run has it already; answers whose it is now. */
  claimKey(owner: string, key: string, run: string): Promise<string>
}

const COLUMNS = sql.raw(
  `r.id, r.owner, r.spell, r.revision, r.draft, r.library::text as library, r.limits::text as limits, r.mode::text as mode, r.session, r.keeps_state, r.status,
   r.inputs::text as inputs, r.outputs::text as outputs, r.error::text as error, r.last_seq, r.digest, r.attempt, r.started_at, r.ended_at, r.asleep_until`,
)
/** What {@link RunRow} is selected by, from `spell_runner.runs r`. */
export const RUN_COLUMNS = COLUMNS

export function createRunStore(database: Kysely<unknown>): RunStore {
  const days = createDays(async run => {
    const { rows } = await sql<{ day: number }>`
      select journal_day as day from spell_runner.runs where id = ${run}`.execute(database)
    return rows[0]?.day
  })
  return { ...readRuns(database, days), ...readBlobs(database, days), ...keepBeside(database) }
}

const MOST_ACTIVE = 100

interface BatchRow {
  readonly first_seq: number
  readonly texts: string
}

/** The entries of a batch that stand after a position, and at most so many after it. */
function textsOf({ first_seq, texts }: Partial<BatchRow>, after: number, limit: number): readonly string[] {
  if (texts === undefined || texts === null) return []
  const before = Number(first_seq) - 1
  return texts.split('\n').slice(Math.max(0, after - before), after + limit - before)
}

type Read = 'find' | 'list' | 'active' | 'entries' | 'journal'

function readRuns(database: Kysely<unknown>, days: Days): Pick<RunStore, Read> {
  const all = async <Row>(query: ReturnType<typeof sql<Row>>): Promise<readonly Row[]> =>
    (await query.execute(database)).rows
  return {
    async find(owner, id) {
      if (!isId(id)) return undefined
      return (
        await all(sql<RunRow>`select ${COLUMNS} from spell_runner.runs r where r.id = ${id} and r.owner = ${owner}`)
      )[0]
    },
    list: (owner, spell, limit, after) =>
      all(sql<RunRow>`
        select ${COLUMNS} from spell_runner.runs r
        where r.spell = ${isId(spell) ? spell : ''} and r.owner = ${owner}
          and (${after?.startedAt ?? null}::bigint is null or (r.started_at, r.id) < (${after?.startedAt ?? null}::bigint, ${after?.id ?? null}::text))
        order by r.started_at desc, r.id desc limit ${limit}`),
    active: (owner, spell) =>
      all(
        sql<RunRow>`select * from (
          select ${COLUMNS} from spell_runner.runs r where r.spell = ${spell} and r.owner = ${owner} and r.ended_at = 0
          order by r.started_at desc limit ${MOST_ACTIVE}) latest order by started_at`,
      ),
    async entries(owner, id, after, limit) {
      if (!isId(id)) return undefined
      const rows = await days.read(id, async day => {
        const found = await all(sql<Partial<BatchRow> & Pick<RunRow, 'attempt' | 'last_seq' | 'ended_at' | 'spell'>>`
          select b.first_seq, b.texts, r.attempt, r.last_seq, r.ended_at, r.spell
          from spell_runner.runs r
          left join spell_runner.batches b on b.run = r.id and b.day = ${sql.lit(day)} and b.first_seq <= ${after + limit}::bigint and b.last_seq > ${after}::bigint
          where r.id = ${id} and r.owner = ${owner} order by b.first_seq`)
        const isMissed = found[0]?.first_seq === null && after < Number(found[0].last_seq)
        return { found, isMissed }
      })
      const [first] = rows ?? []
      if (!rows || !first) return undefined
      if (first.first_seq === null && after < Number(first.last_seq)) throw journalGone(id)
      return {
        texts: rows.flatMap(row => textsOf(row, after, limit)),
        attempt: first.attempt,
        lastSeq: Number(first.last_seq),
        ended: Number(first.ended_at) > 0,
        spell: first.spell,
      }
    },
    async journal(id) {
      const rows = await days.read(id, async day => {
        const found = await all(sql<BatchRow>`
          select first_seq, texts from spell_runner.batches where run = ${id} and day = ${sql.lit(day)} order by first_seq`)
        return { found, isMissed: found.length === 0 }
      })
      return (rows ?? []).flatMap(({ texts }) => texts.split('\n'))
    },
  }
}

/** Why nothing can be read of a run that ended long ago. */
export function journalGone(id: string): CodedError {
  return notFound(`the journal of the run "${id}" is kept no longer: its record is all there is of it`, {
    reason: 'JOURNAL_EXPIRED',
  })
}

function readBlobs(database: Kysely<unknown>, days: Days): Pick<RunStore, 'blobs'> {
  return {
    async blobs(run, hashes) {
      const rows = await days.read(run, async day => {
        const { rows: found } = await sql<{ hash: string; value: string }>`
          select hash, value from spell_runner.blobs
          where run = ${run} and day = ${sql.lit(day)} and (${hashes === undefined}::boolean or hash = any (${hashes ?? []}::text[]))`.execute(
          database,
        )
        return { found, isMissed: found.length === 0 }
      })
      return new Map((rows ?? []).map(({ hash, value }) => [hash, value]))
    },
  }
}

/** What stands beside runs: states, drafts, idempotency keys. */
function keepBeside(database: Kysely<unknown>): Omit<RunStore, Read | 'blobs'> {
  return {
    async state(owner, spell, session) {
      const { rows } = await sql<StoredKey>`
        select key, value::text as value, session, revision from spell_runner.state
        where owner = ${owner} and spell = ${spell} and session in ('', ${session}) order by session`.execute(database)
      return rows
    },
    async putDraft(hash, document) {
      await sql`insert into spell_runner.drafts (hash, document) values (${hash}, ${document}::json) on conflict (hash) do update set created_at = now()`.execute(
        database,
      )
    },
    async draft(hash) {
      const { rows } = await sql<{ document: string }>`
        select document::text as document from spell_runner.drafts where hash = ${hash}`.execute(database)
      return rows[0]?.document
    },
    async sweep(keptFrom) {
      // A run without a journal is not looked into any more, nor branched off: nothing asks for what it ran.
      await sql`delete from spell_runner.drafts d where d.created_at < now() - interval '1 day'
        and not exists (select 1 from spell_runner.runs r where r.draft = d.hash and (r.journal_day >= ${keptFrom}::integer or r.ended_at = 0))`.execute(
        database,
      )
      await sql`delete from spell_runner.idempotency_keys where created_at < now() - interval '1 day'`.execute(database)
    },
    async claimKey(owner, key, run) {
      // A key whose run never came to be, or is older than a day, is given anew.
      const { rows } = await sql<{ run: string }>`
        insert into spell_runner.idempotency_keys as k (owner, key, run) values (${owner}, ${key}, ${run})
        on conflict (owner, key) do update set
          run = case when k.created_at < now() - interval '1 day' then excluded.run else k.run end,
          created_at = case when k.created_at < now() - interval '1 day' then now() else k.created_at end
        returning run`.execute(database)
      return rows[0]?.run ?? run
    },
  }
}
