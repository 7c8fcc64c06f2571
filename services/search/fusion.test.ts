import { expect, test } from '@jest/globals'
import { byScore, scoreOf } from './fusion.ts'
import type { Found } from './source.ts'

test('first in both is 1, first in one is its share, in none is 0', () => {
  expect(scoreOf({ vectorRank: 1, wordRank: 1 }, 0.3)).toBeCloseTo(1, 12)
  expect(scoreOf({ vectorRank: 1, wordRank: 0 }, 0.3)).toBeCloseTo(0.3, 12)
  expect(scoreOf({ vectorRank: 0, wordRank: 1 }, 0.3)).toBeCloseTo(0.7, 12)
  expect(scoreOf({ vectorRank: 0, wordRank: 0 }, 0.3)).toBe(0)
  // 61 / 70 and 61 / 62.
  expect(scoreOf({ vectorRank: 10, wordRank: 2 }, 0.5)).toBeCloseTo(0.927649769585, 10)
  expect(scoreOf({ vectorRank: 0, wordRank: 0, webRank: 4 }, 0.5)).toBeCloseTo(61 / 64, 12)
})

test('where scores are equal, similarity, source and id decide', () => {
  const one = (source: Found['source'], id: string, score: number, similarity?: number): Found => ({
    source,
    id,
    score,
    title: '',
    text: '',
    at: 0,
    metadata: {},
    places: { vectorRank: 1, wordRank: 0, ...(similarity === undefined ? {} : { similarity }) },
  })
  const all = [
    one('web', 'w', 0.5),
    one('entities', 'b', 0.5),
    one('entities', 'a', 0.5),
    one('events', 'x', 0.5, 0.1),
    one('documents', 'd', 0.5),
    one('entities', 'c', 0.9),
  ]
  const expected = ['c', 'x', 'd', 'a', 'b', 'w']
  expect(all.toSorted(byScore).map(({ id }) => id)).toEqual(expected)
  expect(
    all
      .toReversed()
      .toSorted(byScore)
      .map(({ id }) => id),
  ).toEqual(expected)
})
