import { expect, test } from '@jest/globals'
import { defineNode } from './define.ts'
import type { NodeContext, NodeDefinition } from './define.ts'
import { createKit, execute, executeSpell, spell } from './kit.suite.ts'
import { compile } from './plan.ts'
import { replay } from './replay.ts'

test('a wired loop activates its nodes again, and a budget ends a run-away', async () => {
  const { terminal } = await executeSpell(
    spell({ start: { type: 'flow/start' }, a: { type: 'test/step' }, b: { type: 'test/step' } }, [
      ['start.out', 'a.in'],
      ['a.out', 'b.in'],
      ['b.out', 'a.in'],
    ]),
    { limits: { activations: 500 } },
  )
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'BUDGET', message: 'the run reached its limit of 500 activations' },
  })
})

test('a while without a body ends at the budget, too', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        loop: { type: 'flow/while' },
        less: { type: 'test/less', values: { a: 1, b: 2 } },
      },
      [
        ['start.out', 'loop.in'],
        ['less.is', 'loop.condition'],
      ],
    ),
    { limits: { activations: 300 } },
  )
  expect(terminal).toMatchObject({ kind: 'run.failed', error: { code: 'BUDGET' } })
})

test('a run that takes too long ends at its wall clock, and what is in flight is aborted', async () => {
  const { terminal } = await executeSpell(
    spell({ start: { type: 'flow/start' }, stuck: { type: 'test/stuck' } }, [['start.out', 'stuck.in']]),
    { limits: { wallClockMs: 10 } },
  )
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'BUDGET', message: 'the run took longer than its limit of 10 ms of wall clock' },
  })
})

test('a failing node fires its error output with what went wrong', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        fail: { type: 'test/fail' },
        out: { type: 'flow/output', config: { name: 'why' } },
      },
      [
        ['start.out', 'fail.in'],
        ['fail.error', 'out.in'],
        ['fail.failure', 'out.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({
    kind: 'run.completed',
    outputs: { why: { code: 'BROKEN', message: 'broken 1 times', node: 'fail' } },
  })
})

test('a failing node without an error wire fails the run and aborts the other branches', async () => {
  const { entries, terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        stuck: { type: 'test/stuck' },
        fail: { type: 'test/fail', config: { later: true } },
      },
      [
        ['start.out', 'stuck.in'],
        ['start.out', 'fail.in'],
      ],
    ),
  )
  expect(terminal).toMatchObject({ kind: 'run.failed', error: { code: 'BROKEN', node: 'fail' } })
  expect(entries.at(-1)).toEqual(terminal)
})

test('a node is tried again by its policy, with the same idempotency key', async () => {
  for (const later of [false, true]) {
    const { entries, terminal } = await executeSpell(
      spell(
        {
          start: { type: 'flow/start' },
          fail: { type: 'test/fail', config: { times: 2, later }, retry: { attempts: 3, delayMs: 1 } },
          out: { type: 'flow/output' },
        },
        [
          ['start.out', 'fail.in'],
          ['fail.out', 'out.in'],
          ['fail.attempts', 'out.value'],
        ],
      ),
    )
    expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { out: 3 } })
    expect(entries.filter(entry => entry.kind === 'node.failed')).toMatchObject([
      { attempt: 1, final: false },
      { attempt: 2, final: false },
    ])
  }
})

test('an attempt that takes longer than its policy allows fails with TIMEOUT', async () => {
  const { terminal } = await executeSpell(
    spell({ start: { type: 'flow/start' }, stuck: { type: 'test/stuck', retry: { timeoutMs: 5 } } }, [
      ['start.out', 'stuck.in'],
    ]),
  )
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'TIMEOUT', message: 'it took longer than 5 ms', node: 'stuck' },
  })
})

test('outputs that JSON cannot hold fail their node, by name', async () => {
  const { terminal } = await executeSpell(
    spell({ start: { type: 'flow/start' }, junk: { type: 'test/junk' } }, [['start.out', 'junk.in']]),
  )
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'BAD_OUTPUT', message: 'output "value" holds a function, which JSON cannot', node: 'junk' },
  })
})

test('cancelling ends the run at once, with its reason', async () => {
  const { entries, terminal } = await executeSpell(
    spell({ start: { type: 'flow/start' }, stuck: { type: 'test/stuck' } }, [['start.out', 'stuck.in']]),
    { onStart: run => run.cancel('asked to') },
  )
  expect(terminal).toMatchObject({ kind: 'run.cancelled', reason: 'asked to', lastSeq: 4 })
  expect(entries).toHaveLength(4)
})

test('an output that no flow reaches says nothing where nothing came, and fails where what it reads fails', async () => {
  const reading = (who: string) =>
    spell(
      {
        start: { type: 'flow/start' },
        text: { type: 'test/add', values: { a: 1 } },
        number: { type: 'flow/input', config: { name: 'b', default: who } },
        out: { type: 'flow/output', config: { name: 'y' } },
      },
      [
        ['number.value', 'text.b'],
        ['text.sum', 'out.value'],
      ],
    )
  expect((await executeSpell(reading('2'))).terminal).toMatchObject({ kind: 'run.completed', outputs: { y: 3 } })
  expect((await executeSpell(reading('two'))).terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'WRONG_TYPE', node: 'text', message: 'input "b" expects number, got "two" from "number"' },
  })
})

test('a node that does what no node may fails its own run, by its name, and disturbs no other', async () => {
  const misbehaving: Record<string, NodeDefinition['run']> = {
    'gives 100 MB': () => ({ outputs: { value: 'x'.repeat(100 * 1024 * 1024) } }),
    'gives a function': () => ({ outputs: { value: (() => 1) as never } }),
    'gives itself': () => {
      const value: Record<string, unknown> = {}
      value['self'] = value
      return { outputs: { value: value as never } }
    },
    'gives no object': () => 5 as never,
    'fires a number': () => ({ pulse: 5 as never }),
    'rejects with nothing': () => Promise.reject(undefined) as never,
    'waits for nothing': () => ({ wait: {} }),
    'waits for no time': () => ({ wait: { until: Number.NaN } }),
    async *'emits junk'() {
      yield { outputs: { value: Symbol('x') as never } }
    },
  }
  const registry = new Map(createKit({ made: [] }))
  for (const [title, run] of Object.entries(misbehaving))
    registry.set(`bad/${title}`, {
      ...defineNode({
        title,
        about: '',
        kind: 'action',
        outputs: { value: { type: 'any' } },
        flow: { in: ['in'], out: ['out'] },
      }),
      run: run as never,
      type: `bad/${title}`,
    })
  const good = executeSpell(
    spell({ start: { type: 'flow/start' }, call: { type: 'test/call', config: { ms: 20 } } }, [
      ['start.out', 'call.in'],
    ]),
  )
  for (const title of Object.keys(misbehaving)) {
    const plan = compile(
      spell({ start: { type: 'flow/start' }, bad: { type: `bad/${title}` } }, [['start.out', 'bad.in']]),
      registry,
    )
    const { terminal, entries } = await execute(plan)
    expect({ title, terminal }).toMatchObject({ title, terminal: { kind: 'run.failed', error: { node: 'bad' } } })
    expect(await replay(plan, entries)).toEqual({ entries: entries.length })
  }
  expect((await good).terminal.kind).toBe('run.completed')
})

test('what a node does after its end, or after it was given up, counts for nothing', async () => {
  const late = Promise.withResolvers<void>()
  const registry = new Map(createKit({ made: [] }))
  registry.set('bad/late', {
    ...defineNode({ title: '', about: '', kind: 'action', effect: 'idempotent', flow: { in: ['in'], out: ['out'] } }),
    type: 'bad/late',
    async run(_: unknown, { state, token, log, progress }: NodeContext) {
      setTimeout(() => {
        state.set('list', ['late'])
        token('late')
        log('info', 'late')
        progress(1)
        late.resolve()
      }, 10)
    },
  })
  const chunks: unknown[] = []
  const plan = compile(
    spell(
      {
        start: { type: 'flow/start' },
        bad: { type: 'bad/late' },
        // It does not listen to its signal, and never settles.
        deaf: { type: 'test/stuck', retry: { timeoutMs: 5 } },
        call: { type: 'test/call', config: { ms: 30 } },
      },
      [
        ['start.out', 'bad.in'],
        ['bad.out', 'deaf.in'],
        ['deaf.error', 'call.in'],
      ],
    ),
    registry,
  )
  const { entries, terminal } = await execute(plan, { onChunk: chunk => chunks.push(chunk) })
  await late.promise
  expect(terminal).toMatchObject({ kind: 'run.completed', state: {} })
  expect(chunks).toEqual([])
  expect(entries.filter(entry => entry.kind === 'node.log' && entry.text === 'late')).toEqual([])
})
