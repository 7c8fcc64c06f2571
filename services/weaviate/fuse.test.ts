import { expect, test } from '@jest/globals'
import { fuse, fusedScore } from './fuse.ts'

const found = (id: string, vectorRank: number, wordRank: number) => ({
  object: { id, text: '', vector: undefined, properties: {}, language: '' },
  similarity: vectorRank === 0 ? undefined : 1 - vectorRank / 10,
  wordsScore: wordRank === 0 ? undefined : 9 - wordRank,
  vectorRank,
  wordRank,
})

test('first in both is 1, in one of them its part', () => {
  expect(fusedScore(1, 1, 0.3)).toBeCloseTo(1, 12)
  expect(fusedScore(1, 0, 0.25)).toBeCloseTo(0.25, 12)
  expect(fusedScore(0, 1, 0.25)).toBeCloseTo(0.75, 12)
  expect(fusedScore(2, 3, 0.5)).toBeCloseTo((61 / 62 + 61 / 63) / 2, 12)
  expect(fusedScore(0, 0, 0.5)).toBe(0)
})

test('the best come first, of equals the id that comes first, and no more than asked for', () => {
  const all = [found('c', 2, 0), found('b', 0, 1), found('a', 1, 0), found('d', 3, 2)]
  const ids = (mode: 'hybrid' | 'vector' | 'keyword', limit: number) =>
    fuse(all, mode, { alpha: 0.5, limit }).map(({ object }) => object.id)
  expect(ids('hybrid', 4)).toEqual(['d', 'a', 'b', 'c'])
  expect(ids('hybrid', 2)).toEqual(['d', 'a'])
  expect(ids('vector', 4)).toEqual(['a', 'c', 'd', 'b'])
  expect(ids('keyword', 4)).toEqual(['b', 'd', 'a', 'c'])
})
