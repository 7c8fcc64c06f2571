import { expect, test } from '@jest/globals'
import { formatMoney, formatPrice, formatTokens } from './money.ts'

test('sums of money are told in the digits that count', () => {
  expect([0, 0.0021, 0.000_042, 0.012, 0.5, 1, 12.345, 1234.5, 1e-9].map(formatMoney)).toEqual([
    '$0',
    '$0.0021',
    '$0.000042',
    '$0.012',
    '$0.50',
    '$1.00',
    '$12.35',
    '$1,235',
    '<$0.000001',
  ])
})

test('prices are told in dollars and cents, and none is free', () => {
  expect([0, 0.25, 2, 1.1, 0.075, 10, 0.4].map(formatPrice)).toEqual([
    'free',
    '$0.25',
    '$2',
    '$1.10',
    '$0.075',
    '$10',
    '$0.40',
  ])
})

test('tokens are told in thousands and millions', () => {
  expect([0, 999, 1000, 12_345, 128_000, 999_999, 1_048_576, 200_000].map(formatTokens)).toEqual([
    '0',
    '999',
    '1k',
    '12.3k',
    '128k',
    '1M',
    '1M',
    '200k',
  ])
})
