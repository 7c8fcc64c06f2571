import { expect, test } from '@jest/globals'
import type { SpellDocument } from './document.ts'
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

test('whoever observes a run sees what actions and pure nodes read', async () => {
  const seen: [string, unknown][] = []
  await executeSpell(
    spell(
      {
        start: { type: 'flow/start' },
        sum: { type: 'test/add', values: { a: 1, b: 2 } },
        out: { type: 'flow/output', config: { name: 'y' } },
      },
      [
        ['start.out', 'out.in'],
        ['sum.sum', 'out.value'],
      ],
    ),
    { observe: ({ node, inputs }) => void seen.push([node, inputs]) },
  )
  expect(seen).toEqual([
    ['start', {}],
    ['sum', { a: 1, b: 2 }],
    ['out', { value: 3 }],
  ])
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
        a: { type: 'test/call', config: { ms: 250 } },
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
