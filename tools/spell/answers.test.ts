// Recorded answers in the engine itself, with its test nodes: those of the library neither emit nor are unsafe.
import { expect, test } from '@jest/globals'
import type { NodeDocument, Wire } from '#graph/document.ts'
import { createKit, execute, spell } from '#graph/kit.suite.ts'
import type { Calls } from '#graph/kit.suite.ts'
import { compile } from '#graph/plan.ts'
import { Answers } from './answers.ts'
import { compareRuns } from './compare.ts'

const out: NodeDocument = { type: 'flow/output', config: { name: 'out' } }

/** Runs a spell, then a second one with what the first was answered. */
async function repeat(first: Parameters<typeof spell>, second: Parameters<typeof spell> = first) {
  const recorded: Calls = { made: [] }
  const document = spell(...first)
  const plan = compile(document, createKit(recorded))
  const { entries } = await execute(plan)
  const { answers, followed } = await Answers.of(plan, { spell: document, library: {}, inputs: {}, state: {}, entries })
  expect(followed).toBe(entries.length)
  const calls: Calls = { made: [] }
  const anew = compile(spell(...second), answers.within(createKit(calls)))
  const again = await execute(anew, { run: 'run-2', observe: answers.observe })
  return {
    recorded: recorded.made.length,
    called: calls.made.map(call => call.split(' ')[0]),
    anew: Object.fromEntries(answers.anew),
    differences: compareRuns(entries, again.entries),
    kinds: [entries, again.entries].map(all => all.map(({ kind }) => kind)),
    terminal: again.terminal,
  }
}

const start: NodeDocument = { type: 'flow/start' }

test('an unsafe node is not run again; one that reads something else is', async () => {
  const wires: Wire[] = [
    ['start.out', 'one.in'],
    ['one.out', 'two.in'],
    ['two.out', 'out.in'],
    ['one.value', 'two.a'],
    ['two.value', 'out.value'],
  ]
  const nodes = { start, one: { type: 'test/unsafe' }, two: { type: 'test/unsafe' }, out }
  const same = await repeat([nodes, wires])
  expect(same).toMatchObject({
    recorded: 2,
    called: [],
    anew: {},
    differences: [],
    terminal: { outputs: { out: 200 } },
  })
  const other = await repeat([nodes, wires], [{ ...nodes, one: { type: 'test/unsafe', values: { a: 5 } } }, wires])
  expect(other).toMatchObject({ recorded: 2, called: ['one', 'two'], anew: { one: 1, two: 1 } })
  expect(other.differences).toContain('output "out" other: 205 instead of 200')
})

test('an answer that was taken is gone: one more round of a loop is executed', async () => {
  const nodes = (list: readonly number[]): Record<string, NodeDocument> => ({
    start,
    each: { type: 'flow/for-each', values: { list } },
    call: { type: 'test/unsafe' },
    out,
  })
  const wires: Wire[] = [
    ['start.out', 'each.in'],
    ['each.each', 'call.in'],
    ['call.value', 'each.result'],
    ['each.done', 'out.in'],
    ['each.items', 'out.value'],
  ]
  const { called, anew, differences } = await repeat([nodes([1, 2]), wires], [nodes([1, 2, 3]), wires])
  expect({ called, anew }).toEqual({ called: ['call'], anew: { call: 1 } })
  expect(differences).toContain('node "call" extra: {"value":100} → out')
  expect(differences).toContain('output "out" other: [100,100,100] instead of [100,100]')
})

test('several results of one node come again, each with its pulse, and changes of state with them', async () => {
  const { recorded, called, differences, kinds, terminal } = await repeat([
    {
      start,
      count: { type: 'test/count', values: { n: 3 } },
      write: { type: 'test/write' },
      read: { type: 'test/read' },
      out,
    },
    [
      ['start.out', 'count.in'],
      ['count.each', 'write.in'],
      ['count.i', 'write.value'],
      ['count.done', 'out.in'],
      ['read.list', 'out.value'],
    ],
  ])
  expect(differences).toEqual([])
  expect({ recorded, called }).toEqual({ recorded: 0, called: [] })
  expect(kinds[1]?.filter(kind => kind === 'node.emitted' || kind === 'state.changed')).toHaveLength(6)
  expect(terminal).toMatchObject({ state: { list: [0, 1, 2] } })
})

test('what ran at the same time ends in the order in which it ended then', async () => {
  const wires: Wire[] = [
    ['start.out', 'slow.in'],
    ['start.out', 'quick.in'],
    ['slow.out', 'last.in'],
    ['quick.out', 'last.in'],
    ['slow.value', 'last.a'],
    ['quick.value', 'last.a'],
    ['last.value', 'out.value'],
  ]
  const call = (ms: number, a: number): NodeDocument => ({ type: 'test/call', config: { ms }, values: { a } })
  const { kinds, differences, recorded, called, terminal } = await repeat([
    { start, slow: call(40, 1), quick: call(0, 10), last: { type: 'test/step' }, out },
    wires,
  ])
  expect(differences).toEqual([])
  expect({ recorded, called }).toEqual({ recorded: 2, called: [] })
  expect(terminal).toMatchObject({ outputs: { out: 3 } })
  const without = (all: readonly string[] | undefined) => all?.filter(kind => kind !== 'node.log')
  expect(without(kinds[1])).toEqual(without(kinds[0]))
})

test('a failure comes again as it was after its last attempt, and takes the same way', async () => {
  const { differences, called, kinds } = await repeat([
    { start, fail: { type: 'test/fail', retry: { attempts: 2 } }, out },
    [
      ['start.out', 'fail.in'],
      ['fail.error', 'out.in'],
      ['fail.failure', 'out.value'],
    ],
  ])
  expect({ differences, called }).toEqual({ differences: [], called: [] })
  expect(kinds.map(all => all.filter(kind => kind === 'node.failed').length)).toEqual([2, 1])
})
