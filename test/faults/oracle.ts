// Looks into the database while faults happen: what is committed must stay.
import pg from 'pg'
import type { Sample, StoredRun } from './history.ts'

/** Takes samples until it is closed. */
export interface Oracle extends AsyncDisposable {
  readonly samples: readonly Sample[]
  /** One more, now; waits until the database answers. */
  look(): Promise<Sample>
  /** The state of a spell, by key. */
  state(spell: string): Promise<ReadonlyMap<string, unknown>>
  /** Rows of a query of one's own. */
  query(text: string): Promise<readonly object[]>
}

interface Row {
  readonly id: string
  readonly owner: string
  readonly spell: string
  readonly status: string
  readonly attempt: number
  readonly last_seq: string
  readonly digest: string
  readonly ended_at: string
  readonly texts: string | null
  readonly orphan: boolean
}

const LOOK = `
  select r.id, r.owner, r.spell, r.status, r.attempt, r.last_seq, r.digest, r.ended_at,
    (select string_agg(b.texts, E'\\n' order by b.first_seq) from spell_runner.batches b where b.run = r.id) as texts,
    r.ended_at = 0 and r.status = 'running' and r.asleep_until = 0
      and not exists (select 1 from spell_runner.runners l where l.id = r.runner and l.lease_until >= now()) as orphan
  from spell_runner.runs r`

export function openOracle(url: string, everyMs: number): Oracle {
  const pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 2_000, statement_timeout: 20_000 })
  pool.on('error', () => {
    // The database is away: the next look tells.
  })
  const samples: Sample[] = []
  let closed = false
  const query = async <T extends object>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> => {
    for (const until = performance.now() + 60_000; ;) {
      try {
        return (await pool.query<T>(text, [...values])).rows
      } catch (error) {
        if (closed || performance.now() > until) throw error
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    }
  }
  const look = async () => {
    const rows = await query<Row>(LOOK)
    const runs = new Map(rows.map(row => [row.id, toStored(row)]))
    const orphans = rows.filter(({ orphan }) => orphan).map(({ id }) => id)
    const sample = { at: performance.now(), runs, orphans }
    samples.push(sample)
    return sample
  }
  const looking = (async () => {
    while (!closed) {
      await look().catch(() => undefined)
      await new Promise(resolve => setTimeout(resolve, everyMs))
    }
  })()
  return {
    samples,
    look,
    query,
    async state(spell) {
      const rows = await query<{ key: string; value: unknown }>(
        'select key, value from spell_runner.state where spell = $1',
        [spell],
      )
      return new Map(rows.map(({ key, value }) => [key, value]))
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await looking
      await pool.end()
    },
  }
}

function toStored({
  id,
  owner,
  spell,
  status,
  attempt,
  last_seq: lastSeq,
  digest,
  ended_at: endedAt,
  texts,
}: Row): StoredRun {
  return {
    ...{ id, owner, spell, status, attempt, digest },
    lastSeq: Number(lastSeq),
    ended: Number(endedAt) > 0,
    texts: texts === null ? [] : texts.split('\n'),
  }
}
