import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { createTimeline } from '#graph/timeline.ts'
import { errorBeside, forksOf, marksOf, thinned } from './marks.ts'

const error = { code: 'NO', message: 'no' }
const failed = (seq: number, final: boolean): Entry => ({
  ...{ seq, at: seq, kind: 'node.failed', node: 'n', activation: 'a', attempt: 1, error, final },
})
const entries: Entry[] = [
  { seq: 1, at: 1, kind: 'run.started', run: 'r', spell: 's', revision: 1, inputs: {}, state: {}, seed: 1 },
  failed(2, false),
  failed(3, true),
  { seq: 4, at: 4, kind: 'run.waiting', node: 'ask', activation: 'b', reason: 'question' },
  { seq: 5, at: 5, kind: 'run.answered', node: 'ask', activation: 'b', choice: 'answer', value: 1 },
  { seq: 6, at: 6, kind: 'run.failed', lastSeq: 6, error },
]

test('errors, retries, waits and answers are marked, and what comes later is added', () => {
  const timeline = createTimeline(entries.slice(0, 4))
  const marks = marksOf(timeline)
  expect(marks.all.map(({ seq, kind }) => `${seq} ${kind}`)).toEqual(['2 retry', '3 error', '4 waiting'])
  for (const entry of entries.slice(4)) timeline.push(entry)
  expect(marksOf(timeline)).toBe(marks)
  expect(marks.all.map(({ seq, kind, node }) => `${seq} ${kind} ${node}`).slice(3)).toEqual([
    '5 answered ask',
    '6 error ',
  ])
  expect(marks.errors).toEqual([3, 6])
})

test('the next error is found in both directions, and round the end', () => {
  const marks = marksOf(createTimeline(entries))
  expect([0, 3, 6].map(at => errorBeside(marks, at, 1))).toEqual([3, 6, 3])
  expect([6, 3, 0].map(at => errorBeside(marks, at, -1))).toEqual([3, 6, 6])
  expect(errorBeside(marksOf(createTimeline(entries.slice(0, 1))), 0, 1)).toBeUndefined()
})

test('of marks that lie on one another the gravest is shown, and says how many there are', () => {
  const marks = marksOf(createTimeline(entries))
  expect(thinned(marks, 6, 1000)).toHaveLength(5)
  expect(thinned(marks, 60, 4)).toEqual([{ seq: 3, kind: 'error', title: 'n: failed, and 4 more' }])
})

test('a run shows where others branched off it, and where it did itself', () => {
  const all = [
    { id: 'b', forkedFrom: 'a', forkedAt: 4 },
    { id: 'c', forkedFrom: 'a', forkedAt: 4 },
    { id: 'd', forkedFrom: 'b', forkedAt: 2 },
    { id: 'e', forkedFrom: '', forkedAt: 0 },
  ]
  expect(forksOf({ id: 'a' }, all, false)).toEqual([{ seq: 4, kind: 'fork', title: '2 runs branched off here' }])
  expect(forksOf({ id: 'b', forkedFrom: 'a', forkedAt: 4 }, all, true).map(({ seq }) => seq)).toEqual([4, 2])
  expect(forksOf({ id: 'b', forkedFrom: 'a', forkedAt: 4 }, all, false).map(({ seq }) => seq)).toEqual([2])
  expect(forksOf({ id: 'e', forkedFrom: '', forkedAt: 0 }, all, true)).toEqual([])
})
