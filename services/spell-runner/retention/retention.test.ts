import { expect, test } from '@jest/globals'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOfEntries } from '#graph/digest.ts'
import { formatRecording } from '#graph/recording.ts'
import type { Recording } from '#graph/recording.ts'
import { createLog } from '#mesh/log.ts'
import { createMetrics } from '#mesh/telemetry.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { spellOf } from '#nodes/examples.suite.ts'
import { as, create, entriesOf, json, ofKind, read, start, system, until } from '../kit.suite.ts'
import { createPlans } from '../spells/plans.ts'
import { createSpellStore } from '../spells/store.ts'
import { createRegistry } from '#graph/registry.ts'
import { createRunStore } from '../runs/store.ts'
import { createStoredRuns } from '../runs/stored.ts'
import { createArchive } from './archive.ts'
import { createRetention } from './retention.ts'
import { createRetentionStore } from './store.ts'

const DAY_MS = 86_400_000
const TODAY = Math.floor(Date.now() / DAY_MS)

/** Says what it is given, twice over, large. */
const large = spellOf(
  {
    start: { type: 'flow/start' },
    text: { type: 'flow/input', config: { name: 'text', type: 'string' } },
    out: { type: 'flow/output', config: { name: 'text' } },
  },
  [
    ['start.out', 'out.in'],
    ['text.value', 'out.value'],
  ],
)
const asking = spellOf(
  {
    start: { type: 'flow/start' },
    ask: { type: 'flow/ask', config: { prompt: 'Well?' } },
    out: { type: 'flow/output', config: { name: 'said' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.answered', 'out.in'],
    ['ask.text', 'out.value'],
  ],
)

/** What looks after the journals of a system, as the process of a runner would; `look` is its hour. */
async function keeper({ database: { kysely } }: TestSystem, given: { folder?: string; instance?: string } = {}) {
  const { folder, instance = 'keeper' } = given
  const store = createRunStore(kysely)
  const spells = createSpellStore(kysely)
  const stored = createStoredRuns(store, spells, createPlans(spells, createRegistry({})))
  const metrics = createMetrics()
  const days = createRetentionStore(kysely)
  const retention = createRetention({
    ...{ store, days, instance, metrics },
    keepDays: 30,
    log: createLog('silent'),
    ...(folder === undefined ? {} : { archive: createArchive({ folder, instance, store, stored, spells }) }),
  })
  // The system's own looks once at its start.
  while (!(await days.claim(instance, 60_000))) await new Promise(resolve => setImmediate(resolve))
  return { ...retention, days, metrics, store }
}

/** Makes a run as old as if it had begun that many days ago, and ended then, or later. */
async function age(running: TestSystem, run: string, days: number, endedDays = days): Promise<void> {
  const day = TODAY - days
  await running.database.transaction(async session => {
    for (const kind of ['batches', 'blobs']) {
      const [there] = await session.query(`select to_regclass('spell_runner.${kind}_${day}') as name`)
      if ((there as { name: string | null }).name === null)
        await session.run(
          `create table spell_runner.${kind}_${day} partition of spell_runner.${kind} for values in (${day})`,
        )
      await session.query(`update spell_runner.${kind} set day = $1 where run = $2`, [day, run])
    }
    await session.query(
      `update spell_runner.runs set journal_day = $1, started_at = started_at - $2::bigint,
       ended_at = case when ended_at > 0 then ended_at - $3::bigint else 0 end where id = $4`,
      [day, days * DAY_MS, endedDays * DAY_MS, run],
    )
  })
}

/** The days that there are tables for, and how many rows stand in each. */
async function rowsByDay(running: TestSystem, kind = 'batches'): Promise<Record<string, number>> {
  return running.database.transaction(async session => {
    const tables = await session.query<{ name: string }>(
      `select relname as name from pg_inherits join pg_class on oid = inhrelid where inhparent = 'spell_runner.${kind}'::regclass`,
    )
    const rows: Record<string, number> = {}
    for (const { name } of tables) {
      const [found] = await session.query<{ count: number }>(
        `select count(*)::integer as count from spell_runner.${name}`,
      )
      const day = Number(name.slice(kind.length + 1))
      rows[Number.isNaN(day) ? 'other' : String(day - TODAY)] = found?.count ?? 0
    }
    return rows
  })
}

const fresh = { '0': 0, '1': 0, '2': 0, '3': 0, other: 0 }

test('the journal of a run that ended long ago goes with its day; its record stays and says what it gave', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const spellId = await create(runner, large)
  const text = 'x'.repeat(50_000)
  const old = await start(runner, spellId, { inputs: json({ text }) })
  const recent = await start(runner, spellId, { inputs: json({ text: 'short' }) })
  const [, ended] = await entriesOf(runner, old.id)
  const reference = ended && 'outputs' in ended ? (ended.outputs as { text: { $blob: string } }).text : undefined
  const { look, metrics } = await keeper(running)
  await age(running, old.id, 30)
  await look()
  expect(await entriesOf(runner, old.id)).toHaveLength(old.lastSeq)
  await age(running, old.id, 31, 1)
  await look()
  expect(await rowsByDay(running)).toEqual({ ...fresh, '-30': 0, '0': 1 })
  expect(await rowsByDay(running, 'blobs')).toEqual({ ...fresh, '-30': 0 })
  const gone = { code: 'NOT_FOUND', reason: 'JOURNAL_EXPIRED' }
  await expect(runner.listEntries({ runId: old.id })).rejects.toMatchObject(gone)
  await expect(runner.listEntries({ runId: old.id, after: old.lastSeq - 1 })).rejects.toMatchObject(gone)
  await expect(runner.getRunState({ runId: old.id })).rejects.toMatchObject(gone)
  await expect(until(runner, old.id, () => true)).rejects.toMatchObject(gone)
  await expect(runner.forkRun({ runId: old.id, seq: 1 })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    reason: 'JOURNAL_EXPIRED',
  })
  await expect(runner.getBlob({ runId: old.id, hash: reference?.$blob ?? '' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect(read((await runner.getRun({ runId: old.id })).run?.outputs)).toEqual({ text })
  // Who has all of it needs nothing more.
  expect(await runner.listEntries({ runId: old.id, after: old.lastSeq })).toMatchObject({ ended: true })
  expect(await entriesOf(runner, recent.id)).toHaveLength(recent.lastSeq)
  expect(await metrics.text()).toContain('spellmesh_journal_days_dropped_total 1')
})

test('a run that still waits is never lost, however long; nor one that ended a short time ago', async () => {
  await using running = await system({ RUN_IDLE_MS: '0' })
  const runner = as(running, 'ada')
  const waits = await start(runner, await create(runner, asking), { detached: true })
  const waiting = await until(runner, waits.id, ofKind('run.waiting'))
  const late = await start(runner, await create(runner, large), { inputs: json({ text: 'y'.repeat(50_000) }) })
  const gone = await start(runner, await create(runner, large), { inputs: json({ text: 'z' }) })
  const { look } = await keeper(running)
  // As if it were 70 days later.
  await age(running, waits.id, 70)
  await age(running, late.id, 70, 10)
  await age(running, gone.id, 70)
  const before = await entriesOf(runner, waits.id)
  await look()
  expect(await rowsByDay(running)).toEqual({ ...fresh, other: 1, '0': expect.any(Number) as unknown as number })
  expect(await rowsByDay(running, 'blobs')).toEqual({ ...fresh, other: 1 })
  expect(await entriesOf(runner, late.id)).toHaveLength(late.lastSeq)
  expect(await entriesOf(runner, waits.id)).toEqual(before)
  await expect(entriesOf(runner, gone.id)).rejects.toMatchObject({ reason: 'JOURNAL_EXPIRED' })
  const activation = 'activation' in waiting ? waiting.activation : ''
  await runner.answerRun({ runId: waits.id, activation, value: json({ text: 'at last' }) })
  await until(runner, waits.id, ofKind('run.completed'))
  const entries = await entriesOf(runner, waits.id)
  const { run } = await runner.getRun({ runId: waits.id })
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  expect([run?.digest, read(run?.outputs)]).toEqual([digestOfEntries(entries), { said: 'at last' }])
})

test('before a day is dropped its runs are written to files that the editor opens; a failure keeps the day', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-archive-'))
  await using running = await system()
  const runner = as(running, 'ada')
  const text = 'x'.repeat(50_000)
  const one = await start(runner, await create(runner, large), { inputs: json({ text }) })
  const two = await start(runner, await create(runner, large), { inputs: json({ text: 'short' }) })
  const entries = await entriesOf(runner, one.id)
  for (const { id } of [one, two]) await age(running, id, 40)
  // A file stands where the folder should be.
  const blocked = join(folder, 'blocked')
  writeFileSync(blocked, '')
  const failing = await keeper(running, { folder: blocked })
  await failing.look()
  expect(await failing.metrics.text()).toMatch(/not_archived_total 2\n[^]*days_stuck_total 1\n/)
  expect(await entriesOf(runner, one.id)).toEqual(entries)
  const date = new Date(Date.now() - 40 * DAY_MS).toISOString().slice(0, 10)
  const path = join(folder, ...date.split('-'))
  // What another one wrote, or began to write, before it died.
  const { days, store } = await keeper(running)
  const { look, metrics } = await keeper(running, { folder })
  const row = await days.run(two.id)
  const spells = createSpellStore(running.database.kysely)
  const stored = createStoredRuns(store, spells, createPlans(spells, createRegistry({})))
  if (row) await createArchive({ folder, instance: 'dead', store, stored, spells }).put(row)
  const inode = statSync(join(path, `${two.id}.run`)).ino
  writeFileSync(join(path, `${one.id}.run`), readFileSync(join(path, `${two.id}.run`), 'utf8').slice(0, 200))
  await look()
  expect(await metrics.text()).toMatch(/runs_archived_total 2\n/)
  expect(readdirSync(path).toSorted()).toEqual([`${one.id}.run`, `${two.id}.run`].toSorted())
  expect(statSync(join(path, `${two.id}.run`)).ino).toBe(inode)
  const written = readFileSync(join(path, `${one.id}.run`), 'utf8')
  const recording = JSON.parse(written) as Recording
  expect(recording).toMatchObject({
    format: 'run/1',
    spell: { nodes: { out: {} } },
    inputs: entries[0] && 'inputs' in entries[0] ? entries[0].inputs : {},
  })
  expect(Object.values(recording.blobs ?? {})).toEqual([text])
  expect([recording.entries, digestOfEntries(recording.entries)]).toEqual([entries, one.digest])
  expect(formatRecording(recording)).toBe(written)
  expect(await rowsByDay(running)).toEqual(fresh)
  rmSync(folder, { recursive: true })
})

test('what no day was made for is kept, and goes in its time; a day in use is not made twice', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  await running.database.transaction(session =>
    session.run(`drop table spell_runner.batches_${TODAY}; drop table spell_runner.blobs_${TODAY}`),
  )
  const { id, lastSeq } = await start(runner, await create(runner, large), { inputs: json({ text: 'a' }) })
  const { look, days } = await keeper(running)
  await look()
  const { '0': _, ...others } = fresh
  expect(await rowsByDay(running)).toEqual({ ...others, other: 1 })
  expect(await entriesOf(runner, id)).toHaveLength(lastSeq)
  await running.database.transaction(session =>
    session.run(
      `update spell_runner.batches set day = day - 40; update spell_runner.runs set journal_day = journal_day - 40, ended_at = 1`,
    ),
  )
  expect(await days.before(TODAY - 30)).toEqual([TODAY - 40])
  await look()
  expect(await rowsByDay(running)).toEqual(fresh)
})

test('one runner at a time looks after the days; one that is gone is replaced', async () => {
  await using running = await system()
  const { days } = await keeper(running, { instance: 'one' })
  expect(await days.claim('two', 60_000)).toBe(false)
  expect(await days.claim('one', 0)).toBe(true)
  expect(await days.claim('two', 60_000)).toBe(true)
  await days.unclaim('one')
  expect(await days.claim('one', 60_000)).toBe(false)
  await days.unclaim('two')
  expect(await days.claim('one', 60_000)).toBe(true)
})
