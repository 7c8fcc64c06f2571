import { expect, test } from '@jest/globals'
import { accountsOf, costOf, originOf, periodAt, renewalOf, wordsOf } from './charge.ts'

const NEW_YEARS_EVE = Date.UTC(2026, 11, 31, 23, 59, 59, 999)

test('a cost is of what was asked, what was cached of it, and what was answered', () => {
  const price = { input: 2, output: 8, cached: 0.5 }
  expect(costOf({ inputTokens: 1_000, outputTokens: 500 }, price)).toBeCloseTo(0.006, 12)
  expect(costOf({ inputTokens: 1_000, outputTokens: 500, cachedTokens: 800 }, price)).toBeCloseTo(0.0048, 12)
  expect(costOf({ inputTokens: 1_000, outputTokens: 0, cachedTokens: 800 }, { input: 2, output: 8 })).toBeCloseTo(
    0.002,
    12,
  )
  // A provider that says it had more cached than it was given.
  expect(costOf({ inputTokens: 10, outputTokens: 0, cachedTokens: 800 }, price)).toBeCloseTo(0.000005, 12)
  expect(costOf({ inputTokens: 10, outputTokens: 10 }, undefined)).toBeUndefined()
  // A vendor that tells no tokens tells no cost either; what is free is free.
  expect(costOf({ inputTokens: 0, outputTokens: 0 }, price)).toBeUndefined()
  expect(costOf({ inputTokens: 0, outputTokens: 0 }, { input: 0, output: 0 })).toBe(0)
})

test('periods are those of UTC, and end when the next one begins', () => {
  expect((['day', 'month', 'total'] as const).map(period => periodAt(period, NEW_YEARS_EVE))).toEqual([
    '2026-12-31',
    '2026-12',
    'total',
  ])
  expect(renewalOf('day', NEW_YEARS_EVE)).toBe(Date.UTC(2027, 0, 1))
  expect(renewalOf('month', NEW_YEARS_EVE)).toBe(Date.UTC(2027, 0, 1))
  expect(renewalOf('month', Date.UTC(2026, 1, 3))).toBe(Date.UTC(2026, 2, 1))
  expect(renewalOf('total', NEW_YEARS_EVE)).toBeUndefined()
})

test('a budget is said as people say it', () => {
  expect(wordsOf('tokens', { tokens: 20_000, cost: 0 }, 'user', 'day')).toBe('20,000 tokens a day of this user')
  expect(wordsOf('cost', { tokens: 0, cost: 2.5 }, 'spell', 'month')).toBe('$2.5 a month of this spell')
  expect(wordsOf('cost', { tokens: 0, cost: 0.0003 }, 'run', 'total')).toBe('$0.0003 of this run')
  expect(wordsOf('tokens', { tokens: 1, cost: 0 }, 'node', 'total')).toBe('1 token of this call')
})

test('only the spell-runner says where a call belongs, and what it says can be kept', () => {
  const origin = { agentId: '', spellId: 's\0pell', runId: 'r'.repeat(300), nodeId: 'n\ud800' }
  const charge = { origin, model: 'local/demo', inputTokensEstimate: 1 }
  expect(originOf({ ...charge, caller: { user: 'ada', service: 'edge' } })).toEqual({
    agentId: '',
    spellId: '',
    runId: '',
    nodeId: '',
  })
  expect(originOf({ ...charge, caller: { user: 'ada', service: 'spell-runner' } })).toEqual({
    agentId: '',
    spellId: 'spell',
    runId: 'r'.repeat(200),
    nodeId: 'n\ufffd',
  })
})

test('a call is summed up in what it belongs to', () => {
  const scopes = (origin: object) =>
    accountsOf('ada', { agentId: '', spellId: '', runId: '', nodeId: '', ...origin }, NEW_YEARS_EVE).map(
      ({ scope, target, period }) => `${scope} ${target} ${period}`,
    )
  expect(scopes({})).toEqual(['user  2026-12-31', 'user  2026-12', 'user  total'])
  expect(scopes({ spellId: 's', runId: 'r', nodeId: 'n' }).slice(3)).toEqual([
    'spell s 2026-12-31',
    'spell s 2026-12',
    'spell s total',
    'run r total',
  ])
})
