import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { citationsOf } from './citations.ts'
import { citationsBefore, citedIn, isNumbered } from './earlier.ts'

const piece = (chunkId: string, n = 1) => ({ n, chunkId, documentId: 'd', title: 'Owls', page: 2, text: 'They hunt.' })
const ENTRIES = [
  { kind: 'run.started', seq: 1 },
  { kind: 'node.ended', seq: 2, outputs: { citations: [piece('a')] } },
  { kind: 'node.ended', seq: 3, outputs: { text: 'At night [1].' } },
  { kind: 'node.emitted', seq: 4, outputs: { citations: [piece('b')] } },
] as unknown as Entry[]

test('a text without citations refers to those that the run gave last before it', () => {
  expect(citationsBefore(ENTRIES, 1)).toEqual([])
  expect(citationsBefore(ENTRIES, 3).map(({ chunkId }) => chunkId)).toEqual(['a'])
  expect(citationsBefore(ENTRIES, 9).map(({ chunkId }) => chunkId)).toEqual(['b'])
})

test('only what a text refers to is its source', () => {
  const known = citationsOf([piece('a', 1), piece('b', 2), piece('c', 3)])
  expect(citedIn('First [3], then [1] and again [3].', known).map(({ n }) => n)).toEqual([1, 3])
  expect(citedIn('Nothing [7].', known)).toEqual([])
})

test('a text that has no numbers in brackets refers to nothing', () => {
  for (const text of ['see [1].', 'see [1, 2]', 'see [12;3]']) expect(isNumbered(text)).toBe(true)
  for (const text of ['see 1', '[a]', '[1a]', 7, undefined, ['[1]']]) expect(isNumbered(text)).toBe(false)
})
