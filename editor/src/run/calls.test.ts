import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { createTimeline } from '#graph/timeline.ts'
import { Activations } from './activations.ts'
import { Calls } from './calls.ts'

type Loose = { kind: string; at?: number } & Record<string, unknown>
const journal = (...entries: Loose[]): Entry[] =>
  entries.map((entry, index) => ({ seq: index + 1, at: 100 + index, ...entry }) as unknown as Entry)

// A loop calls the sub-spell `sub` twice; the first call calls `deep` inside; both are at work at the same time.
const entries = journal(
  { kind: 'run.started', run: 'r', spell: 's', revision: 1, inputs: {}, state: {}, seed: 1 },
  { kind: 'node.started', node: 'loop', activation: 'L' },
  { kind: 'scope.opened', node: 'loop', activation: 'L', opened: 'i0', index: 0, values: { item: 'a' } },
  { kind: 'node.started', node: 'sub', activation: 'S0', scope: 'i0' },
  { kind: 'scope.opened', node: 'sub', activation: 'S0', scope: 'i0', opened: 'c0', index: 0, values: { x: 'a' } },
  { kind: 'scope.opened', node: 'loop', activation: 'L', opened: 'i1', index: 1, values: { item: 'b' } },
  { kind: 'node.started', node: 'sub', activation: 'S1', scope: 'i1' },
  { kind: 'scope.opened', node: 'sub', activation: 'S1', scope: 'i1', opened: 'c1', index: 0, values: { x: 'b' } },
  { kind: 'node.ended', node: 'sub/say', activation: 'Y0', scope: 'c0', outputs: { text: 'A' }, pulses: ['out'] },
  { kind: 'node.started', node: 'sub/deep', activation: 'D0', scope: 'c0' },
  { kind: 'scope.opened', node: 'sub/deep', activation: 'D0', scope: 'c0', opened: 'd0', index: 0, values: {} },
  { kind: 'node.ended', node: 'sub/say', activation: 'Y1', scope: 'c1', outputs: { text: 'B' }, pulses: ['out'] },
  { kind: 'node.ended', node: 'sub/deep/end', activation: 'E0', scope: 'd0', outputs: { n: 1 }, pulses: [] },
  { kind: 'node.ended', node: 'sub/deep', activation: 'D0', scope: 'c0', outputs: { n: 1 }, pulses: [] },
  { kind: 'node.ended', node: 'sub', activation: 'S0', scope: 'i0', outputs: { said: 'A' }, pulses: [] },
  { kind: 'run.cancelled', lastSeq: 16, reason: 'enough' },
)

test('the calls of a sub-spell are listed as they came, also those inside of one call only', () => {
  const calls = new Calls(createTimeline(entries))
  expect(calls.of('sub', undefined, 16)).toEqual([
    { scope: 'c0', seq: 5 },
    { scope: 'c1', seq: 8 },
  ])
  expect(calls.of('sub', undefined, 7)).toEqual([{ scope: 'c0', seq: 5 }])
  expect(calls.of('sub/deep', 'c0', 16)).toEqual([{ scope: 'd0', seq: 11 }])
  expect(calls.of('sub/deep', 'c1', 16)).toEqual([])
  expect(calls.of('nobody', undefined, 16)).toEqual([])
})

test('a call is shown as a run of the inner spell: its inputs, its nodes, its outputs, and nothing of the other call', () => {
  const first = new Calls(createTimeline(entries)).timelineOf('c0')
  expect(first?.timeline.entries.map(({ seq, kind }) => `${seq} ${kind}`)).toEqual([
    '1 run.started',
    '2 node.ended',
    '3 node.started',
    '4 scope.opened',
    '5 node.ended',
    '6 node.ended',
    '7 run.completed',
  ])
  expect(first?.timeline.at(7)).toMatchObject({
    status: 'completed',
    inputs: { x: 'a' },
    outputs: { said: 'A' },
    nodes: { say: { state: 'done', outputs: { text: 'A' } }, 'deep/end': { outputs: { n: 1 } } },
  })
  expect([4, 5, 8, 9, 14, 16].map(seq => first?.positionAt(seq))).toEqual([0, 1, 1, 2, 6, 7])
  expect([0, 1, 2, 7, 99].map(position => first?.seqAt(position))).toEqual([0, 5, 9, 15, 15])
})

test('a call that the end of the run cut short is cancelled with it', () => {
  const second = new Calls(createTimeline(entries)).timelineOf('c1')
  expect(second?.timeline.at(9).status).toBe('cancelled')
  expect(second?.seqAt(second.timeline.last)).toBe(16)
})

test('it grows with the run: what comes later is found', () => {
  const timeline = createTimeline(entries.slice(0, 8))
  const calls = new Calls(timeline)
  const first = calls.timelineOf('c0')
  expect(first?.timeline.at(99).nodes).toEqual({})
  for (const entry of entries.slice(8)) timeline.push(entry)
  expect(calls.timelineOf('c0')).toBe(first)
  expect(first?.timeline.last).toBe(7)
  expect(calls.timelineOf('nowhere')).toBeUndefined()
})

test('a scope is told by the node that opened it, and the turn', () => {
  const calls = new Calls(createTimeline(entries))
  expect(calls.scope('i1')).toMatchObject({ node: 'loop', index: 1 })
  expect(calls.scope('d0')).toMatchObject({ node: 'sub/deep', index: 0 })
  expect(calls.scope('nowhere')).toBeUndefined()
})

test('each activation of a node is told as it stood at a moment', () => {
  const activations = new Activations(createTimeline(entries))
  expect([3, 4, 7, 16].map(seq => activations.count('sub', seq))).toEqual([0, 1, 2, 2])
  expect(activations.at('sub', 0, 14)).toMatchObject({
    activation: 'S0',
    scope: 'i0',
    state: 'running',
    outputs: { x: 'a' },
  })
  expect(activations.at('sub', 0, 15)).toMatchObject({
    ...{ state: 'done', outputs: { x: 'a', said: 'A' }, seq: 4, lastSeq: 15, startedAt: 103, endedAt: 114 },
  })
  expect(activations.at('sub', 1, 16)).toMatchObject({ activation: 'S1', state: 'cancelled', endedAt: 115 })
  expect(activations.at('sub', 1, 6)).toBeUndefined()
  expect(activations.at('sub', 2, 16)).toBeUndefined()
})

test('attempts of one activation are one, with the number of the last', () => {
  const error = { code: 'TIMEOUT', message: 'too slow' }
  const timeline = createTimeline(
    journal(
      { kind: 'run.started', run: 'r', spell: 's', revision: 1, inputs: {}, state: {}, seed: 1 },
      { kind: 'node.started', node: 'n', activation: 'A' },
      { kind: 'node.failed', node: 'n', activation: 'A', attempt: 1, error, final: false },
      { kind: 'node.started', node: 'n', activation: 'A', attempt: 2 },
      { kind: 'node.failed', node: 'n', activation: 'A', attempt: 2, error, final: true, pulses: ['error'] },
    ),
  )
  const activations = new Activations(timeline)
  expect(activations.count('n', 5)).toBe(1)
  expect(activations.at('n', 0, 3)).toMatchObject({ state: 'running', attempt: 1, error, endedAt: undefined })
  expect(activations.at('n', 0, 4)).toMatchObject({ state: 'running', attempt: 2 })
  expect(activations.at('n', 0, 5)).toMatchObject({ state: 'failed', attempt: 2, endedAt: 104, pulses: ['error'] })
})
