import { expect, test } from '@jest/globals'
import { rank } from './rank.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 1)
const options = { recency: 0, halfLifeMs: DAY, now: NOW }
const candidate = (id: string, ageMs = 0, matched: readonly string[] = []) => ({ id, seq: 1, at: NOW - ageMs, matched })
const hit = (id: string, similarity?: number, score = 0.5) => ({ id, similarity, score })

test('being new counts half as much after each half-life, and never more than one', () => {
  const found = rank([candidate('new', -DAY), candidate('day', DAY), candidate('two', 2 * DAY)], [], [], options)
  expect(found.map(({ id, newness }) => [id, newness])).toEqual([
    ['new', 1],
    ['day', 0.5],
    ['two', 0.25],
  ])
})

test('the score is what fits, and what is new, as much as is asked for', () => {
  const candidates = [candidate('old', DAY), candidate('new', 0)]
  const hits = [hit('old', 0.6), hit('new', 0.475)]
  const idsAt = (recency: number) =>
    rank(candidates, hits, [], { ...options, recency }).map(({ id, score }) => [id, Math.round(score * 1000) / 1000])
  expect(idsAt(0)).toEqual([
    ['old', 1],
    ['new', 0.5],
  ])
  expect(idsAt(0.25)).toEqual([
    ['old', 0.875],
    ['new', 0.625],
  ])
  expect(idsAt(1)).toEqual([
    ['new', 1],
    ['old', 0.5],
  ])
})

test('of those that fit as well, the newer comes first', () => {
  const found = rank([candidate('old', DAY), candidate('new', 1)], [hit('old', 0.5), hit('new', 0.5)], [], options)
  expect(found.map(({ id }) => id)).toEqual(['new', 'old'])
})

test('a rare word counts more than one that is everywhere', () => {
  const words = ['boat', 'marmalade']
  const candidates = ['a', 'b', 'c', 'd']
    .map(id => candidate(id, 0, ['boat']))
    .concat(candidate('jam', DAY, ['marmalade']))
  const [best, next] = rank(candidates, [], words, options)
  expect(best).toMatchObject({ id: 'jam' })
  expect(best?.fit).toBeGreaterThan(0.5)
  expect(next?.fit).toBeLessThan(0.5)
})

test('meaning and words count the same; what is not near at all gains nothing by being the nearest', () => {
  const words = ['boat']
  const both = rank([candidate('a', 0, ['boat']), candidate('b')], [hit('a', 0.7), hit('b', 0.7)], words, options)
  expect(both.map(({ fit }) => fit)).toEqual([1, 0.5])
  const far = rank([candidate('a')], [hit('a', 0.07)], [], options)
  expect(far[0]?.fit).toBeCloseTo(0.2)
})

test('where the vector store tells no similarity, its place counts', () => {
  const found = rank([candidate('a'), candidate('b')], [hit('a', undefined, 1), hit('b', undefined, 0.4)], [], options)
  expect(found.map(({ fit }) => fit)).toEqual([1, 0.4])
})
