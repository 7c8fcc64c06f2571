import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { compareRuns } from './compare.ts'
import { differencesOf } from './differences.ts'

const started = { kind: 'run.started', run: 'r', spell: 's', revision: 1, inputs: {}, state: {}, seed: 1 }
const journal = (...entries: readonly object[]): Entry[] =>
  [started, ...entries].map((entry, index) => ({ seq: index + 1, at: 1000 + 10 * index, ...entry }) as Entry)
const ended = (node: string, activation: string, outputs: object, more: object = {}) => ({
  ...{ kind: 'node.ended', node, activation, outputs, pulses: ['out'] },
  ...more,
})

test('nodes are the same, different, or only in one run; what they took is summed up', () => {
  const usage = { inputTokens: 3, outputTokens: 4, cost: 0.5 }
  const a = journal(
    { kind: 'node.started', node: 'say', activation: '1' },
    ended('say', '1', { text: 'old' }, { usage }),
    ended('note', '2', {}),
    ended('gone', '3', {}),
    { kind: 'run.completed', lastSeq: 6, outputs: { text: 'old' }, state: {} },
  )
  const b = journal(
    ended('say', '1', { text: 'new' }, { cached: true }),
    ended('note', '2', {}),
    ended('fresh', '9', {}),
    { kind: 'run.completed', lastSeq: 5, outputs: { text: 'new' }, state: {} },
  )
  const { nodes, a: left, b: right, isSameOutputs } = compareRuns({ entries: a }, { entries: b })
  expect(nodes.map(({ node, verdict }) => [node, verdict])).toEqual([
    ['say', 'different'],
    ['note', 'same'],
    ['gone', 'only-a'],
    ['fresh', 'only-b'],
  ])
  expect(nodes[0]).toMatchObject({
    a: { tookMs: 10, tokens: 7, cost: 0.5, cached: 0, outputs: { text: 'old' } },
    b: { tookMs: 0, tokens: 0, cached: 1, outputs: { text: 'new' } },
  })
  expect(left).toMatchObject({
    status: 'completed',
    tookMs: 50,
    entries: 6,
    inputTokens: 3,
    outputTokens: 4,
    cost: 0.5,
  })
  expect(right).toMatchObject({ status: 'completed', tookMs: 40, cost: 0 })
  expect(isSameOutputs).toBe(false)
})

test('activations that ran in another order are the same ones; one more is a difference', () => {
  const a = journal(ended('each', '1', { value: 1 }), ended('each', '2', { value: 2 }))
  const b = journal(ended('each', '2', { value: 2 }), ended('each', '1', { value: 1 }))
  expect(compareRuns({ entries: a }, { entries: b }).nodes).toMatchObject([{ verdict: 'same' }])
  const more = journal(...b.slice(1), ended('each', '3', { value: 3 }))
  expect(compareRuns({ entries: a }, { entries: more }).nodes).toMatchObject([
    { verdict: 'different', b: { activations: 3 } },
  ])
  expect(compareRuns({ entries: a }, { entries: a }).a.status).toBe('running')
})

test('the time before a branch began is not its own', () => {
  const entries = journal(ended('say', '1', {}), {
    kind: 'run.completed',
    lastSeq: 3,
    at: 9020,
    outputs: {},
    state: {},
  })
  const branch = entries.map((entry, index) => (index === 0 ? { ...entry, fork: { run: 'r', seq: 2 } } : entry))
  expect(compareRuns({ entries: branch as Entry[], startedAt: 9000 }, { entries }).a.tookMs).toBe(30)
  expect(compareRuns({ entries }, { entries }).a.tookMs).toBe(8020)
})

test('a run that has not ended is as it stands', () => {
  const waiting = { kind: 'run.waiting', node: 'ask', activation: '1', reason: 'question' }
  const statusOf = (...entries: object[]) => compareRuns({ entries: journal(...entries) }, { entries: [] }).a.status
  expect(statusOf(waiting)).toBe('waiting')
  expect(statusOf(waiting, { kind: 'run.paused', reason: 'asked' })).toBe('paused')
  expect(statusOf(waiting, { kind: 'run.answered', node: 'ask', activation: '1', choice: 'answer' })).toBe('running')
  const branch = journal(waiting).map((entry, index) =>
    index === 0 ? { ...entry, fork: { run: 'r', seq: 2 } } : entry,
  )
  expect(compareRuns({ entries: branch as Entry[], startedAt: 9000 }, { entries: [] }).a.tookMs).toBe(0)
})

test('a failure is a difference', () => {
  const failed = { kind: 'node.failed', node: 'say', activation: '1', attempt: 1, final: true }
  const a = journal({ ...failed, error: { code: 'TIMEOUT', message: 'too slow' } })
  const b = journal({ ...failed, error: { code: 'TIMEOUT', message: 'too slow' } })
  const c = journal({ ...failed, error: { code: 'NO_VALUE', message: 'nothing' } })
  expect(compareRuns({ entries: a }, { entries: b }).nodes[0]?.verdict).toBe('same')
  expect(compareRuns({ entries: a }, { entries: c }).nodes[0]?.verdict).toBe('different')
})

test('texts differ by words, other values by lines of their JSON, whatever the order of their names', () => {
  const found = differencesOf(
    { text: 'the old house', list: [1, 2], only: 1, same: { a: 1, b: 2 } },
    { text: 'the new house', list: [1, 3], same: { b: 2, a: 1 } },
  )
  expect(found.map(({ name, isSame }) => [name, isSame])).toEqual([
    ['text', false],
    ['list', false],
    ['only', false],
    ['same', true],
  ])
  expect(found[0]?.changes).toEqual([
    { kind: 'same', lines: ['the', ' '] },
    { kind: 'removed', lines: ['old'] },
    { kind: 'added', lines: ['new'] },
    { kind: 'same', lines: [' ', 'house'] },
  ])
  expect(found[1]?.changes.map(({ kind }) => kind)).toEqual(['same', 'removed', 'added', 'same'])
  expect(found[2]).toMatchObject({ a: 1, b: undefined, changes: [] })
})
