import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { createTimeline } from '#graph/timeline.ts'
import { entryAt, laneTitle, lanesOf, rangeOf } from './lane-rows.ts'

const ended = (seq: number, at: number, node: string): Entry => ({
  ...{ seq, at, kind: 'node.ended', node, activation: `${seq}`, outputs: {}, pulses: [] },
})
const timeline = createTimeline([
  ended(1, 100, 'first'),
  ended(2, 110, 'outer/a'),
  ended(3, 120, 'outer/deep/x'),
  ended(4, 130, 'outer/deep'),
  ended(5, 140, 'outer'),
  ended(6, 140, 'lost/y'),
])

test('what is inside of a sub-spell stands below its node', () => {
  expect(lanesOf(timeline, '', node => node)).toEqual([
    'first',
    'outer',
    'outer/a',
    'outer/deep',
    'outer/deep/x',
    'lost/y',
  ])
  expect(lanesOf(timeline, 'DEEP x', node => node)).toEqual(['outer/deep/x'])
  expect(lanesOf(timeline, 'hello', node => (node === 'first' ? 'Say Hello' : ''))).toEqual(['first'])
  expect(laneTitle(undefined, 'outer/deep/x')).toBe('x')
})

test('a moment of the lanes is the last entry at or before it', () => {
  expect(rangeOf(timeline)).toEqual({ from: 100, to: 140 })
  expect([99, 100, 115, 140, 999].map(at => entryAt(timeline, at))).toEqual([0, 1, 2, 6, 6])
})
