import { expect, test } from '@jest/globals'
import { executeSpell, spell } from './kit.suite.ts'

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
