import { expect, test } from '@jest/globals'
import { toConfiguration, toWords } from './words.ts'

test.each([
  ['The quick-brown fox, isn’t it?', 'the quick brown fox isn t it'],
  ['CAFÉ Ångström “naïve” Łódź', 'cafe angstrom naive łodz'],
  ['Straße ﬁne ２０２４ x₂', 'straße fine 2024 x2'],
  ['Ελλάδα Россия й ё', 'ελλάδα россия й ё'],
  ['東京都 is 京', '東京 京都 is 京'],
  ['カメラが好き', 'カメ メラ ラが が好 好き'],
  ['한국어 문서', '한국어 문서'],
  ['हिन्दी में', 'हिन्दी में'],
  ['שָׁלוֹם', 'שָׁלוֹם'],
  ['a_b c/d e@f.g 1.5', 'a b c d e f g 1 5'],
  ['😀 … — \u202e', ''],
  ['', ''],
])('the words of %j are %j', (text, words) => {
  expect(toWords(text)).toEqual(words === '' ? [] : words.split(' '))
})

test('a word without end is cut, and none is half a letter', () => {
  expect(toWords('x'.repeat(1_000))).toEqual(['x'.repeat(64)])
  for (const text of [`${'x'.repeat(63)}𝒳𐐨𐐨`, '𐐨'.repeat(100)])
    expect(toWords(text).map(word => word.isWellFormed())).toEqual([true])
})

test('a text of a hundred thousand letters is read in no time that counts', () => {
  const texts = ['a ', 'é', '東', '\u0301', '-', 'ab-'].map(part => part.repeat(100_000 / part.length))
  for (const text of texts) expect(toWords(text).length).toBeLessThanOrEqual(20_000)
})

test('a language is known where Postgres knows it', () => {
  const known = new Set(['english', 'german'])
  expect(['en', 'de', 'et', '', 'constructor'].map(language => toConfiguration(language, known))).toEqual([
    'english',
    'german',
    undefined,
    undefined,
    undefined,
  ])
})
