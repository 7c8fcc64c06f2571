import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { createTimeline } from '#graph/timeline.ts'
import { neighbour, positionAfter, speedBeside } from './playback.ts'

const log = (seq: number, at: number): Entry => ({
  ...{ seq, at, kind: 'node.log', node: 'n', activation: 'a', level: 'info', text: '' },
})
const ended = (seq: number, at: number): Entry => ({
  ...{ seq, at, kind: 'node.ended', node: 'n', activation: 'a', outputs: {}, pulses: [] },
})
// Entries at 0, 0, 100, 60,100 ms.
const timeline = createTimeline([log(1, 0), ended(2, 0), log(3, 100), ended(4, 60_100)])

test('playing takes the time the run took, at least 40 ms an entry and at most 1.2 s', () => {
  expect([0, 39, 40, 80, 179, 180, 1379, 1380, 9999].map(ms => positionAfter(timeline, 0, ms, 1))).toEqual([
    0, 0, 1, 2, 2, 3, 3, 4, 4,
  ])
  expect(positionAfter(timeline, 2, 50, 2)).toBe(3)
  expect(positionAfter(timeline, 2, 399, 0.25)).toBe(2)
})

test('backwards the same, to the very start', () => {
  expect([0, 1199, 1200, 1299, 1300, 1340, 1380, 9999].map(ms => positionAfter(timeline, 4, ms, 1, -1))).toEqual([
    4, 4, 3, 3, 2, 1, 0, 0,
  ])
})

test('steps by entry stay inside of the run; steps by node go to where nodes ended', () => {
  expect(neighbour(timeline, 4, 1, 'entry')).toBe(4)
  expect(neighbour(timeline, 0, -1, 'entry')).toBe(0)
  expect(neighbour(timeline, 0, 1, 'node')).toBe(2)
  expect(neighbour(timeline, 2, 1, 'node')).toBe(4)
  expect(neighbour(timeline, 4, -1, 'node')).toBe(2)
  expect(neighbour(timeline, 2, -1, 'node')).toBe(0)
})

test('speeds go up and down between a quarter and eight', () => {
  expect([speedBeside(1, 1), speedBeside(1, -1), speedBeside(8, 1), speedBeside(0.25, -1)]).toEqual([2, 0.5, 8, 0.25])
})
