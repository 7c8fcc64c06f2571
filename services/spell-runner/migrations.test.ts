import { expect, test } from '@jest/globals'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Database } from '#mesh/database.ts'
import { migrate } from '#mesh/migrate.ts'
import { openTestDatabase } from '#mesh/testing.ts'
import { commitBatches } from './runs/commit.ts'
import type { RunBatch } from './runs/commit.ts'
import { createRunStore } from './runs/store.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

/** The schema as it was after so many migrations. */
async function migrateTo(database: Database, last: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-migrations-'))
  cpSync(FOLDER, folder, { recursive: true, filter: path => !(Number(/(\d{4})-[^/]*$/.exec(path)?.[1]) > last) })
  await migrate(database, 'spell-runner', { folder: pathToFileURL(`${folder}/`) })
  rmSync(folder, { recursive: true })
}

const LAST = 8

const entry = (seq: number) => `{"seq":${seq},"at":1,"kind":"node.log"}`

function batch(run: string, previous: number, count: number, more: Partial<RunBatch> = {}): RunBatch {
  const texts = Array.from({ length: count }, (_, index) => entry(previous + index + 1))
  return { run, attempt: 1, previous, texts, make: undefined, change: undefined, state: [], blobs: [], ...more }
}

const make = {
  ...{ owner: 'ada', spell: 's_1', revision: 1, draft: null, library: '{}', limits: '{}', mode: '{}', inputs: '{}' },
  ...{ session: '', keeps_state: false, started_at: Date.now() - 100 * 86_400_000 },
}

test.each([true, false])(
  'journals of before stand under the day of the change, are read as they were, and go on (one that commits: %s)',
  async hasFunction => {
    await using database = await openTestDatabase()
    const { kysely } = database
    await migrateTo(database, 5)
    const blobs = [{ hash: 'h', value: `"${'x'.repeat(40_000)}"` }]
    const row = (run: string, count: number, endedAt: number) =>
      `('${run}', 'ada', 's_1', 1, '{}', '{}', '', false, '${endedAt > 0 ? 'completed' : 'running'}', '{}', '{}', ${count}, '', 1,
      ${endedAt > 0 ? 'null' : "'me'"}, 1, ${endedAt})`
    await database.transaction(async session => {
      await session.run(
        `insert into spell_runner.spells values ('s_1', 'ada', 'n', '', 1, 0, 0), ('s_2', 'ada', 'n', '', 1, 0, 0);
       insert into spell_runner.runs (id, owner, spell, revision, library, limits, session, keeps_state, status, inputs, outputs, last_seq, digest, attempt,
         runner, started_at, ended_at) values ${row('r_old', 3, 0)}, ${row('r_done', 2, 5)};
       insert into spell_runner.batches values ('r_old', 1, 3, '${[1, 2, 3].map(entry).join('\n')}'), ('r_done', 1, 2, '${[1, 2].map(entry).join('\n')}');
       insert into spell_runner.blobs values ('r_old', 'h', '${blobs[0]?.value ?? ''}')`,
      )
      if (hasFunction)
        await session.run(
          `create function spell_runner.commit_batches(json, json, json, text) returns setof text language sql as 'select null::text'`,
        )
    })
    const [{ today }] = (await database.transaction(session =>
      session.query<{ today: number }>('select floor(extract(epoch from now()) / 86400)::integer as today'),
    )) as [{ today: number }]
    await migrateTo(database, LAST)
    const store = createRunStore(kysely)
    expect(await store.journal('r_old')).toEqual([entry(1), entry(2), entry(3)])
    expect(await store.entries('ada', 'r_done', 1, 10)).toMatchObject({ texts: [entry(2)], ended: true })
    expect([...(await store.blobs('r_old'))]).toEqual(blobs.map(({ hash, value }) => [hash, value]))
    // The same once more changes nothing; what follows is added to it, with others of another day in the same commit.
    await database.transaction(session =>
      session.run(`update spell_runner.runs set journal_day = journal_day - 1; update spell_runner.batches set day = day - 1;
      update spell_runner.blobs set day = day - 1`),
    )
    const next = [batch('r_old', 3, 2, { blobs }), batch('r_new', 0, 1, { make: { ...make, spell: 's_2' }, blobs })]
    for (let times = 0; times < 2; times++)
      expect(await commitBatches(kysely, 'me', next)).toEqual(new Set(['r_old', 'r_new']))
    expect(await store.journal('r_old')).toEqual([1, 2, 3, 4, 5].map(entry))
    const rows = await database.transaction(session =>
      session.query(
        'select run, day, count(*)::integer as batches from spell_runner.batches group by run, day order by run',
      ),
    )
    expect(rows).toEqual([
      { run: 'r_done', day: today - 1, batches: 1 },
      { run: 'r_new', day: today, batches: 1 },
      { run: 'r_old', day: today - 1, batches: 2 },
    ])
    expect((await store.blobs('r_old')).size).toBe(1)
    expect((await store.blobs('r_new')).size).toBe(1)
  },
)

test('a folder without anything in it is brought up to date, and a runner that lost its run is refused as ever', async () => {
  await using database = await openTestDatabase()
  await migrateTo(database, LAST)
  await database.transaction(session =>
    session.run(`insert into spell_runner.spells values ('s_1', 'ada', 'n', '', 1, 0, 0)`),
  )
  const { kysely } = database
  expect(await commitBatches(kysely, 'me', [batch('r_1', 0, 1, { make })])).toEqual(new Set(['r_1']))
  expect(await commitBatches(kysely, 'other', [batch('r_1', 1, 1)])).toEqual(new Set())
  expect(await commitBatches(kysely, 'me', [batch('r_1', 5, 1)])).toEqual(new Set())
  expect(await createRunStore(kysely).journal('r_1')).toEqual([entry(1)])
})
