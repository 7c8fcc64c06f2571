import { expect, test } from '@jest/globals'
import type { SpellDocument, Wire } from './document.ts'
import type { Entry } from './journal.ts'
import { executeSpell, spell } from './kit.suite.ts'

const ends = (entries: readonly Entry[]) => entries.flatMap(entry => (entry.kind === 'node.ended' ? [entry.node] : []))

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
