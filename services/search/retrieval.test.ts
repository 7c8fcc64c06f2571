// A part of the set of bench/knowledge/retrieval, so that nobody makes the order worse unseen.
import { expect, test } from '@jest/globals'
import { meanOf } from '#bench/knowledge/retrieval/figures.ts'
import { THEMES } from '#bench/knowledge/retrieval/set.ts'
import { askAll, takeIn } from '#bench/knowledge/retrieval/take-in.ts'
import { embedded } from '#mesh/testing.ts'
import { PATIENT } from './kit.suite.ts'

test('both words and vectors find better than either alone', async () => {
  const themes = ['kitchen', 'writing'].flatMap(name => THEMES[name] ?? [])
  await using system = await embedded({ services: ['search'], settings: PATIENT })
  const user = system.as('ada')
  await takeIn(user, themes)
  const ndcgOf = async (mode: string) =>
    meanOf((await askAll(user, themes, { mode })).map(({ figures }) => figures)).ndcg
  const [words, vectors, both] = [await ndcgOf('keyword'), await ndcgOf('vector'), await ndcgOf('hybrid')]
  expect(words).toBeGreaterThan(0.7)
  expect(vectors).toBeGreaterThan(0.7)
  expect(both).toBeGreaterThan(Math.max(words, vectors))
}, 300_000)
