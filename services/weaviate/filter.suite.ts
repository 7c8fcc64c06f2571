import { beforeAll, describe, expect, test } from '@jest/globals'
import type { DeepPartial, Filter } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { idsOf, json, object, where } from './kit.suite.ts'
import type { Of, Subject } from './provider.suite.ts'

const PROPERTIES = [
  { name: 'kind', type: 'text' },
  { name: 'tags', type: 'texts' },
  { name: 'size', type: 'number' },
  { name: 'at', type: 'date' },
  { name: 'open', type: 'boolean' },
]

const OBJECTS = [
  object('a', 'lemon', { kind: 'Red wine', tags: ['x', 'size=1'], size: 1, at: 1_700_000_000_000, open: true }),
  object('b', 'lemon', { kind: 'red', tags: ['y'], size: 2.5, at: 1_700_000_000_001, open: false }),
  object('c', 'lemon', { kind: 'wine', tags: ['x', 'y', "it's %_\\"], size: -3, at: -1, open: true }),
  object('d', 'lemon'),
]

/** By filter, who fits it. */
const CASES: readonly (readonly [string, DeepPartial<Filter>, string])[] = [
  ['text =', where('kind', '=', 'red'), 'b'],
  ['text = is whole and exact', where('kind', '=', 'wine'), 'c'],
  ['text !=', where('kind', '!=', 'red'), 'acd'],
  ['text <', where('kind', '<', 'red'), 'a'],
  ['text >=', where('kind', '>=', 'red'), 'bc'],
  ['text in', where('kind', 'in', ['Red wine', 'wine', 'none']), 'ac'],
  ['number =', where('size', '=', 2.5), 'b'],
  ['number !=', where('size', '!=', 1), 'bcd'],
  ['number <', where('size', '<', 1), 'c'],
  ['number <=', where('size', '<=', 1), 'ac'],
  ['number >', where('size', '>', 1), 'b'],
  ['number >=', where('size', '>=', 1), 'ab'],
  ['number in', where('size', 'in', [1, -3, 7]), 'ac'],
  ['date =', where('at', '=', 1_700_000_000_001), 'b'],
  ['date <', where('at', '<', 1_700_000_000_001), 'ac'],
  ['date >=', where('at', '>=', 1_700_000_000_000), 'ab'],
  ['date !=', where('at', '!=', -1), 'abd'],
  ['date in', where('at', 'in', [-1, 1_700_000_000_000]), 'ac'],
  ['boolean =', where('open', '=', true), 'ac'],
  ['boolean = false', where('open', '=', false), 'b'],
  ['boolean !=', where('open', '!=', true), 'bd'],
  ['boolean in', where('open', 'in', [true, false]), 'abc'],
  ['texts contains', where('tags', 'contains', 'x'), 'ac'],
  ['texts contains = and the like', where('tags', 'contains', 'size=1'), 'a'],
  ['texts contains what SQL would mind', where('tags', 'contains', "it's %_\\"), 'c'],
  ['texts in', where('tags', 'in', ['size=1', 'y']), 'abc'],
  ['all', { all: [where('tags', 'contains', 'x'), where('size', '<', 0)] }, 'c'],
  ['any', { any: [where('kind', '=', 'red'), where('size', '<', 0)] }, 'bc'],
  [
    'four levels',
    { all: [{ any: [{ all: [where('open', '=', true), where('size', '>', 0)] }, where('kind', '=', 'red')] }] },
    'ab',
  ],
  ['one that nothing fits', where('kind', '=', "'; drop table x; --"), ''],
]

/** What filters mean. */
export function testFilters({ vectors }: Subject, of: Of): void {
  describe('filters', () => {
    const store = () => of('f-all')
    beforeAll(async () => {
      await store().ensureCollection({ collection: 'things', dimensions: 2, properties: PROPERTIES })
      const objects = OBJECTS.map(one => ({ ...one, vector: [1, 1] }))
      await store().upsert({ collection: 'things', objects })
    })

    test.each(CASES)('%s', async (_, filter, fitting) => {
      const asked = { collection: 'things', filter }
      const byWords = await store().query({ ...asked, mode: 'keyword', text: 'lemon' })
      expect(idsOf(byWords.found).toSorted().join('')).toBe(fitting)
      if (!vectors) return
      const byVector = await store().query({ ...asked, mode: 'vector', vector: [1, 0] })
      expect(idsOf(byVector.found).toSorted().join('')).toBe(fitting)
      const byBoth = await store().query({ ...asked, mode: 'hybrid', text: 'lemon', vector: [1, 0] })
      expect(idsOf(byBoth.found).toSorted().join('')).toBe(fitting)
    })

    test('everything that is wrong with one is told, with what is known', async () => {
      const filter = {
        all: [
          where('colour', '=', 'red'),
          where('constructor', '=', 'red'),
          where('kind', '~', 'red'),
          where('kind', 'contains', 'red'),
          where('tags', '<', 'red'),
          where('size', '=', '1'),
          where('size', 'in', []),
          where('size', 'in', [1, 'x']),
          where('at', '>', 'yesterday'),
          {},
          { all: [where('size', '=', 1)], any: [where('size', '=', 2)] },
          { condition: { property: 'size', operator: '=', value: Buffer.from('{') } },
        ],
      }
      const asked = store().query({ collection: 'things', mode: 'keyword', text: 'lemon', filter })
      await expect(asked).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        problems: [
          [
            0,
            'condition.property',
            'the collection "things" has no property "colour"; it has at, kind, open, size, tags',
          ],
          [1, 'condition.property', expect.stringContaining('has no property "constructor"')],
          [2, 'condition.operator', '"~" is none of = != < <= > >= in contains'],
          [
            3,
            'condition.operator',
            '"contains" does not suit "kind", which is text: expected one of = != < <= > >= in',
          ],
          [4, 'condition.operator', '"<" does not suit "tags", which is texts: expected one of contains in'],
          [5, 'condition.value', 'expected a number, got "1"'],
          [6, 'condition.value', 'expected a list with at least one value, got []'],
          [7, 'condition.value', 'expected a number, got "x"'],
          [8, 'condition.value', 'expected milliseconds since 1970, a whole number, got "yesterday"'],
          [9, '', 'expected exactly one of all, any and condition, got nothing'],
          [10, '', 'expected exactly one of all, any and condition, got all and any'],
          [11, 'condition.value', 'expected a JSON value'],
        ].map(([index, path, message]) => ({
          path: `filter.all[${String(index)}]${path === '' ? '' : `.${String(path)}`}`,
          message,
        })),
      })
    })

    test('one may be four levels deep and have 64 conditions', async () => {
      const ask = (filter: DeepPartial<Filter>) =>
        store().query({ collection: 'things', mode: 'keyword', text: 'lemon', filter })
      const deep = { all: [{ any: [{ all: [{ any: [where('size', '=', 1)] }] }] }] }
      await expect(ask(deep)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('4 levels'),
      })
      const many = (count: number) => ({ any: Array.from({ length: count }, (_, index) => where('size', '=', index)) })
      expect(idsOf((await ask(many(64))).found)).toEqual(['a'])
      await expect(ask(many(65))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: 'filter: expected at most 64 conditions, got 65',
      })
    })

    test('a value is a value, whatever it says', async () => {
      const value = json("x' or true or p_kind = '")
      const filter = { condition: { property: 'kind', operator: '=', value } }
      const { found } = await store().query({ collection: 'things', mode: 'keyword', text: 'lemon', filter })
      expect(found).toEqual([])
    })
  })
}
