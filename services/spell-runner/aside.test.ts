// Runs that wait, are put aside, taken up again, left behind.
import { describe, expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { delayed, spellOf } from '#nodes/examples.suite.ts'
import { as, create, entriesOf, json, ofKind, read, start, system, until } from './kit.suite.ts'
import type { Runner } from './kit.suite.ts'

const runOf = async (runner: Runner, runId: string) => (await runner.getRun({ runId })).run
const pausedBefore = (node: string) => (entry: Entry) => entry.kind === 'run.paused' && entry.before === node
/** Asks something harmless until the run is under another attempt: then it has been put aside in between. */
async function putAside(runner: Runner, runId: string): Promise<void> {
  const { attempt } = (await runOf(runner, runId)) ?? {}
  for (let now = attempt; now === attempt;) {
    await new Promise(resolve => setTimeout(resolve, 10))
    now = (await runner.pauseRun({ runId })).run?.attempt
  }
}

const logs = (...nodes: readonly string[]) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      ...Object.fromEntries(nodes.map(node => [node, { type: 'debug/log', values: { value: node } }])),
    },
    nodes.map((node, index) => [`${nodes[index - 1] ?? 'start'}.out`, `${node}.in`]),
  )

const asking = (config: object = {}) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      ask: { type: 'flow/ask', config: { prompt: 'Well?', ...config } },
      out: { type: 'flow/output', config: { name: 'said' } },
      beside: { type: 'debug/log', values: { value: 'beside' } },
    },
    [
      ['start.out', 'ask.in'],
      ['start.out', 'beside.in'],
      ['ask.answered', 'out.in'],
      ['ask.text', 'out.value'],
    ],
  )

describe('a run that is put aside', () => {
  test('stops at the breakpoints that it was given last', async () => {
    await using running = await system({ RUN_IDLE_MS: '0' })
    const runner = as(running, 'ada')
    const { id: runId } = await start(runner, await create(runner, logs('a', 'b', 'c', 'd')), { breakpoints: ['a'] })
    await runner.playRun({ runId, step: true, setBreakpoints: true, breakpoints: ['d'] })
    await until(runner, runId, pausedBefore('b'))
    await putAside(runner, runId)
    await runner.playRun({ runId })
    expect(await until(runner, runId, pausedBefore('d'))).toMatchObject({ reason: 'breakpoint' })
    await putAside(runner, runId)
    await runner.playRun({ runId })
    await until(runner, runId, ofKind('run.completed'))
  })

  test('lets the time of a question pass though it is paused', async () => {
    await using running = await system({ RUN_IDLE_MS: '0' })
    const runner = as(running, 'ada')
    const spell = asking({ deadlineMs: 300, onExpire: 'continue' })
    const { id: runId } = await start(runner, await create(runner, spell), { breakpoints: ['beside'] })
    expect(await until(runner, runId, ofKind('run.answered'))).toMatchObject({ choice: 'expired' })
    expect((await runOf(runner, runId))?.status).toBe('paused')
    const { attempt = 0 } = (await runOf(runner, runId)) ?? {}
    await putAside(runner, runId)
    expect((await runOf(runner, runId))?.attempt).toBe(attempt + 1)
    await runner.playRun({ runId })
    await until(runner, runId, ofKind('run.completed'))
  })

  test('does not take others with it when its time comes', async () => {
    await using running = await system({ RUN_IDLE_MS: '0', RUN_LEASE_MS: '1000' })
    const runner = as(running, 'ada')
    const waiting = spellOf({ start: { type: 'flow/start' }, wait: { type: 'time/wait', config: { forMs: 1_600 } } }, [
      ['start.out', 'wait.in'],
    ])
    const long = await start(runner, await create(runner, delayed(3_000)), { detached: true })
    const short = await start(runner, await create(runner, waiting))
    expect(short.status).toBe('waiting')
    await until(runner, short.id, ofKind('run.completed'))
    await until(runner, long.id, ofKind('run.completed'))
    expect(await runOf(runner, long.id)).toMatchObject({ status: 'completed', attempt: 1 })
  })

  test('is taken up once, whoever asks it while its time comes', async () => {
    await using running = await system({ RUN_IDLE_MS: '0', RUNS_PER_USER: '10' })
    const runner = as(running, 'ada')
    const spell = await create(runner, asking({ deadlineMs: 400, onExpire: 'continue' }))
    const runs = await Promise.all(Array.from({ length: 10 }, () => start(runner, spell)))
    const busy = runs.map(async ({ id: runId }) => {
      let isOver = false
      const over = until(runner, runId, entry => 'lastSeq' in entry).finally(() => void (isOver = true))
      const refused: unknown[] = []
      while (!isOver) {
        await runner.playRun({ runId }).catch((error: { code?: string }) => void refused.push(error.code))
        await new Promise(resolve => setTimeout(resolve, 2))
      }
      expect(new Set(refused).difference(new Set(['FAILED_PRECONDITION', 'UNAVAILABLE']))).toEqual(new Set())
      return over
    })
    expect((await Promise.all(busy)).map(({ kind }) => kind)).toEqual(runs.map(() => 'run.completed'))
    // None of them is still counted as being at work.
    const again = await Promise.all(Array.from({ length: 10 }, () => start(runner, spell)))
    expect(again.map(({ status }) => status)).toEqual(again.map(() => 'waiting'))
  })
})

describe('when something is gone', () => {
  test('a run whose sub-spell was deleted ends, and says why, when it should go on', async () => {
    await using running = await system({ RUN_IDLE_MS: '0' })
    const runner = as(running, 'ada')
    const inner = await create(runner, asking())
    const outer = spellOf(
      { start: { type: 'flow/start' }, sub: { type: 'flow/sub-spell', config: { spell: inner } } },
      [['start.out', 'sub.in']],
    )
    const { id: runId } = await start(runner, await create(runner, outer))
    const waiting = await until(runner, runId, ofKind('run.waiting'))
    await putAside(runner, runId)
    await runner.playRun({ runId })
    await putAside(runner, runId)
    await runner.deleteSpell({ spellId: inner })
    // One more time it may be at work still.
    const activation = 'activation' in waiting ? waiting.activation : ''
    for (let status = 'paused'; status === 'paused';) {
      await new Promise(resolve => setTimeout(resolve, 10))
      await runner.pauseRun({ runId }).catch(() => undefined)
      status = (await runOf(runner, runId))?.status ?? ''
    }
    expect(await runOf(runner, runId)).toMatchObject({
      status: 'failed',
      error: { code: 'INTERNAL', message: expect.stringContaining('nodes.sub.config.spell') as unknown },
    })
    await expect(runner.answerRun({ runId, activation, value: json({ text: 'yes' }) })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    })
    expect((await runner.cancelRun({ runId })).run?.status).toBe('failed')
    await expect(runner.forkRun({ runId, seq: 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a run goes with its spell, at work or waiting', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    for (const spell of [asking(), delayed(60_000)]) {
      const spellId = await create(runner, spell)
      const { id: runId } = await start(runner, spellId, { detached: true })
      const waiting = start(runner, spellId, { idempotencyKey: spellId }).catch((error: unknown) => error)
      await until(runner, runId, ofKind('node.started'))
      await runner.deleteSpell({ spellId })
      for (const ask of [
        () => runner.getRun({ runId }),
        () => runner.answerRun({ runId, activation: 'x' }),
        () => runner.playRun({ runId }),
        () => runner.cancelRun({ runId }),
        () => runner.forkRun({ runId }),
        () => runner.getRunState({ runId }),
      ])
        await expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect([undefined, 'NOT_FOUND']).toContain(((await waiting) as { code?: string }).code)
    }
  })
})

test('a call with the same key is answered like the first where the run comes to wait', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const spell = spellOf(
    {
      start: { type: 'flow/start' },
      wait: { type: 'flow/delay', config: { ms: 200 } },
      ask: { type: 'flow/ask', config: { prompt: 'Well?' } },
    },
    [
      ['start.out', 'wait.in'],
      ['wait.out', 'ask.in'],
    ],
  )
  const spellId = await create(runner, spell)
  const first = start(runner, spellId, { idempotencyKey: 'k', detached: true })
  const second = start(runner, spellId, { idempotencyKey: 'k' })
  expect((await second).id).toBe((await first).id)
  expect((await second).status).toBe('waiting')
})

test('what a played run has given is in its record when it was stopped', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const spell = spellOf({ chat: { type: 'source/chat' }, out: { type: 'flow/output', config: { name: 'last' } } }, [
    ['chat.out', 'out.in'],
    ['chat.text', 'out.value'],
  ])
  const { id: runId } = await start(runner, await create(runner, spell))
  await runner.sendToRun({ runId, name: 'chat', message: json('hello') })
  const { run } = await runner.cancelRun({ runId })
  expect(run).toMatchObject({ status: 'cancelled' })
  expect(read(run?.outputs)).toEqual({ last: 'hello' })
  expect(await runOf(runner, runId)).toEqual(run)
  expect((await runner.listRuns({ spellId: run?.spellId ?? '' })).runs).toEqual([run])
})

describe('branching off what has not ended', () => {
  test('after its last entry, and with less to spend than it has spent', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const { id: runId } = await start(runner, await create(runner, logs('a', 'b', 'c')), { breakpoints: ['c'] })
    const seq = (await entriesOf(runner, runId)).length
    const { run, how } = await runner.forkRun({ runId, seq })
    expect(how).toBe('followed')
    expect(run).toMatchObject({ status: 'paused', forkedAt: seq })
    await runner.playRun({ runId: run?.id ?? '' })
    await until(runner, run?.id ?? '', ofKind('run.completed'))
    const poor = await runner.forkRun({ runId, seq: seq - 1, limits: { activations: 1 } })
    expect(poor.run).toMatchObject({ status: 'failed', error: { code: 'BUDGET' } })
    await expect(runner.forkRun({ runId, seq: seq + 1 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' })
  })

  test('where it was to stop is its own: a branch stops at its own breakpoints', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const { id: runId } = await start(runner, await create(runner, logs('a', 'b', 'c', 'd')), { breakpoints: ['a'] })
    await runner.playRun({ runId, setBreakpoints: true, breakpoints: ['b', 'c', 'd'] })
    const { seq } = await until(runner, runId, pausedBefore('b'))
    const { run } = await runner.forkRun({ runId, seq: seq - 1, breakpoints: ['d'] })
    expect((await entriesOf(runner, run?.id ?? '')).at(-1)).toMatchObject({ kind: 'run.paused', before: 'd' })
  })

  test('too many breakpoints are refused wherever they are set', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const spellId = await create(runner, logs('a'))
    const { id: runId } = await start(runner, spellId, { breakpoints: ['a'] })
    const many = Array.from({ length: 1_001 }, (_, index) => `n${index}`)
    for (const ask of [
      () => start(runner, spellId, { breakpoints: many }),
      () => runner.forkRun({ runId, breakpoints: many }),
      () => runner.playRun({ runId, setBreakpoints: true, breakpoints: many }),
      () => runner.playRun({ runId, setBreakpoints: true, breakpoints: ['n'.repeat(10_000)] }),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

test('an id that cannot be one is not found', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  for (const id of ['\0', 'r_\ud800', "r' or 1=1", 'x'.repeat(10_000)])
    for (const ask of [
      () => runner.getRun({ runId: id }),
      () => runner.pauseRun({ runId: id }),
      () => runner.forkRun({ runId: id }),
      () => runner.listEntries({ runId: id }),
      () => runner.getRunState({ runId: id }),
      () => runner.getBlob({ runId: id, hash: id }),
      () => runner.getSpell({ spellId: id }),
      () => runner.listRuns({ spellId: id }),
      () => runner.startRun({ spellId: id }),
      () => runner.deleteSpell({ spellId: id }),
      () => runner.updateSpell({ spellId: id, baseRevision: 1, document: json(asking()) }),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const sub = { start: { type: 'flow/start' }, sub: { type: 'flow/sub-spell', config: { spell: '\0' } } }
  const spellId = await create(runner, spellOf(sub, [['start.out', 'sub.in']]))
  await expect(start(runner, spellId)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(start(runner, spellId, { idempotencyKey: '\0' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  for (const name of ['a\0b', 'a\ud800'])
    await expect(create(runner, { ...asking(), name })).rejects.toMatchObject({ problems: [{ path: 'name' }] })
})

test('a long answer is refused before it costs the run', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const { id: runId } = await start(runner, await create(runner, asking()))
  const waiting = await until(runner, runId, ofKind('run.waiting'))
  const activation = 'activation' in waiting ? waiting.activation : ''
  const answer = (length: number) => runner.answerRun({ runId, activation, value: json({ text: 'x'.repeat(length) }) })
  await expect(answer(900_000)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', problems: [{ path: 'value' }] })
  await answer(250_000)
  await until(runner, runId, ofKind('run.completed'))
})

test('state that runs change at the same time: what each did is done, also where both did the same', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const code = (expression: string) => ({ type: 'math/calculate', config: { expression } })
  const spellId = await create(
    runner,
    spellOf(
      {
        start: { type: 'flow/start' },
        read: { type: 'state/read', config: { key: 'n' }, values: { otherwise: 0 } },
        add: code('n + 1'),
        count: { type: 'state/write', config: { key: 'n' } },
        list: { type: 'state/write', config: { key: 'list', mode: 'append' }, values: { value: 'x' } },
        name: { type: 'flow/input', config: { name: 'name', type: 'string' } },
        pairs: { type: 'state/write', config: { key: 'pairs', mode: 'combine' }, values: { value: { seen: 1 } } },
        word: { type: 'state/write', config: { key: 'word' } },
      },
      [
        ['start.out', 'count.in'],
        ['read.value', 'add.n'],
        ['add.result', 'count.value'],
        ['count.out', 'list.in'],
        ['list.out', 'pairs.in'],
        ['pairs.out', 'word.in'],
        ['name.value', 'word.value'],
      ],
    ),
  )
  const stateOf = async () => {
    const { id: runId } = await start(runner, spellId, { inputs: json({ name: '-' }), breakpoints: ['count'] })
    const [begun] = await entriesOf(runner, runId)
    await runner.cancelRun({ runId })
    return begun?.kind === 'run.started' ? begun.state : undefined
  }
  const both = await Promise.all(
    ['a', 'b'].map(name => start(runner, spellId, { inputs: json({ name }), breakpoints: ['count'] })),
  )
  for (const { id: runId } of both) {
    await runner.playRun({ runId })
    await until(runner, runId, ofKind('run.completed'))
  }
  expect(await stateOf()).toEqual({ n: 2, list: ['x', 'x'], pairs: { seen: 2 }, word: 'b' })
})
