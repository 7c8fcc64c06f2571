import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { createTimeline } from '#graph/timeline.ts'
import { costInWords, spendingOf, tokensInWords } from './spending.ts'

const ended = (node: string, usage: object | undefined, more: object = {}) => ({
  kind: 'node.ended',
  node,
  outputs: {},
  pulses: [],
  ...(usage ? { usage } : {}),
  ...more,
})
const timelineOf = (...entries: readonly object[]) =>
  createTimeline(
    entries.map(
      (entry, index) => ({ seq: index + 1, at: index, activation: `${index}`, ...entry }) as unknown as Entry,
    ),
  )
const GPT = { inputTokens: 100, outputTokens: 10, model: 'openai/gpt', cost: 0.002 }

test('what a node used is summed over its activations, up to the slider; a sub-spell counts what ran within it', () => {
  const timeline = timelineOf(
    ended('ask', GPT),
    ended('text', undefined),
    ended('ask', { ...GPT, cost: 0.001 }),
    ended('inner/deep/ask', { inputTokens: 5, outputTokens: 5, model: 'local/demo', cost: 0 }),
  )
  expect(spendingOf(timeline, 'ask', 1)).toMatchObject({ calls: 1, cost: 0.002, inputTokens: 100 })
  expect(spendingOf(timeline, 'ask', 4)).toMatchObject({
    calls: 2,
    cost: 0.003,
    outputTokens: 20,
    models: ['openai/gpt'],
  })
  expect(spendingOf(timeline, 'text', 4)).toBeUndefined()
  expect(spendingOf(timeline, 'inner', 3)).toBeUndefined()
  expect(spendingOf(timeline, 'inner/deep', 4)).toMatchObject({ calls: 1, demo: 1, inputTokens: 5 })
  expect(spendingOf(timeline, '', 4)).toMatchObject({
    calls: 3,
    inputTokens: 205,
    models: ['openai/gpt', 'local/demo'],
  })
})

test('what was taken over from an earlier run is not paid again', () => {
  expect(spendingOf(timelineOf(ended('ask', GPT, { cached: true })), 'ask', 1)).toBeUndefined()
})

test('entries that come later are counted', () => {
  const timeline = timelineOf(ended('ask', GPT))
  expect(spendingOf(timeline, '', 9)).toMatchObject({ calls: 1 })
  timeline.push({ seq: 2, at: 1, activation: 'b', ...ended('ask', GPT) } as unknown as Entry)
  expect(spendingOf(timeline, '', 9)).toMatchObject({ calls: 2 })
})

test('an unknown price is not nothing, and the built-in model is a demo', () => {
  const of = (calls: number, cost: number, unpriced: number, demo: number) =>
    costInWords({ calls, cost, unpriced, demo })
  expect([of(1, 0.0021, 0, 0), of(2, 0, 0, 2), of(2, 0, 2, 0), of(2, 0.01, 1, 0), of(1, 0, 0, 0)]).toEqual([
    '$0.0021',
    'free demo',
    'price unknown',
    '$0.010 and more',
    'free',
  ])
  expect(tokensInWords({ inputTokens: 1500, outputTokens: 20 })).toBe('1.5k → 20 tokens')
  expect(tokensInWords({ inputTokens: 0, outputTokens: 0 })).toBe('')
})
