import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import { COLUMNS } from '../store.ts'
import type { DocumentRow, Found, State } from '../store.ts'

/** Reading files, and everything that goes on behind them: neither waits for the other. */
export type Lane = 'reading' | 'upkeep'

/** A document that this process works on. Whatever it writes holds only while the lease and the reading are its own. */
export interface Claim {
  readonly id: string
  readonly lease: string
  readonly generation: number
}

export interface Step {
  readonly state: State
  readonly progress: number
  readonly message: string
}

/** What was got from a source. */
export interface Got {
  readonly blob: string
  readonly sizeBytes: number
  readonly hash: string
  readonly name: string
  readonly mediaType: string
  readonly etag: string
  readonly lastModified: string
}

export interface ReadyEnd {
  readonly model: string
  /** Whether nobody could make the vectors that were missing. */
  readonly byWords: boolean
  readonly message: string
}

/** Who works on which document, by the database's clock. What answers undefined or false found that the work is no longer this process's. */
export interface JobStore {
  claim(lane: Lane, lease: string): Promise<DocumentRow | undefined>
  renew(claim: Claim): Promise<boolean>
  /** Leaves it to whoever comes, after a while where one is given. */
  release(claim: Claim, afterMs?: number): Promise<void>
  /** Whether documents wait that are much smaller than this one. */
  isInTheWay(claim: Claim): Promise<boolean>
  /** Leaves it to whoever comes, behind those that wait now. */
  yield(claim: Claim): Promise<void>
  /** Milliseconds until there is something to do in a lane, 0 for now; undefined: nothing is known of. */
  nextDueMs(lane: Lane): Promise<number | undefined>
  /** Makes what another instance of this process left behind free at once. */
  takeOver(): Promise<void>
  begin(claim: Claim): Promise<DocumentRow | undefined>
  tell(claim: Claim, step: Step): Promise<DocumentRow | undefined>
  /** It cannot go on now. */
  wait(claim: Claim, afterMs: number, message: string): Promise<DocumentRow | undefined>
  got(claim: Claim, file: Got): Promise<DocumentRow | undefined>
  /** Its source has nothing new: what was read stays. */
  unchanged(claim: Claim, message: string): Promise<DocumentRow | undefined>
  /** Read through. Where nothing could be seen before, its pieces can be from now on. */
  parsed(claim: Claim, found: Found, isFirst: boolean): Promise<DocumentRow | undefined>
  /** All is where it belongs: its pieces take the place of the ones before. */
  ready(claim: Claim, found: Found, end: ReadyEnd): Promise<DocumentRow | undefined>
  end(claim: Claim, state: 'failed' | 'skipped', code: string, message: string): Promise<DocumentRow | undefined>
  /** Nothing is left to do, unless more came meanwhile. */
  settled(claim: Claim, seen: DocumentRow): Promise<void>
  /** The row itself, of a document that was deleted. */
  drop(claim: Claim): Promise<void>
}

export function createJobStore(database: Kysely<unknown>, leaseMs: number): JobStore {
  const until = sql`now() + ${leaseMs}::integer * interval '1 millisecond'`
  const change = async (claim: Claim, set: RawBuilder<unknown>) => {
    const { rows } = await sql<DocumentRow>`
      update document.documents d set ${set}, version = d.version + 1, updated_at = now() where ${held(claim)}
      returning ${COLUMNS}`.execute(database)
    return rows[0]
  }
  return {
    async renew(claim) {
      const { rows } = await sql`
        update document.documents d set lease_until = ${until} where ${held(claim)} returning 1`.execute(database)
      return rows.length > 0
    },
    async claim(lane, lease) {
      const { rows } = await sql<DocumentRow>`
        with due as (
          select d.id from document.documents d
          where d.due_at <= now() and (d.lease is null or d.lease_until < now()) and ${LANES[lane]}
          order by d.due_at limit 1 for update skip locked
        )
        update document.documents d set lease = ${lease}, lease_until = ${until},
          crashes = d.crashes + (d.lease is not null and d.state = 'parsing')::integer
        from due where d.id = due.id returning ${COLUMNS}`.execute(database)
      return rows[0]
    },
    begin: claim => change(claim, sql`attempts = d.attempts + 1, message = ''`),
    // Only what is embedded lasts: an attempt to get or to read a file begins in the same way each time.
    tell: (claim, { state, progress, message }) =>
      change(
        claim,
        sql`state = ${state}, progress = ${progress}::real, message = ${message},
        waits = case when ${state} = 'embedding' then 0 else d.waits end`,
      ),
    wait: (claim, afterMs, message) =>
      change(
        claim,
        sql`message = ${message}, waits = d.waits + 1, due_at = now() + ${afterMs}::bigint * interval '1 millisecond', lease = null`,
      ),
    ...createEnds(change, database),
    ...createSteps(change, database),
    ...createWaiting(database),
  }
}

/** Condition: the work is still this process's. */
export function held({ id, lease, generation }: Claim): RawBuilder<unknown> {
  return sql`d.id = ${id} and d.lease = ${lease} and d.generation = ${generation}::integer`
}

const LANES = {
  reading: sql.raw(`d.state in ('pending', 'parsing', 'embedding')`),
  upkeep: sql.raw(`d.state in ('ready', 'failed', 'skipped', 'deleted')`),
}

type Change = (claim: Claim, set: RawBuilder<unknown>) => Promise<DocumentRow | undefined>

/** What people read from now on. */
function show({ type, language, encoding, pages, chunks, characters, title }: Found): RawBuilder<unknown> {
  return sql`
    shown = d.generation, shown_hash = d.hash, type = ${type}, language = ${language}, encoding = ${encoding}, pages = ${pages}::integer,
    chunks = ${chunks}::integer, characters = ${characters}::bigint,
    title = case when d.title_given then d.title when ${title} <> '' then ${title} else d.name end`
}

/** Pieces of a file that is no longer there are not shown; those of the same file, which was to be read once more, are. */
const NOTHING_SHOWN = ['shown', 'chunks', 'pages', 'characters']
  .map(name => `${name} = case when d.shown_hash = d.hash then d.${name} else 0 end`)
  .join(', ')

function createSteps(change: Change, database: Kysely<unknown>): Pick<JobStore, 'got' | 'parsed' | 'ready'> {
  return {
    async got(claim, { blob, sizeBytes, hash, name, mediaType, etag, lastModified }) {
      const { rows } = await sql<DocumentRow>`
        with old as (
          select d.id, d.blob from document.documents d where ${held(claim)} for update
        ), freed as (
          insert into document.loose_blobs (name, due_at) select blob, now() from old where blob <> '' and blob <> ${blob}
          on conflict (name) do update set due_at = excluded.due_at
        ), kept as (
          delete from document.loose_blobs where name = ${blob} and exists (select from old)
        )
        update document.documents d set blob = ${blob}, size_bytes = ${sizeBytes}::bigint, hash = ${hash}, name = ${name},
          title = case when d.title_given or d.shown > 0 then d.title else ${name} end, media_type = ${mediaType},
          etag = ${etag}, last_modified = ${lastModified}, refetch = '', waits = 0, version = d.version + 1, updated_at = now()
        from old where d.id = old.id returning ${COLUMNS}`.execute(database)
      return rows[0]
    },
    parsed: (claim, found, isFirst) =>
      change(
        claim,
        sql`state = 'embedding', progress = 0, message = '', crashes = 0, waits = 0, reading = ${JSON.stringify(found)}::jsonb,
          new_chunks = ${found.chunks - found.kept}::integer, kept_chunks = ${found.kept}::integer
          ${isFirst ? sql`, ${show(found)}` : sql``}`,
      ),
    ready: (claim, found, { model, byWords, message }) =>
      change(
        claim,
        sql`state = 'ready', progress = 1, code = '', message = ${message}, 
          without_vectors = ${byWords}::boolean and exists (select from document.objects o where o.document = d.id and o.model = ''),
          model = ${model}, reading = null, waits = 0, due_at = now(), ${show(found)},
          models = array(select distinct o.model from document.objects o where o.document = d.id order by 1)`,
      ),
  }
}

function createEnds(
  change: Change,
  database: Kysely<unknown>,
): Pick<JobStore, 'unchanged' | 'end' | 'settled' | 'drop'> {
  return {
    unchanged: (claim, message) =>
      change(
        claim,
        sql`state = 'ready', progress = 1, code = '', refetch = '', message = ${message}, waits = 0, generation = d.shown, lease = null`,
      ),
    end: (claim, state, code, message) =>
      change(
        claim,
        sql`state = ${state}, code = ${code}, message = ${message}, reading = null, refetch = '', waits = 0, due_at = now(),
          ${sql.raw(NOTHING_SHOWN)}`,
      ),
    async settled(claim, { object_version, state }) {
      await sql`
        update document.documents d set due_at = null, waits = 0,
          models = array(select distinct o.model from document.objects o where o.document = d.id order by 1)
        where ${held(claim)} and d.object_version = ${object_version}::integer and d.state = ${state}`.execute(database)
    },
    async drop(claim) {
      await sql`delete from document.documents d where ${held(claim)} and d.state = 'deleted'`.execute(database)
    },
  }
}

function createWaiting(
  database: Kysely<unknown>,
): Pick<JobStore, 'release' | 'isInTheWay' | 'yield' | 'nextDueMs' | 'takeOver'> {
  return {
    async isInTheWay(claim) {
      // What came just now may be taken by somebody who has nothing to do.
      const { rows } = await sql<{ waits: boolean }>`
        select exists (
          select from document.documents d, document.documents w where ${held(claim)}
            and w.due_at < now() - interval '200 milliseconds' and (w.lease is null or w.lease_until < now())
            and w.state in ('pending', 'parsing', 'embedding') and w.size_bytes < d.size_bytes / 4
        ) as waits`.execute(database)
      return rows[0]?.waits ?? false
    },
    async yield(claim) {
      await sql`
        update document.documents d set lease = null, due_at = now(), attempts = d.attempts - 1 where ${held(claim)}`.execute(
        database,
      )
    },
    async release({ id, lease }, afterMs) {
      const due =
        afterMs === undefined
          ? sql``
          : sql`, waits = d.waits + 1, due_at = now() + ${afterMs}::bigint * interval '1 millisecond'`
      await sql`update document.documents d set lease = null${due} where d.id = ${id} and d.lease = ${lease}`.execute(
        database,
      )
    },
    async nextDueMs(lane) {
      const { rows } = await sql<{ ms: number | null }>`
        select (extract(epoch from min(greatest(d.due_at, case when d.lease is null then d.due_at else d.lease_until end)) - now()) * 1000)::float8 as ms
        from document.documents d where d.due_at is not null and ${LANES[lane]}`.execute(database)
      const ms = rows[0]?.ms
      return ms === null || ms === undefined ? undefined : Math.max(0, ms)
    },
    async takeOver() {
      await sql`update document.documents set lease_until = now() - interval '1 second' where lease is not null`.execute(
        database,
      )
    },
  }
}
