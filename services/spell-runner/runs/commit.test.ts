import { expect, test } from '@jest/globals'
import { spellOf } from '#nodes/examples.suite.ts'
import { as, create, system } from '../kit.suite.ts'
import { commitBatches } from './commit.ts'
import type { NewRun, RunBatch } from './commit.ts'

test('a batch that comes again is accepted and adds nothing; another one in its place is refused', async () => {
  await using running = await system()
  const spell = await create(as(running, 'ada'), spellOf({ start: { type: 'flow/start' } }, []))
  const make: NewRun = {
    ...{ owner: 'ada', spell, revision: 1, draft: null, session: '', keeps_state: false, started_at: 1 },
    ...{ library: '{}', limits: '{}', mode: '{}', inputs: '{}' },
  }
  const run = 'r_0123456789012345678901'
  const batch = (given: Partial<RunBatch>): RunBatch => ({
    ...{ run, attempt: 1, previous: 0, make: undefined, change: undefined, state: [], blobs: [] },
    texts: [],
    ...given,
  })
  const { kysely } = running.database
  const commit = async (given: Partial<RunBatch>, runner = 'one') =>
    (await commitBatches(kysely, runner, [batch(given)])).has(run)
  const stored = async () =>
    running.database.transaction(async session =>
      (
        await session.query<{ texts: string }>(
          'select texts from spell_runner.batches where run = $1 order by first_seq',
          [run],
        )
      ).map(({ texts }) => texts),
    )
  const first = { make, texts: ['{"a":1}', '{"a":2}'] }
  expect(await commit(first)).toBe(true)
  expect(await commit(first)).toBe(true)
  // The start was sent twice, and began twice under one id: as many entries, but others.
  expect(await commit({ make, texts: ['{"b":1}', '{"b":2}'] })).toBe(false)
  expect(await commit(first, 'two')).toBe(false)
  const next = { previous: 2, texts: ['{"a":3}'] }
  expect(await commit(next)).toBe(true)
  expect(await commit(next)).toBe(true)
  expect(await commit({ previous: 2, texts: ['{"c":3}'] })).toBe(false)
  expect(await commit({ previous: 1, texts: ['{"a":2}', '{"a":3}'] })).toBe(false)
  expect(await commit({ previous: 3, texts: ['{"a":4}'], attempt: 2 })).toBe(false)
  expect(await stored()).toEqual(['{"a":1}\n{"a":2}', '{"a":3}'])
})
