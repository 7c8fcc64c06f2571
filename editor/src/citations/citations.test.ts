import { expect, test } from '@jest/globals'
import { citationInWords, citationsAmong, citationsOf, citedParts, refersTo } from './citations.ts'

const owl = { n: 1, chunkId: 'c1', documentId: 'd1', title: 'Owls', page: 3, text: 'They hunt at night.', score: 0.9 }
const { score, ...known } = owl

test('a value is a citation where it names a piece of a document', () => {
  expect(score).toBe(0.9)
  expect(citationsOf(owl)).toEqual([known])
  expect(
    citationsOf([
      { chunkId: 'c1', documentId: 'd1' },
      { chunkId: 'c2', documentId: 'd1', page: -1 },
    ]),
  ).toEqual([
    { n: 1, chunkId: 'c1', documentId: 'd1', title: '', page: 0, text: '' },
    { n: 2, chunkId: 'c2', documentId: 'd1', title: '', page: 0, text: '' },
  ])
})

test('anything else is none', () => {
  for (const value of [
    undefined,
    null,
    'text',
    3,
    {},
    [],
    [owl, 'text'],
    { chunkId: 'c', documentId: 4 },
    { chunkId: '', documentId: '' },
  ])
    expect(citationsOf(value)).toEqual([])
})

test('the citations of a node are those among its values', () => {
  expect(citationsAmong({ text: 'Owls [1]', citations: [owl] })).toEqual([known])
  expect(citationsAmong({ text: 'Owls [1]' })).toEqual([])
  const event = { n: 1, source: 'events', id: 'e1', title: 'lobby', text: 'An owl!' }
  const second = { ...owl, n: 2, source: 'documents' }
  expect(citationsAmong({ hits: [event, second] })).toEqual([{ ...known, n: 2 }])
  expect(citationsAmong({ hits: [event, 'text'] })).toEqual([])
})

test('a text refers to citations by their numbers', () => {
  const two = { ...known, n: 2, chunkId: 'c2' }
  expect(citedParts('Owls hunt [1], see [12].', [known])).toEqual([
    { text: 'Owls hunt ' },
    { text: '1', citation: known },
    { text: ', see ' },
    { text: '[12]' },
    { text: '.' },
  ])
  expect(citedParts('Both [1, 2]', [known, two])).toEqual([
    { text: 'Both ' },
    { text: '1', citation: known },
    { text: '2', citation: two },
  ])
  expect(citedParts('One of them [1; 9]', [known])).toEqual([
    { text: 'One of them ' },
    { text: '1', citation: known },
    { text: '[9]' },
  ])
  expect(refersTo('a[0] = b[7]', [known])).toBe(false)
  expect(refersTo('so it is [1]', [known])).toBe(true)
  expect(refersTo('so it is [1]', [])).toBe(false)
})

test('a citation is told by its title and page', () => {
  expect(citationInWords(known)).toBe('Owls, page 3')
  expect(citationInWords({ ...known, title: '', page: 0 })).toBe('a document')
})
