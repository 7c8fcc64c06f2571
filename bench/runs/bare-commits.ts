import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

/** A row, and who waits for it. */
interface Pending {
  readonly run: string
  readonly texts: string
  resolve(): void
  reject(error: unknown): void
}

/** Commits rows; those that come while one commit is on its way go together into the next. */
export interface BareCommits {
  put(run: string, texts: string): Promise<void>
  /** One commit of so many rows. */
  commit(rows: readonly { readonly run: string; readonly texts: string }[]): Promise<void>
}

const INSERT = 'insert into bare select run, texts from json_to_recordset($1::json) as r(run text, texts text)'
const TABLE = 'create table if not exists bare (run text not null, texts text not null)'

/** On a PostgreSQL server (a URL), or on PGlite in a folder. */
export async function openBareCommits(where: string): Promise<BareCommits> {
  const query = await openDatabase(where)
  const commit: BareCommits['commit'] = rows => query([JSON.stringify(rows)])
  let waiting: Pending[] = []
  let isWorking = false
  const work = async () => {
    isWorking = true
    while (waiting.length > 0) {
      await new Promise(resolve => setImmediate(resolve))
      const taken = waiting
      waiting = []
      await commit(taken.map(({ run, texts }) => ({ run, texts }))).then(
        () => taken.forEach(({ resolve }) => resolve()),
        (error: unknown) => taken.forEach(({ reject }) => reject(error)),
      )
    }
    isWorking = false
  }
  return {
    commit,
    put: (run, texts) =>
      new Promise((resolve, reject) => {
        waiting.push({ run, texts, resolve, reject })
        if (!isWorking) void work()
      }),
  }
}

async function openDatabase(where: string): Promise<(values: string[]) => Promise<void>> {
  if (where.startsWith('postgres')) {
    const client = new pg.Client(where)
    await client.connect()
    await client.query(TABLE)
    return async values => void (await client.query({ name: 'put', text: INSERT, values }))
  }
  const database = await PGlite.create(where)
  await database.exec(TABLE)
  return async values => void (await database.query(INSERT, values))
}

/** The entries of a run of three nodes, as ours are: about as many bytes. */
export const RUN_TEXTS = Array.from({ length: 4 }, (_, index) =>
  JSON.stringify({
    ...{ seq: index + 1, at: 1_763_000_000_000, kind: 'node.ended', node: 'say', activation: '0123456789abcdef' },
    ...{ outputs: { greeting: 'Hello world' }, pulses: ['out'], digest: '0123456789abcdef' },
  }),
).join('\n')
