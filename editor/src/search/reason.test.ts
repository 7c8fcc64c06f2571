import { expect, test } from '@jest/globals'
import { reasonInWords } from './reason.ts'

const none = { vectorRank: 0, wordRank: 0, words: [], text: '' }

test('a reason tells the places by words and by meaning', () => {
  expect(reasonInWords({ ...none, wordRank: 3, vectorRank: 1 })).toBe('3rd by words, 1st by meaning')
  expect(reasonInWords({ ...none, wordRank: 11 })).toBe('11th by words')
  expect(reasonInWords({ ...none, vectorRank: 22, rerankScore: 0.4 })).toBe('22nd by meaning, put in order by a model')
})

test('where no place is known, the server’s own sentence stands', () => {
  expect(reasonInWords({ ...none, text: 'the first of SearXNG' })).toBe('the first of SearXNG')
  expect(reasonInWords(undefined)).toBe('')
})
