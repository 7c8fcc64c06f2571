import { expect, test } from '@jest/globals'
import { letters, namesOf, textsIn } from './many.ts'

test('inputs are named by letters', () => {
  expect(namesOf(3)).toEqual(['a', 'b', 'c'])
  expect(namesOf(26).at(-1)).toBe('z')
  expect(letters(2, 'boolean', true)).toEqual({
    a: { type: 'boolean', required: true },
    b: { type: 'boolean', required: true },
  })
  expect(letters(1, 'any', false)).toEqual({ a: { type: 'any' } })
})

test('a count that is none gives no more than there can be', () => {
  expect(namesOf(-5)).toEqual(['a'])
  expect(namesOf(1e9)).toHaveLength(26)
  for (const count of [Number.NaN, '3', null, undefined, [2], { toString: null }]) expect(namesOf(count)).toEqual([])
})

test('only texts are taken from a list', () => {
  expect(textsIn(['a', 5, null, '', {}])).toEqual(['a', ''])
  for (const other of [undefined, null, 5, 'abc', { length: 1, 0: 'a' }]) expect(textsIn(other)).toEqual([])
})
