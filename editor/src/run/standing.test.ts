import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { createTimeline } from '#graph/timeline.ts'
import { standingOf } from './standing.ts'

const started = { kind: 'run.started', run: 'r', spell: 's', revision: 1, inputs: {}, state: {}, seed: 1 } as const
const journal = (...entries: readonly object[]): Entry[] =>
  entries.map((entry, index) => ({ seq: index + 1, at: 1000 + index, ...entry }) as Entry)
const ask = { kind: 'run.waiting', node: 'ask', activation: 'a', reason: 'question', form: { type: 'object' } }

test('a run stands paused before a node until it goes on', () => {
  const timeline = createTimeline(journal(started, { kind: 'run.paused', reason: 'breakpoint', before: 'in/say' }))
  expect(standingOf(timeline)).toMatchObject({ status: 'paused', pausedAt: 'in/say' })
  timeline.push({ seq: 3, at: 1002, kind: 'run.resumed' })
  expect(standingOf(timeline)).toMatchObject({ status: 'running', pausedAt: undefined })
})

test('it waits as long as something is not answered, also while it is paused', () => {
  const timeline = createTimeline(journal(started, { kind: 'node.started', node: 'ask', activation: 'a' }, ask))
  expect(standingOf(timeline)).toMatchObject({ status: 'waiting', waits: [{ node: 'ask', reason: 'question' }] })
  timeline.push({ seq: 4, at: 1003, kind: 'run.paused', reason: 'asked' })
  expect(standingOf(timeline).status).toBe('paused')
  timeline.push({ seq: 5, at: 1004, kind: 'run.resumed' })
  expect(standingOf(timeline).status).toBe('waiting')
  timeline.push({ seq: 6, at: 1005, kind: 'run.answered', node: 'ask', activation: 'a', choice: 'answer', value: {} })
  expect(standingOf(timeline)).toMatchObject({ status: 'running', waits: [] })
  expect([...standingOf(timeline).atWork]).toEqual([['ask', 1]])
})

test('its end ends every wait', () => {
  const timeline = createTimeline(journal(started, ask, { kind: 'run.cancelled', reason: 'stopped', lastSeq: 3 }))
  expect(standingOf(timeline)).toMatchObject({ status: 'cancelled', waits: [] })
})
