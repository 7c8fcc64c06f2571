import { expect, test } from '@jest/globals'
import type { ChangeRecord, EntityRecord, RelationRecord } from '../knowledge/records.ts'
import { byTime, changeInWords, fieldsOf, fromAttribute, momentsOf, relationInWords, toAttribute } from './changes.ts'

const entity = (attributes: Record<string, string>, aliases: string[] = []) =>
  ({ id: 'ada', name: 'Ada', aliases, attributes }) as unknown as EntityRecord
const relation = {
  fromId: 'ada',
  kind: 'works_at',
  toId: 'mill',
  toName: 'The mill',
  fromName: 'Ada',
} as RelationRecord
const HISTORY = [
  { kind: 'changed', at: 30, entity: entity({ city: 'Basel' }, ['Countess']), fields: ['attributes.city', 'aliases'] },
  { kind: 'linked', at: 20, relation, fields: [] },
  { kind: 'created', at: 10, entity: entity({ city: 'Bern' }), fields: ['name', 'attributes.city'] },
] as unknown as ChangeRecord[]

test('the slider stands at each moment once, oldest first', () => {
  expect(momentsOf([...HISTORY, ...HISTORY])).toEqual([10, 20, 30])
})

test('what was told late stands where it belongs', () => {
  const late = { version: 4, at: 15 } as ChangeRecord
  const same = { version: 3, at: 30 } as ChangeRecord
  expect(
    byTime([late, same, ...HISTORY].map(change => ({ version: 1, ...change }))).map(({ at, version }) => [at, version]),
  ).toEqual([
    [30, 3],
    [30, 1],
    [20, 1],
    [15, 4],
    [10, 1],
  ])
})

test('a change tells what fields were and became, past the changes of relations', () => {
  expect(fieldsOf(HISTORY, 0)).toEqual([
    { field: 'attributes.city', before: 'Bern', after: 'Basel' },
    { field: 'aliases', before: undefined, after: ['Countess'] },
  ])
  expect(fieldsOf(HISTORY, 1)).toEqual([])
  expect(fieldsOf(HISTORY, 2)).toEqual([
    { field: 'name', before: undefined, after: 'Ada' },
    { field: 'attributes.city', before: undefined, after: 'Bern' },
  ])
})

test('changes and relations are told in words, from either end', () => {
  expect(HISTORY.map(change => changeInWords(change, 'ada'))).toEqual([
    'Changed: city, aliases',
    'Since then: works at The mill',
    'First known',
  ])
  expect(relationInWords(relation, 'mill')).toBe('Ada works at this')
})

test('an attribute is what was typed, and is typed again as it is', () => {
  for (const value of ['Bern', '3 rooms', '12', 12, true, null, 'true', ['a', 1], { a: '1' }, '"quoted"', ''])
    expect(toAttribute(fromAttribute(value))).toEqual(value)
  expect(toAttribute('12')).toBe(12)
  expect(toAttribute('[1, 2')).toBe('[1, 2')
  expect(fromAttribute('Bern')).toBe('Bern')
})
