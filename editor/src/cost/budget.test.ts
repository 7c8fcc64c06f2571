import { expect, test } from '@jest/globals'
import { limitInWords, scopeInWords, shareOf, tightestOf, usedInWords } from './budget.ts'

const budget = (given: object) => ({
  ...{ id: 'b', scope: 'user', target: '', period: 'day', tokens: 0, cost: 0, usedTokens: 0, usedCost: 0 },
  ...given,
})
const SPELL = { id: 's1', name: 'Stories' }

test('of two sums the one that is nearer to its end counts', () => {
  const one = budget({ tokens: 1000, usedTokens: 250, cost: 2, usedCost: 1 })
  expect(shareOf(one)).toBe(0.5)
  expect(usedInWords(one)).toBe('$1.00 of $2.00')
  expect(usedInWords({ ...one, usedTokens: 900 })).toBe('900 of 1k tokens')
  expect(usedInWords(budget({ tokens: 1000, usedTokens: 0 }))).toBe('0 of 1k tokens')
})

test('the budget that ends first is told, of those that this spell draws from', () => {
  const user = budget({ id: 'user', cost: 10, usedCost: 1 })
  const own = budget({ id: 'own', scope: 'spell', target: 's1', tokens: 10, usedTokens: 9 })
  const other = budget({ id: 'other', scope: 'spell', target: 's2', tokens: 10, usedTokens: 10 })
  const run = budget({ id: 'run', scope: 'run', target: 's1', tokens: 1 })
  expect(tightestOf([user, own, other, run], 's1')?.id).toBe('own')
  expect(tightestOf([user, own, other, run], undefined)?.id).toBe('user')
  expect(tightestOf([other, run], 's1')).toBeUndefined()
})

test('budgets are told in words', () => {
  expect(limitInWords(budget({ cost: 1, tokens: 50_000 }))).toBe('$1.00 or 50k tokens a day')
  expect(limitInWords(budget({ scope: 'run', period: 'total', tokens: 20_000 }))).toBe('20k tokens each run')
  expect(scopeInWords(budget({}), SPELL)).toBe('Everything of mine')
  expect(scopeInWords({ scope: 'run', target: 's1' }, SPELL)).toBe('Each run of “Stories”')
  expect(scopeInWords({ scope: 'spell', target: 's2' }, SPELL)).toBe('Spell s2')
  expect(scopeInWords({ scope: 'node', target: 's1/ask' }, SPELL)).toBe('Node ask of “Stories”')
})
