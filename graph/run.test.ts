import { expect, test } from '@jest/globals'
import type { SpellDocument, Wire } from './document.ts'
import type { Entry } from './journal.ts'
import { execute, executeSpell, spell } from './kit.suite.ts'
import type { Execution } from './kit.suite.ts'

const outputsOf = async (document: SpellDocument, options: Execution = {}) => {
  const { terminal } = await executeSpell(document, options)
  return terminal.kind === 'run.completed' ? terminal.outputs : terminal
}
const ends = (entries: readonly Entry[]) => entries.flatMap(entry => (entry.kind === 'node.ended' ? [entry.node] : []))

test('a spell of two steps gives its output, with gapless numbers from 1 to lastSeq', async () => {
  const { entries, terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        one: { type: 'test/step', values: { a: 40 } },
        two: { type: 'test/step' },
        out: { type: 'flow/output', config: { name: 'answer' } },
      },
      [
        ['start.out', 'one.in'],
        ['one.out', 'two.in'],
        ['one.value', 'two.a'],
        ['two.out', 'out.in'],
        ['two.value', 'out.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { answer: 42 }, lastSeq: 6 })
  expect(entries.map(entry => entry.seq)).toEqual([1, 2, 3, 4, 5, 6])
  expect(ends(entries)).toEqual(['start', 'one', 'two', 'out'])
})

test('a falsy input is a value: it is not replaced by the default', async () => {
  const document = spell(
    {
      start: { type: 'flow/start' },
      in: { type: 'flow/input', config: { name: 'x', default: 'default' } },
      out: { type: 'flow/output', config: { name: 'y' } },
    },
    [
      ['start.out', 'out.in'],
      ['in.value', 'out.value'],
    ],
  )
  for (const x of ['', 0, false, null]) expect(await outputsOf(document, { inputs: { x } })).toEqual({ y: x })
  expect(await outputsOf(document)).toEqual({ y: 'default' })
})

test('a pull never runs an action: the error names the node that has not run', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        never: { type: 'test/step' },
        out: { type: 'flow/output', config: { name: 'y' } },
      },
      [
        ['start.out', 'out.in'],
        ['never.value', 'out.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'NO_VALUE', message: 'input "value" has no value: "never" has not run', node: 'out' },
  })
})

test('a pure node is evaluated once per activation of its consumer, however many paths lead to it', async () => {
  const { entries, terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        a: { type: 'test/add', values: { a: 1, b: 2 } },
        l: { type: 'test/add' },
        r: { type: 'test/add' },
        sum: { type: 'test/add' },
        out: { type: 'flow/output', config: { name: 'y' } },
      },
      [
        ['start.out', 'out.in'],
        ['a.sum', 'l.a'],
        ['a.sum', 'r.a'],
        ['l.sum', 'sum.a'],
        ['r.sum', 'sum.b'],
        ['sum.sum', 'out.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({ outputs: { y: 6 } })
  expect(entries.filter(entry => entry.kind === 'node.value').map(entry => entry.node)).toEqual(['a', 'l', 'r', 'sum'])
})

test('branches that are ready at the same time run concurrently, and join when all have arrived', async () => {
  let running = 0
  const { entries, terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        a: { type: 'test/call', values: { a: 1 }, config: { ms: 5 } },
        b: { type: 'test/call', values: { a: 2 }, config: { ms: 1 } },
        join: { type: 'flow/join' },
        sum: { type: 'test/add' },
        out: { type: 'flow/output', config: { name: 'y' } },
      },
      [
        ['start.out', 'a.in'],
        ['start.out', 'b.in'],
        ['a.out', 'join.in'],
        ['b.out', 'join.in'],
        ['join.out', 'out.in'],
        ['a.value', 'sum.a'],
        ['b.value', 'sum.b'],
        ['sum.sum', 'out.value'],
      ],
    ),
  )
  const most = Math.max(
    ...entries.map(entry =>
      entry.kind === 'node.started'
        ? ++running
        : entry.kind === 'node.ended' && ['a', 'b'].includes(entry.node)
          ? running--
          : 0,
    ),
  )
  expect(most).toBe(2)
  expect(terminal).toMatchObject({ outputs: { y: 5 } })
  expect(entries.filter(entry => entry.kind === 'node.ended' && entry.node === 'join')).toHaveLength(1)
})

test('a join of any goes on at the first arrival and ignores the rest of the round', async () => {
  const { entries } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        a: { type: 'test/call', config: { ms: 4 } },
        b: { type: 'test/call' },
        join: { type: 'flow/join', config: { mode: 'any' } },
        after: { type: 'test/step' },
      },
      [
        ['start.out', 'a.in'],
        ['start.out', 'b.in'],
        ['a.out', 'join.in'],
        ['b.out', 'join.in'],
        ['join.out', 'after.in'],
      ],
    ),
  )
  expect(ends(entries)).toEqual(['start', 'b', 'join', 'after', 'a'])
})

const loop = (concurrency: number): SpellDocument =>
  spell(
    {
      start: { type: 'flow/start' },
      each: { type: 'flow/for-each', config: { concurrency }, values: { list: [10, 20, 30] } },
      call: { type: 'test/call' },
      out: { type: 'flow/output', config: { name: 'items' } },
    },
    [
      ['start.out', 'each.in'],
      ['each.each', 'call.in'],
      ['each.item', 'call.a'],
      ['call.value', 'each.result'],
      ['each.done', 'out.in'],
      ['each.items', 'out.value'],
    ],
  )

test('for-each runs its body once per item in a scope of its own and collects in order, one by one or together', async () => {
  for (const concurrency of [1, 2, 10]) {
    const { entries, terminal } = await executeSpell(loop(concurrency))
    expect(terminal).toMatchObject({ outputs: { items: [11, 21, 31] } })
    const scopes = entries.flatMap(entry => (entry.kind === 'node.ended' && entry.node === 'call' ? [entry.scope] : []))
    expect(new Set(scopes).size).toBe(3)
  }
})

test('the identity of an activation does not depend on how branches interleave', async () => {
  const idsOf = async (concurrency: number) => {
    const { entries } = await executeSpell(loop(concurrency))
    return entries.flatMap(entry => (entry.kind === 'node.ended' ? [`${entry.node} ${entry.activation}`] : [])).sort()
  }
  expect(await idsOf(1)).toEqual(await idsOf(3))
})

test('while carries a value from turn to turn until its condition is false', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        loop: { type: 'flow/while', values: { initial: 1 } },
        less: { type: 'test/less', values: { b: 5 } },
        step: { type: 'test/step' },
        last: { type: 'flow/output' },
        count: { type: 'flow/output' },
      },
      [
        ['start.out', 'loop.in'],
        ['loop.value', 'less.a'],
        ['less.is', 'loop.condition'],
        ['loop.each', 'step.in'],
        ['loop.value', 'step.a'],
        ['step.value', 'loop.next'],
        ['loop.done', 'last.in'],
        ['loop.last', 'last.value'],
        ['last.out', 'count.in'],
        ['loop.count', 'count.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({ outputs: { last: 5, count: 4 } })
})

test('what an iteration computes is not visible outside', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        each: { type: 'flow/for-each', values: { list: [1] } },
        step: { type: 'test/step' },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'each.in'],
        ['each.each', 'step.in'],
        ['each.item', 'step.a'],
        ['each.done', 'out.in'],
        ['step.value', 'out.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { message: 'input "value" has no value: "step" has not run' },
  })
})

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

test('a node that emits several times fires each time, then once at its end', async () => {
  const { entries, terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        count: { type: 'test/count' },
        write: { type: 'test/write' },
        read: { type: 'test/read' },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'count.in'],
        ['count.each', 'write.in'],
        ['count.i', 'write.value'],
        ['read.list', 'out.value'],
      ],
    ),
  )
  expect(entries.filter(entry => entry.kind === 'node.emitted').map(entry => entry.outputs)).toEqual([
    { i: 0 },
    { i: 1 },
    { i: 2 },
  ])
  expect(terminal).toMatchObject({ outputs: { out: expect.arrayContaining([2]) } })
})

test('outputs that no flow reaches are read when all else is done', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        step: { type: 'test/step', values: { a: 1 } },
        never: { type: 'test/step' },
        y: { type: 'flow/output' },
        n: { type: 'flow/output' },
      },
      [
        ['start.out', 'step.in'],
        ['step.value', 'y.value'],
        ['never.value', 'n.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { y: 2 } })
})

test('of several wires into one input, the one from the node that caused the activation counts', async () => {
  const { terminal } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        a: { type: 'test/step', values: { a: 1 } },
        b: { type: 'test/call', values: { a: 10 } },
        c: { type: 'test/write' },
        read: { type: 'test/read' },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'a.in'],
        ['start.out', 'b.in'],
        ['a.out', 'c.in'],
        ['b.out', 'c.in'],
        ['a.value', 'c.value'],
        ['b.value', 'c.value'],
        ['read.list', 'out.value'],
      ],
    ),
  )
  expect(terminal).toMatchObject({ outputs: { out: [2, 11] } })
})

const inner = spell(
  {
    start: { type: 'flow/start' },
    x: { type: 'flow/input', config: { name: 'x', default: 5 } },
    call: { type: 'test/call' },
    y: { type: 'flow/output', config: { name: 'y' } },
  },
  [
    ['start.out', 'call.in'],
    ['x.value', 'call.a'],
    ['call.out', 'y.in'],
    ['call.value', 'y.value'],
  ],
)
const outer = (wires: readonly Wire[] = []): SpellDocument =>
  spell(
    {
      start: { type: 'flow/start' },
      sub: { type: 'flow/sub-spell', config: { spell: 'inner', inputs: ['x'], outputs: ['y'] }, values: { x: 7 } },
      out: { type: 'flow/output' },
    },
    [['start.out', 'sub.in'], ['sub.out', 'out.in'], ['sub.y', 'out.value'], ...wires],
  )

test('a sub-spell runs in a scope of its own; its nodes carry the path to them', async () => {
  const { entries, terminal } = await executeSpell(outer(), { library: name => (name === 'inner' ? inner : undefined) })
  expect(terminal).toMatchObject({ outputs: { out: 8 } })
  expect(ends(entries)).toEqual(['start', 'sub/start', 'sub/call', 'sub/y', 'sub', 'out'])
})

test('a sub-spell that is not there is a problem of the document', async () => {
  await expect(executeSpell(outer())).rejects.toMatchObject({
    problems: [{ path: 'nodes.sub.config.spell', message: 'there is no spell "inner"', node: 'sub' }],
  })
})

test('a failure inside a sub-spell comes out at its error output where that is wired', async () => {
  const failing = spell(
    {
      start: { type: 'flow/start' },
      fail: { type: 'test/fail', config: { later: true } },
      stuck: { type: 'test/stuck' },
    },
    [
      ['start.out', 'fail.in'],
      ['start.out', 'stuck.in'],
    ],
  )
  const { terminal } = await executeSpell(
    outer([
      ['sub.error', 'out.in'],
      ['sub.failure', 'out.value'],
    ]),
    { library: () => failing },
  )
  expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { out: { code: 'BROKEN', node: 'sub/fail' } } })
})

test('a spell that calls itself ends at the depth budget', async () => {
  const document: SpellDocument = outer()
  const { terminal } = await executeSpell(document, { library: () => document, limits: { depth: 12 } })
  expect(terminal).toMatchObject({
    kind: 'run.failed',
    error: { code: 'BUDGET', message: 'the run reached its limit of 12 scopes within scopes' },
  })
})

test('reads of the state see the writes of the run; the changed keys come with the end', async () => {
  const document = spell(
    {
      start: { type: 'flow/start' },
      w1: { type: 'test/write', values: { value: 1 } },
      w2: { type: 'test/write', values: { value: 2 } },
    },
    [
      ['start.out', 'w1.in'],
      ['w1.out', 'w2.in'],
    ],
    { list: { initial: [0] }, other: { initial: 'x' } },
  )
  expect((await executeSpell(document)).terminal).toMatchObject({ state: { list: [0, 1, 2] } })
  expect((await executeSpell(document, { state: { list: [] } })).terminal).toMatchObject({ state: { list: [1, 2] } })
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

test('a thousand concurrent runs of one plan never see each other', async () => {
  const { plan } = await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        x: { type: 'flow/input', config: { name: 'x', default: 0 } },
        call: { type: 'test/call', config: { ms: 2 } },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'call.in'],
        ['x.value', 'call.a'],
        ['call.out', 'out.in'],
        ['call.value', 'out.value'],
      ],
    ),
  )
  const results = await Promise.all(
    Array.from({ length: 1000 }, (_, x) => execute(plan, { inputs: { x }, run: `run-${x}` })),
  )
  expect(
    results.map(({ terminal }) => (terminal.kind === 'run.completed' ? terminal.outputs['out'] : terminal)),
  ).toEqual(Array.from({ length: 1000 }, (_, x) => x + 1))
})
