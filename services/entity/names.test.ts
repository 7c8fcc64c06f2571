import { expect, test } from '@jest/globals'
import { foldName, foldText, gramsOf, likenessOf } from './names.ts'

test.each([
  ['  Ada   Lovelace ', 'ada lovelace'],
  ['ÅNGSTRÖM', 'angstrom'],
  ['Jean-Luc', 'jean luc'],
  ['Straße', 'strasse'],
  ['Łódź', 'lodz'],
  ['Øre', 'ore'],
  ['e\u0301', 'e'],
  ['İstanbul', 'istanbul'],
  ['ﬁn', 'fin'],
  ['O’Neil', "o'neil"],
  ['東京', '東京'],
  ['C++', 'c++'],
  ['\u0301\u200d ', ''],
])('%j is compared as %j', (name, folded) => {
  expect(foldName(name)).toBe(folded)
})

test('a folded text knows where its characters come from', () => {
  const { text, from } = foldText('Aß  é😀x')
  expect(text).toBe('ass e😀x')
  expect(from).toEqual([0, 1, 1, 2, 4, 5, 5, 7])
})

test('names that are near share threes of letters', () => {
  const near = new Set(gramsOf(['alan turing']))
  expect(gramsOf(['allan turing']).filter(gram => near.has(gram)).length).toBeGreaterThan(6)
  expect(gramsOf(['grace hopper']).filter(gram => near.has(gram))).toEqual([])
  expect(gramsOf([Array.from({ length: 999 }, (_, index) => `w${index}`).join(' ')])).toHaveLength(512)
})

test.each([
  ['ada', 'ada', 1, 1],
  ['ada lovelace', 'lovelace', 0.7, 0.9],
  ['a lovelace', 'ada lovelace', 0.85, 0.98],
  ['ada lovelacce', 'ada lovelace', 0.9, 0.98],
  ['bob', 'rob', 0.6, 0.7],
  ['bob', 'alice', 0, 0.3],
  ['', 'alice', 0, 0],
])('%j is as like %j as from %d to %d', (one, other, least, most) => {
  const likeness = likenessOf(one, other)
  expect(likeness).toBe(likenessOf(other, one))
  expect(likeness).toBeGreaterThanOrEqual(least)
  expect(likeness).toBeLessThanOrEqual(most)
})
