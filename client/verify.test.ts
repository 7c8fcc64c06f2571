import { expect, test } from '@jest/globals'
import { executeSpell, spell } from '#graph/kit.suite.ts'
import type { Entry } from '#graph/journal.ts'
import { replayRun, verify } from './index.ts'
import { journalOf } from './wire.suite.ts'

const document = spell(
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
)
const problemOf = (entries: readonly Entry[]) => {
  const verified = verify(entries)
  return 'problem' in verified ? verified.problem : undefined
}

test('a journal that the engine wrote is whole', async () => {
  const { entries } = await executeSpell(document)
  expect(verify(entries)).toMatchObject({ lastSeq: 6, terminal: { kind: 'run.completed', outputs: { answer: 42 } } })
})

test('a journal without its end, with a gap, cut short or altered is not, and it is said why', () => {
  const journal = journalOf('r', 5)
  expect(problemOf([])).toBe('it has no end')
  expect(problemOf(journal.slice(0, 4))).toBe('it has no end')
  expect(problemOf(journal.toSpliced(2, 1))).toBe('entry 3 is numbered 4')
  const short = journal.toSpliced(3, 1, { ...journal[4], seq: 4 } as Entry).slice(0, 4)
  expect(problemOf(short)).toBe('it ends with entry 4, not 5')
  expect(problemOf(journal.with(2, { ...journal[2], at: 99 } as Entry))).toMatch(
    /^its digest is [0-9a-f]{16}, not [0-9a-f]{16}$/,
  )
})

test('a verified run is replayed without a server, and shows what every node read', async () => {
  const { entries, plan } = await executeSpell(document)
  const observed = await replayRun(plan, { entries })
  expect(observed.map(({ node }) => node)).toEqual(['start', 'one', 'two', 'out'])
  expect(observed.find(({ node }) => node === 'two')?.inputs).toMatchObject({ a: 41 })
  expect(observed.find(({ node }) => node === 'out')?.inputs).toEqual({ value: 42 })
})
