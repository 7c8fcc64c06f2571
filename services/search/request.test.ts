import { expect, test } from '@jest/globals'
import { SearchRequest } from '#gen/spellmesh/search/v1/search.ts'
import type { Problem } from '#mesh/errors.ts'
import { fits, toStoreFilter } from './fields.ts'
import { readRequest } from './request.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (request: Parameters<typeof SearchRequest.fromPartial>[0]) =>
  readRequest(SearchRequest.fromPartial({ query: 'q', ...request }), 0.4)
const problemsOf = (request: Parameters<typeof SearchRequest.fromPartial>[0]): readonly Problem[] => {
  try {
    read(request)
  } catch (error) {
    return (error as { problems: readonly Problem[] }).problems
  }
  return []
}

test('a bare query looks for ten pieces of documents, by words and meaning', () => {
  expect(read({ query: ' what is\0 it ' })).toEqual({
    query: 'what is  it',
    sources: ['documents'],
    mode: 'hybrid',
    collections: [],
    types: [],
    from: 0,
    to: 0,
    conditions: [],
    limit: 10,
    alpha: 0.4,
    rerank: 'none',
    rerankModel: '',
    perDocument: 0,
  })
})

test('everything that is wrong is told at once', () => {
  const problems = problemsOf({
    query: 'x'.repeat(1_048_576),
    sources: ['documents', 'mails'],
    mode: 'fuzzy',
    collections: Array.from({ length: 33 }, (_, index) => String(index)),
    types: [''],
    from: 5,
    to: 5,
    limit: 101,
    alpha: 1.5,
    rerank: 'magic',
    webProvider: 'google',
    filters: [
      { field: 'colour', operator: '=', value: json('red') },
      { field: 'page', operator: '~', value: json(3) },
      { field: 'page', value: json('three') },
      { field: 'language', operator: '<', value: json('en') },
      { field: 'metadata.year', operator: 'in', value: json([]) },
      { field: 'metadata.year', value: Buffer.from('{') },
      { field: 'channel', value: json('general') },
    ],
  })
  expect(problems).toEqual([
    { path: 'query', message: '1048576 characters; at most 8000' },
    { path: 'sources[1]', message: '"mails" is none of documents, events, entities, web' },
    { path: 'mode', message: '"fuzzy" is none of keyword, vector, hybrid' },
    { path: 'rerank', message: '"magic" is none of none, embedding, completion' },
    { path: 'webProvider', message: '"google" is none of searxng, brave, tavily' },
    { path: 'collections', message: '33; at most 32' },
    { path: 'types[0]', message: 'must not be empty' },
    { path: 'to', message: '5 is not later than from, 5' },
    { path: 'limit', message: '101 is not from 1 to 100' },
    { path: 'alpha', message: '1.5 is not from 0 to 1' },
    {
      path: 'filters[0].field',
      message: '"colour" is not known: expected one of document, language, page, metadata.<key>',
    },
    { path: 'filters[1].operator', message: '"~" is none of =, !=, <, <=, >, >=, in' },
    { path: 'filters[2].value', message: '"three" is no number' },
    { path: 'filters[3].operator', message: '"<" is for numbers: expected one of =, !=, in' },
    {
      path: 'filters[4].value',
      message: 'expected a list of 1 to 32 texts of at most 1000 characters, numbers or booleans',
    },
    {
      path: 'filters[5].value',
      message: 'expected one of texts of at most 1000 characters, numbers or booleans',
    },
    {
      path: 'filters[6].field',
      message: '"channel" is not known: expected one of document, language, page, metadata.<key>',
    },
  ])
})

test('nothing but spaces is no query, and halves of pairs are none', () => {
  expect(problemsOf({ query: ' \n\0' })).toEqual([{ path: 'query', message: 'must not be empty' }])
  expect(read({ query: 'a\ud800b' }).query).toBe('a\ufffdb')
})

test('of the web nothing can be filtered', () => {
  expect(problemsOf({ sources: ['web'], filters: [{ field: 'page', value: json(1) }] })).toEqual([
    { path: 'filters[0].field', message: '"page" is not known: nothing of the web can be filtered' },
  ])
})

test('so many conditions as the store takes', () => {
  const values = Array.from({ length: 30 }, (_, index) => index)
  const filter = { field: 'metadata.year', operator: 'in', value: json(values) }
  expect(problemsOf({ filters: [filter, filter] })).toEqual([
    { path: 'filters', message: 'are 60 conditions, each value of a list counted; at most 56' },
  ])
})

test('filters go to the store where it can tell, each source having its own', () => {
  const wish = read({
    sources: ['entities', 'events', 'documents'],
    collections: ['work'],
    types: ['pdf'],
    from: 10,
    to: 20,
    filters: [
      { field: 'metadata.team', value: json('red') },
      { field: 'metadata.year', operator: 'in', value: json([2025, 2026]) },
      { field: 'metadata.pages', operator: '>=', value: json(5) },
      { field: 'page', operator: '<', value: json(3) },
      { field: 'entity', value: json('e1') },
    ],
  })
  expect(wish.sources).toEqual(['documents', 'events', 'entities'])
  const is = (property: string, operator: string, value: unknown) => ({
    condition: { property, operator, value: json(value) },
  })
  expect(toStoreFilter('documents', wish)).toEqual({
    all: [
      is('collection', 'in', ['work']),
      is('type', 'in', ['pdf']),
      is('at', '>=', 10),
      is('at', '<', 20),
      is('metadata', 'contains', 'team=red'),
      { any: [is('metadata', 'contains', 'year=2025'), is('metadata', 'contains', 'year=2026')] },
      is('page', '<', 3),
    ],
  })
  expect(toStoreFilter('events', wish)).toEqual({
    all: [is('type', 'in', ['pdf']), is('at', '>=', 10), is('at', '<', 20), is('entities', 'contains', 'e1')],
  })
  expect(toStoreFilter('entities', wish)).toEqual({
    all: [is('kind', 'in', ['pdf']), is('at', '>=', 10), is('at', '<', 20)],
  })
  expect(toStoreFilter('documents', read({}))).toBeUndefined()
})

test.each([
  ['=', 'red', { team: 'red' }, true],
  ['=', 'red', { team: 'blue' }, false],
  ['=', 'red', {}, false],
  ['=', true, { team: true }, true],
  ['!=', 'red', { team: 'blue' }, true],
  ['!=', 'red', { team: 'red' }, false],
  ['!=', 'red', {}, true],
  ['>=', 5, { team: 5 }, true],
  ['>', 5, { team: 5 }, false],
  ['<', 5, { team: 4 }, true],
  ['<=', 5, { team: 5.5 }, false],
  ['>', 5, { team: '6' }, false],
  ['>=', '2026-01-01', { team: '2026-11-21' }, true],
  ['<', '2026-01-01', { team: '2026-11-21' }, false],
  ['in', ['red', 'blue'], { team: 'blue' }, true],
  ['in', ['red', 'blue'], { team: 'green' }, false],
])('what is known now decides: %s %j of %j is %s', (operator, value, known, expected) => {
  const wish = read({ filters: [{ field: 'metadata.team', operator, value: json(value) }] })
  expect(fits('documents', wish, known)).toBe(expected)
  expect(fits('events', wish, known)).toBe(true)
})

test('a key of every object is no key of this one', () => {
  const wish = read({ filters: [{ field: 'metadata.constructor', operator: '!=', value: json('x') }] })
  expect(fits('documents', wish, {})).toBe(true)
  expect(problemsOf({ filters: [{ field: 'constructor', value: json('x') }] })).toHaveLength(1)
})
