import { expect, test } from '@jest/globals'
import { digestOfEntries } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { delayed, greeter, spellOf } from '#nodes/examples.suite.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

const system = () => embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
const as = (running: TestSystem, user: string) => running.as(user).client(SpellRunnerServiceDefinition)
type Runner = ReturnType<typeof as>

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString() || 'null') as unknown
const counter = spellOf(
  {
    start: { type: 'flow/start' },
    read: { type: 'state/read', config: { key: 'n' }, values: { otherwise: 0 } },
    add: { type: 'math/calculate', config: { expression: 'n + 1' } },
    write: { type: 'state/write', config: { key: 'n' } },
    out: { type: 'flow/output', config: { name: 'n' } },
  },
  [
    ['start.out', 'write.in'],
    ['read.value', 'add.n'],
    ['add.result', 'write.value'],
    ['write.out', 'out.in'],
    ['write.value', 'out.value'],
  ],
)

async function create(runner: Runner, spell: object): Promise<string> {
  const { spell: made } = await runner.createSpell({ document: json(spell) })
  return made?.id ?? ''
}
async function run(runner: Runner, spellId: string, inputs = {}, more = {}) {
  const { run: made } = await runner.startRun({ spellId, inputs: json(inputs), ...more })
  if (!made) throw new Error('no run')
  return made
}
async function entriesOf(runner: Runner, runId: string): Promise<Entry[]> {
  const { entries } = await runner.listEntries({ runId })
  return read(entries) as Entry[]
}

test('a run gives its outputs, and a journal that its digest fits', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const made = await run(runner, await create(runner, greeter), { who: 'Ada \u0000 \ud800' })
  expect(made).toMatchObject({ status: 'completed', attempt: 1, spellRevision: 1 })
  expect(read(made.outputs)).toEqual({ greeting: 'Hello Ada \u0000 \ud800' })
  const entries = await entriesOf(runner, made.id)
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  expect(made.lastSeq).toBe(entries.length)
  expect(digestOfEntries(entries)).toBe(made.digest)
  const { run: stored } = await runner.getRun({ runId: made.id })
  expect(stored).toEqual(made)
  const { runs } = await runner.listRuns({ spellId: made.spellId })
  expect(runs).toEqual([made])
  const { state } = await runner.getRunState({ runId: made.id })
  expect(read(state)).toMatchObject({
    status: 'completed',
    seq: made.lastSeq,
    outputs: { greeting: 'Hello Ada \u0000 \ud800' },
  })
})

test('bad documents and bad inputs are refused with every problem, and nothing is stored', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const bad = spellOf({ a: { type: 'nothing/like-it' }, b: { type: 'flow/delay', config: { ms: -1 } } }, [
    ['a.x', 'c.y'],
  ])
  await expect(runner.createSpell({ document: json(bad) })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'nodes.a.type' }, { path: 'nodes.b.config.ms' }, { path: 'wires[0]' }],
  })
  expect((await runner.listSpells({})).spells).toEqual([])
  const id = await create(runner, greeter)
  await expect(run(runner, id, { whom: 1 })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'inputs.whom' }],
  })
  expect((await runner.listRuns({ spellId: id })).runs.filter(({ status }) => status !== 'completed')).toEqual([])
})

test('what belongs to somebody else is not found', async () => {
  await using running = await system()
  const [ada, bob] = [as(running, 'ada'), as(running, 'bob')]
  const id = await create(ada, greeter)
  const made = await run(ada, id)
  for (const attempt of [
    () => bob.getSpell({ spellId: id }),
    () => bob.updateSpell({ spellId: id, baseRevision: 1, document: json(greeter) }),
    () => bob.deleteSpell({ spellId: id }),
    () => bob.startRun({ spellId: id }),
    () => bob.listRuns({ spellId: id }),
    () => bob.getRun({ runId: made.id }),
    () => bob.listEntries({ runId: made.id }),
    () => bob.getRunState({ runId: made.id }),
    () => bob.cancelRun({ runId: made.id }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
  expect((await bob.listSpells({})).spells).toEqual([])
})

test('a spell goes with its runs and their entries, and takes nothing else with it', async () => {
  await using running = await system()
  const ada = as(running, 'ada')
  const [gone, kept] = [await create(ada, greeter), await create(ada, greeter)]
  const [removed, other] = [await run(ada, gone), await run(ada, kept)]
  await ada.deleteSpell({ spellId: gone })
  await expect(ada.getRun({ runId: removed.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const entries = await running.database.transaction(session =>
    session.query<{ run: string; count: number }>(
      'select run, sum(last_seq - first_seq + 1)::integer as count from spell_runner.batches group by run',
    ),
  )
  expect(entries).toEqual([{ run: other.id, count: 5 }])
})

test('a change that started from an older revision is refused with both versions', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const id = await create(runner, greeter)
  const { spell } = await runner.updateSpell({
    spellId: id,
    baseRevision: 1,
    document: json({ ...greeter, name: 'Second' }),
  })
  expect(spell).toMatchObject({ revision: 2, name: 'Second' })
  await expect(
    runner.updateSpell({ spellId: id, baseRevision: 1, document: json({ ...greeter, name: 'Third' }) }),
  ).rejects.toMatchObject({
    code: 'ABORTED',
    details: { current: { revision: 2, name: 'Second' }, yours: { baseRevision: 1, document: { name: 'Third' } } },
  })
  expect((await runner.getSpell({ spellId: id, revision: 1 })).spell?.name).toBeDefined()
})

test('state is kept per user from run to run, unless a run brings its own', async () => {
  await using running = await system()
  const [ada, bob] = [as(running, 'ada'), as(running, 'bob')]
  const [hers, his] = [await create(ada, counter), await create(bob, counter)]
  expect(read((await run(ada, hers)).outputs)).toEqual({ n: 1 })
  expect(read((await run(ada, hers)).outputs)).toEqual({ n: 2 })
  expect(read((await run(bob, his)).outputs)).toEqual({ n: 1 })
  expect(read((await run(ada, hers, {}, { state: json({ n: 41 }) })).outputs)).toEqual({ n: 42 })
  expect(read((await run(ada, hers)).outputs)).toEqual({ n: 3 })
})

test('the same idempotency key gives the same run, also to calls at the same time', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const id = await create(runner, counter)
  const same = await Promise.all(Array.from({ length: 5 }, () => run(runner, id, {}, { idempotencyKey: 'once' })))
  expect(new Set(same.map(one => one.id)).size).toBe(1)
  expect(same.map(one => read(one.outputs))).toEqual(Array.from({ length: 5 }, () => ({ n: 1 })))
})

test('a cancelled run ends as cancelled, and says so', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const made = await run(runner, await create(runner, delayed(60_000)), {}, { detached: true })
  expect(made.status).toBe('running')
  const { run: cancelled } = await runner.cancelRun({ runId: made.id })
  expect(cancelled).toMatchObject({ status: 'cancelled' })
  expect((await entriesOf(runner, made.id)).at(-1)).toMatchObject({
    kind: 'run.cancelled',
    reason: 'cancelled by its user',
  })
})

test('watching tells every entry once and in order, from any position, and ends with the run', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const loop = spellOf(
    {
      start: { type: 'flow/start' },
      list: { type: 'data/list', config: { count: 3 }, values: { a: 1, b: 2, c: 3 } },
      each: { type: 'flow/for-each' },
      wait: { type: 'flow/delay', config: { ms: 5 } },
    },
    [
      ['start.out', 'each.in'],
      ['list.list', 'each.list'],
      ['each.each', 'wait.in'],
    ],
  )
  const made = await run(runner, await create(runner, loop), {}, { detached: true })
  const watch = async (after: number) => {
    const seen: Entry[] = []
    for await (const { entries } of runner.watchRun({ runId: made.id, after }))
      seen.push(...entries.map(one => read(one) as Entry))
    return seen
  }
  const [whole, tail] = await Promise.all([watch(0), watch(3)])
  expect(whole.map(({ seq }) => seq)).toEqual(whole.map((_, index) => index + 1))
  expect(whole.at(-1)?.kind).toBe('run.completed')
  expect(tail).toEqual(whole.slice(3))
  expect(await watch(0)).toEqual(whole)
})

test('a thousand runs of different users do not mix', async () => {
  await using running = await system()
  const users = Array.from({ length: 20 }, (_, index) => as(running, `user${index}`))
  const spells = await Promise.all(users.map(user => create(user, greeter)))
  const rounds = Array.from({ length: 1_000 }, (_, index) => index)
  const all = await Promise.all(
    rounds.map(async index => {
      const user = index % users.length
      const runner = users[user]
      // At most 20 of one user at once: each waits for the one before.
      return runner ? { index, user, id: spells[user] ?? '', runner } : undefined
    }),
  )
  const results: unknown[] = []
  await Promise.all(
    users.map(async (runner, user) => {
      for (const one of all.filter(each => each?.user === user))
        results.push([
          one?.index,
          read((await run(runner, spells[user] ?? '', { who: `u${user}r${one?.index}` })).outputs),
        ])
    }),
  )
  expect(results).toHaveLength(1_000)
  for (const [index, outputs] of results as [number, unknown][])
    expect(outputs).toEqual({ greeting: `Hello u${index % users.length}r${index}` })
})

test('more runs at once than a user may have are refused', async () => {
  await using running = await embedded({ services: ['spell-runner'], settings: { RUNS_PER_USER: '2' } })
  const runner = as(running, 'ada')
  const id = await create(runner, delayed(60_000))
  await run(runner, id, {}, { detached: true })
  await run(runner, id, {}, { detached: true })
  await expect(run(runner, id, {}, { detached: true })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
})

test('a node that fails fails its run with its own words', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const broken = spellOf(
    {
      start: { type: 'flow/start' },
      code: { type: 'code/javascript', config: { code: 'console.log("here")\nthrow new RangeError("too far")' } },
    },
    [['start.out', 'code.in']],
  )
  const made = await run(runner, await create(runner, broken))
  expect(made).toMatchObject({
    status: 'failed',
    error: { code: 'CODE_ERROR', message: 'RangeError: too far (line 2)', node: 'code' },
  })
})
