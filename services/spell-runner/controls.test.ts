import { describe, expect, test } from '@jest/globals'
import { digestOfEntries } from '#graph/digest.ts'
import { spellOf } from '#nodes/examples.suite.ts'
import { as, create, entriesOf, json, ofKind, read, start, system, until } from './kit.suite.ts'

/** start → first (text) → wait → second (text) → out */
const steps = (ms = 0) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      first: { type: 'text/case', config: { form: 'upper' }, values: { text: 'one' } },
      wait: { type: 'flow/delay', config: { ms } },
      note: { type: 'debug/log', values: { value: 'noted' } },
      out: { type: 'flow/output', config: { name: 'text' } },
    },
    [
      ['start.out', 'wait.in'],
      ['wait.out', 'note.in'],
      ['note.out', 'out.in'],
      ['first.text', 'out.value'],
    ],
  )

describe('pause and play', () => {
  test('a run stops before its breakpoint, and goes on step by step', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const made = await start(runner, await create(runner, steps()), { breakpoints: ['note'] })
    expect(made.status).toBe('paused')
    expect(await until(runner, made.id, ofKind('run.paused'))).toMatchObject({ reason: 'breakpoint', before: 'note' })
    await runner.playRun({ runId: made.id, step: true })
    expect(await until(runner, made.id, entry => entry.kind === 'run.paused' && entry.reason === 'step')).toMatchObject(
      { before: 'out' },
    )
    await runner.playRun({ runId: made.id })
    await until(runner, made.id, ofKind('run.completed'))
    const { run } = await runner.getRun({ runId: made.id })
    expect(run?.status).toBe('completed')
    expect(digestOfEntries(await entriesOf(runner, made.id))).toBe(run?.digest)
    await expect(runner.playRun({ runId: made.id })).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  })

  test('pausing while a node is at work lets it end, and starts nothing after it', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const made = await start(runner, await create(runner, steps(1_000)), { detached: true })
    await until(runner, made.id, ofKind('node.started'))
    const { run: paused } = await runner.pauseRun({ runId: made.id })
    expect(paused?.status).toBe('paused')
    await until(runner, made.id, entry => entry.kind === 'node.ended' && entry.node === 'wait')
    const { run: again } = await runner.pauseRun({ runId: made.id })
    expect(again?.status).toBe('paused')
    await runner.playRun({ runId: made.id })
    await until(runner, made.id, ofKind('run.completed'))
    const kinds = (await entriesOf(runner, made.id)).map(({ kind }) => kind)
    expect(kinds.filter(kind => kind === 'run.paused')).toHaveLength(1)
  })

  test('a run that only waits is put aside, and taken up when it is asked, cancelled, or its time has come', async () => {
    await using running = await system({ RUN_IDLE_MS: '0' })
    const runner = as(running, 'ada')
    const spellId = await create(runner, steps())
    /** Asks until it has been put aside in between: whoever takes it up writes under the next attempt. */
    const putAside = async (runId: string) => {
      for (let attempt = 1; attempt === 1;) {
        await new Promise(resolve => setTimeout(resolve, 10))
        attempt = (await runner.pauseRun({ runId })).run?.attempt ?? 0
      }
    }
    for (const [ask, status] of [
      [(runId: string) => runner.playRun({ runId }), 'run.completed'],
      [(runId: string) => runner.cancelRun({ runId }), 'run.cancelled'],
    ] as const) {
      const made = await start(runner, spellId, { breakpoints: ['note'] })
      await putAside(made.id)
      await ask(made.id)
      expect(await until(runner, made.id, entry => 'lastSeq' in entry)).toMatchObject({ kind: status })
      const { run } = await runner.getRun({ runId: made.id })
      expect(digestOfEntries(await entriesOf(runner, made.id))).toBe(run?.digest)
    }
  })

  test('somebody else’s run is not there', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const made = await start(runner, await create(runner, steps()), { breakpoints: ['note'] })
    const other = as(running, 'eve')
    for (const call of [
      () => other.pauseRun({ runId: made.id }),
      () => other.playRun({ runId: made.id }),
      () => other.answerRun({ runId: made.id, activation: 'x' }),
      () => other.sendToRun({ runId: made.id, name: 'x' }),
      () => other.forkRun({ runId: made.id, seq: 1 }),
      () => other.getRunDocuments({ runId: made.id }),
      () => other.getBlob({ runId: made.id, hash: 'x' }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(runner.sendToRun({ runId: made.id, name: 'x', message: json(1) })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    })
    await expect(runner.answerRun({ runId: made.id, activation: 'x', choice: 'maybe' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })
})

describe('branching off', () => {
  test('after an entry: what came before is the same, what comes after runs again', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const base = await start(runner, await create(runner, steps(1)))
    const before = await entriesOf(runner, base.id)
    const seq = before.findIndex(entry => entry.kind === 'node.ended' && entry.node === 'wait') + 1
    const { run, how } = await runner.forkRun({ runId: base.id, seq })
    expect(how).toBe('followed')
    expect(run).toMatchObject({ status: 'completed', forkedFrom: base.id, forkedAt: seq, spellRevision: 1 })
    expect(read(run?.outputs)).toEqual({ text: 'ONE' })
    const after = await entriesOf(runner, run?.id ?? '')
    expect(after.slice(1, seq)).toEqual(before.slice(1, seq))
    expect(after[0]).toMatchObject({ run: run?.id, fork: { run: base.id, seq } })
    expect(digestOfEntries(after)).toBe(run?.digest)
    await expect(runner.forkRun({ runId: base.id, seq: 1_000 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' })
  })

  test('with a changed spell: results are taken over where they apply', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const spell = steps(1)
    const base = await start(runner, await create(runner, spell))
    const changed = JSON.parse(JSON.stringify(spell).replace('"one"', '"two"')) as object
    const { run, how } = await runner.forkRun({ runId: base.id, document: json(changed) })
    expect(how).toBe('recalled')
    expect(read(run?.outputs)).toEqual({ text: 'TWO' })
    const entries = await entriesOf(runner, run?.id ?? '')
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'wait')).toMatchObject({ cached: true })
    const { document } = await runner.getRunDocuments({ runId: run?.id ?? '' })
    expect(read(document)).toMatchObject({ nodes: { first: { values: { text: 'two' } } } })
    await expect(runner.forkRun({ runId: base.id, document: json({ nodes: 1 }) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  test('from a node on: that one runs anew; a node that is not there is named', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const base = await start(runner, await create(runner, steps(1)))
    const cachedIn = async (from: string) => {
      const { run } = await runner.forkRun({ runId: base.id, from })
      const entries = await entriesOf(runner, run?.id ?? '')
      return entries.flatMap(entry => (entry.kind === 'node.ended' && entry.cached ? [entry.node] : []))
    }
    expect(await cachedIn('note')).toEqual(['wait'])
    expect(await cachedIn('wait')).toEqual([])
    await expect(runner.forkRun({ runId: base.id, from: 'gone' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('pins', () => {
  test('a pinned node gives what was set; pins of nodes that are gone are listed', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const spellId = await create(runner, steps())
    const pins = { first: { outputs: { text: 'set' } }, gone: { outputs: {} } }
    const made = await start(runner, spellId, { pins: json(pins) })
    expect(read(made.outputs)).toEqual({ text: 'set' })
    expect(made.ignoredPins).toEqual(['gone'])
    await expect(
      start(runner, spellId, { pins: json({ first: 1, wait: { outputs: {}, pulses: 'x' } }) }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'pins.first' }, { path: 'pins.wait.pulses' }],
    })
  })
})

describe('large values', () => {
  test('they stand beside the journal, and everything else is as it would be', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const text = 'ab'.repeat(100_000)
    const spellId = await create(
      runner,
      spellOf(
        {
          start: { type: 'flow/start' },
          big: { type: 'flow/input', config: { name: 'big', type: 'string' } },
          upper: { type: 'text/case', config: { form: 'upper' } },
          wait: { type: 'flow/delay', config: { ms: 1 } },
          out: { type: 'flow/output', config: { name: 'text' } },
        },
        [
          ['start.out', 'wait.in'],
          ['wait.out', 'out.in'],
          ['big.value', 'upper.text'],
          ['upper.text', 'out.value'],
        ],
      ),
    )
    const { run } = await runner.startRun({ spellId, inputs: json({ big: text }) })
    expect(read(run?.outputs)).toEqual({ text: text.toUpperCase() })
    const entries = await entriesOf(runner, run?.id ?? '')
    expect(JSON.stringify(entries).length).toBeLessThan(10_000)
    expect(digestOfEntries(entries)).toBe(run?.digest)
    const started = entries[0] as unknown as { inputs: { big: { $blob: string; size: number; type: string } } }
    expect(started.inputs.big).toMatchObject({ size: text.length + 2, type: 'string' })
    const { value } = await runner.getBlob({ runId: run?.id ?? '', hash: started.inputs.big.$blob })
    expect(read(value)).toBe(text)
    await expect(runner.getBlob({ runId: run?.id ?? '', hash: 'nonsense' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const seq = entries.findIndex(entry => entry.kind === 'node.ended' && entry.node === 'wait') + 1
    const forked = await runner.forkRun({ runId: run?.id ?? '', seq })
    expect(read(forked.run?.outputs)).toEqual({ text: text.toUpperCase() })
    const again = await entriesOf(runner, forked.run?.id ?? '')
    const { value: copied } = await runner.getBlob({
      runId: forked.run?.id ?? '',
      hash: (again[0] as unknown as typeof started).inputs.big.$blob,
    })
    expect(read(copied)).toBe(text)
  })
})

test('a call does not wait for ever for a run that is played', async () => {
  await using running = await system()
  const runner = as(running, 'ada')
  const ticking = spellOf(
    { tick: { type: 'source/interval', config: { everyMs: 500 } }, log: { type: 'debug/log', values: { value: 'x' } } },
    [['tick.out', 'log.in']],
  )
  const spellId = await create(runner, ticking)
  const { run } = await runner.startRun({ spellId }, { deadlineMs: 20_000 })
  expect(run).toMatchObject({ status: 'running', endedAt: 0 })
  expect((await runner.cancelRun({ runId: run?.id ?? '' })).run?.status).toBe('cancelled')
}, 30_000)

describe('sub-spells', () => {
  test('each call means the revision that it names, and the run keeps the documents it was made of', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const said = (text: string) =>
      spellOf(
        {
          start: { type: 'flow/start' },
          out: { type: 'flow/output', config: { name: 'said' }, values: { value: text } },
        },
        [['start.out', 'out.in']],
        { name: 'inner' },
      )
    const inner = await create(runner, said('first'))
    await runner.updateSpell({ spellId: inner, baseRevision: 1, document: json(said('second')) })
    const call = (revision: number) => ({
      type: 'flow/sub-spell',
      config: { spell: inner, revision, outputs: ['said'] },
    })
    const outer = spellOf(
      {
        start: { type: 'flow/start' },
        old: call(1),
        latest: call(0),
        a: { type: 'flow/output', config: { name: 'old' } },
        b: { type: 'flow/output', config: { name: 'latest' } },
      },
      [
        ['start.out', 'old.in'],
        ['old.out', 'latest.in'],
        ['latest.out', 'a.in'],
        ['a.out', 'b.in'],
        ['old.said', 'a.value'],
        ['latest.said', 'b.value'],
      ],
    )
    const made = await start(runner, await create(runner, outer))
    expect(read(made.outputs)).toEqual({ old: 'first', latest: 'second' })
    const entries = await entriesOf(runner, made.id)
    expect(entries.flatMap(entry => ('node' in entry ? [entry.node] : []))).toEqual(
      expect.arrayContaining(['old/out', 'latest/out']),
    )
    await runner.updateSpell({ spellId: inner, baseRevision: 2, document: json(said('third')) })
    const { library } = await runner.getRunDocuments({ runId: made.id })
    expect(read(library)).toMatchObject({
      [`${inner}@1`]: { nodes: { out: { values: { value: 'first' } } } },
      [inner]: { nodes: { out: { values: { value: 'second' } } } },
    })
  })
})

describe('state', () => {
  const appending = (value: string, ms: number) =>
    spellOf(
      {
        start: { type: 'flow/start' },
        read: { type: 'state/read', config: { key: 'list' }, values: { otherwise: [] } },
        wait: { type: 'flow/delay', config: { ms } },
        what: { type: 'flow/input', config: { name: 'what', default: value } },
        write: { type: 'state/write', config: { key: 'list', mode: 'append' } },
        out: { type: 'flow/output', config: { name: 'list' } },
      },
      [
        ['start.out', 'wait.in'],
        ['wait.out', 'write.in'],
        ['what.value', 'write.value'],
        ['write.out', 'out.in'],
        ['write.value', 'out.value'],
      ],
      { state: { list: { initial: [] } } },
    )

  test('what runs at the same time append is merged, not lost', async () => {
    await using running = await system()
    const runner = as(running, 'ada')
    const spellId = await create(runner, appending('x', 50))
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => runner.startRun({ spellId, inputs: json({ what: `n${index}` }) })),
    )
    const last = await start(runner, spellId, { inputs: json({ what: 'last' }) })
    const { list } = read(last.outputs) as { list: string[] }
    expect(list.at(-1)).toBe('last')
    expect(list.slice(0, -1).sort()).toEqual(Array.from({ length: 8 }, (_, index) => `n${index}`))
  })
})
