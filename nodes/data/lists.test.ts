import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json, JsonObject } from '#graph/json.ts'
import { outputsOf, problemsOf, runNode } from '../kit.suite.ts'

const listOf = async (type: string, list: Json, config: JsonObject = {}) =>
  (await outputsOf(type, { config, inputs: { list } }))['list']

const LISTS = ['unique', 'sort', 'group', 'filter', 'map', 'slice', 'reverse']

test.each(LISTS)('data/%s needs a list and takes an empty one', async name => {
  expect((await runNode(`data/${name}`)).error).toMatchObject({ code: 'NO_VALUE' })
  for (const list of [null, '', 0, {}])
    expect((await runNode(`data/${name}`, { inputs: { list } })).error).toMatchObject({ code: 'WRONG_TYPE' })
  expect(await listOf(`data/${name}`, [])).toEqual([])
})

test.each(['unique', 'sort', 'group', 'filter', 'map'])('data/%s refuses what is no path', name => {
  expect(problemsOf(`data/${name}`, { path: 'a..b' })).toEqual([
    { path: 'config.path', message: '"a..b" is not a path such as user.names[0]' },
  ])
  expect(problemsOf(`data/${name}`, { path: 1 })).toEqual([
    { path: 'config.path', message: 'expected a string, got 1' },
  ])
})

describe('range', () => {
  const range = async (from: number, to: number, step = 1) =>
    (await outputsOf('data/range', { config: { from, to, step } }))['list']

  test('counts up and down, the end included', async () => {
    expect(await range(1, 3)).toEqual([1, 2, 3])
    expect(await range(3, 0, -1)).toEqual([3, 2, 1, 0])
    expect(await range(0, 5, 2)).toEqual([0, 2, 4])
    expect(await range(0, 0.3, 0.1)).toEqual([0, 0.1, 0.2, 0.3])
    expect(await range(0, 0)).toEqual([0])
    expect(await range(1, 0)).toEqual([])
    expect(await range(0, 1, -1)).toEqual([])
  })

  test('takes its ends over wires too, 0 among them', async () => {
    expect(await outputsOf('data/range', { inputs: { from: 0, to: 1 } })).toEqual({ list: [0, 1], count: 2 })
    expect(await outputsOf('data/range', { inputs: { to: 0 } })).toEqual({ list: [], count: 0 })
  })

  test('refuses to go on without end', async () => {
    expect(await range(1, 100_000)).toHaveLength(100_000)
    expect((await runNode('data/range', { config: { to: 100_001 } })).error).toMatchObject({
      code: 'TOO_LONG',
      message: 'from 1 to 100001 are more than 100000 numbers',
    })
    const far = { config: { from: -1e308, to: 1e308, step: 1e-300 } }
    expect((await runNode('data/range', far)).error).toMatchObject({ code: 'TOO_LONG' })
    expect(problemsOf('data/range', { step: 0 })).toEqual([{ path: 'config.step', message: 'must not be 0' }])
  })
})

describe('zip', () => {
  const zip = async (a: Json, b: Json, config: JsonObject = {}) => outputsOf('data/zip', { config, inputs: { a, b } })

  test('makes rows of lists, up to the end of the shortest or the longest', async () => {
    expect(await zip([1, 0, 3], ['a', ''])).toEqual({
      list: [
        [1, 'a'],
        [0, ''],
      ],
      count: 2,
    })
    expect(await zip([1], [false, null], { until: 'the longest', names: ['x', '__proto__'] })).toEqual({
      list: [JSON.parse('{"x":1,"__proto__":false}'), JSON.parse('{"x":null,"__proto__":null}')],
      count: 2,
    })
    expect(await zip([], [1])).toEqual({ list: [], count: 0 })
  })

  test('needs all its lists, and a name for each or none', async () => {
    expect((await runNode('data/zip', { inputs: { a: [] } })).error).toMatchObject({ code: 'NO_VALUE' })
    expect(problemsOf('data/zip', { names: ['x'] })).toEqual([
      { path: 'config.names', message: 'expected 2 names, one for each list, or none; got 1' },
    ])
    expect(problemsOf('data/zip', { names: ['x', 'x'] })).toEqual([
      { path: 'config.names', message: 'names "x" twice' },
    ])
  })
})

describe('unique', () => {
  test('leaves the first of what is equal by content and type', async () => {
    expect(
      await outputsOf('data/unique', {
        inputs: { list: [1, '1', 1, '', 0, false, null, null, { a: 1, b: 2 }, { b: 2, a: 1 }, [1, 2], [2, 1]] },
      }),
    ).toEqual({ list: [1, '1', '', 0, false, null, { a: 1, b: 2 }, [1, 2], [2, 1]], count: 9, removed: 3 })
  })

  test('by a path: nothing there is a value of its own, and not null', async () => {
    const list: Json = [{ id: 0, n: 1 }, { id: 0, n: 2 }, { n: 3 }, { id: null }, { n: 5 }]
    expect(await listOf('data/unique', list, { path: 'id' })).toEqual([{ id: 0, n: 1 }, { n: 3 }, { id: null }])
  })
})

describe('sort', () => {
  test('numbers come by size before texts by their characters; what has no value is last', async () => {
    const list = ['b', 10, null, 9, '', 'B', true, false, -1, { a: 1 }]
    expect(await listOf('data/sort', list)).toEqual([-1, 9, 10, '', 'B', 'b', false, true, { a: 1 }, null])
    expect(await listOf('data/sort', list, { descending: true })).toEqual([
      { a: 1 },
      true,
      false,
      'b',
      'B',
      '',
      10,
      9,
      -1,
      null,
    ])
  })

  test('as numbers, as texts, without regard to case', async () => {
    expect(await listOf('data/sort', ['10', 9, 'x', '', '-1'], { as: 'numbers' })).toEqual(['-1', 9, '10', 'x', ''])
    expect(await listOf('data/sort', ['10', 9, 1, true], { as: 'texts' })).toEqual([1, '10', 9, true])
    expect(await listOf('data/sort', ['b', 'A', 'B', 'a'], { ignoreCase: true })).toEqual(['A', 'a', 'b', 'B'])
  })

  test('what is alike stays in the order that it had, also the greatest first', async () => {
    const list: Json = [
      { by: { age: 2 }, n: 1 },
      { n: 2 },
      { by: { age: 0 }, n: 3 },
      { by: { age: 2 }, n: 4 },
      { by: { age: null }, n: 5 },
    ]
    const numbers = async (config: JsonObject) =>
      ((await listOf('data/sort', list, { path: 'by.age', ...config })) as { n: number }[]).map(one => one.n)
    expect(await numbers({})).toEqual([3, 1, 4, 2, 5])
    expect(await numbers({ descending: true })).toEqual([1, 4, 3, 2, 5])
  })

  test('knows no other kinds', () => {
    expect(problemsOf('data/sort', { as: 'dates' })).toEqual([
      { path: 'config.as', message: '"dates" is none of "their kind", "numbers", "texts"' },
    ])
  })

  test('any list is in order afterwards, and holds the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
        async list => {
          const whole = JSON.parse(JSON.stringify(list)) as number[]
          expect(await listOf('data/sort', whole)).toEqual([...whole].sort((a, b) => a - b))
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('group', () => {
  test('puts together what has the same value, as text', async () => {
    const [a, b, c, d] = [{ k: 'x' }, { k: 0 }, { k: '0' }, {}] as const
    expect(await outputsOf('data/group', { config: { path: 'k' }, inputs: { list: [a, b, c, d] } })).toEqual({
      groups: { x: [a], 0: [b, c], '': [d] },
      list: [
        { key: 'x', items: [a], count: 1 },
        { key: '0', items: [b, c], count: 2 },
        { key: '', items: [d], count: 1 },
      ],
      count: 3,
    })
  })

  test('a value may have the name of what every object has', async () => {
    const list = ['constructor', '__proto__', 'constructor']
    const { groups } = await outputsOf('data/group', { inputs: { list } })
    expect(Object.entries(groups as JsonObject)).toEqual([
      ['constructor', ['constructor', 'constructor']],
      ['__proto__', ['__proto__']],
    ])
  })
})

describe('filter', () => {
  const people: Json = [{ age: 9 }, { age: 0 }, { age: null }, {}, { age: '30' }]
  const filter = async (operator: string, value: Json) =>
    outputsOf('data/filter', { config: { path: 'age', operator }, inputs: { list: people, value } })

  test('parts a list in two', async () => {
    expect(await filter('is at least', 9)).toEqual({
      list: [{ age: 9 }, { age: '30' }],
      rest: [{ age: 0 }, { age: null }, {}],
      count: 2,
    })
    expect((await filter('equals', 0))['list']).toEqual([{ age: 0 }])
    expect((await filter('is null', ''))['list']).toEqual([{ age: null }, {}])
    expect(await listOf('data/filter', ['', 0, null], {})).toEqual([null])
  })

  test('knows the operators of compare and no other', () => {
    expect(problemsOf('data/filter', { operator: 'contains' })).toEqual([])
    expect(problemsOf('data/filter', { operator: '>' })).toEqual(problemsOf('logic/compare', { operator: '>' }))
  })
})

describe('map', () => {
  const list: readonly Json[] = [{ name: 'Ada', n: 2 }, { name: '', n: 0 }, { n: '3' }]

  test('by a path: null where nothing is', async () => {
    expect(await listOf('data/map', list, { path: 'name' })).toEqual(['Ada', '', null])
    expect(await listOf('data/map', [0, ''])).toEqual([0, ''])
  })

  test('by an expression over numbers', async () => {
    expect(await listOf('data/map', [2, 0], { by: 'expression', expression: 'item ^ 2 + index' })).toEqual([4, 1])
    expect(await listOf('data/map', list.slice(0, 2), { by: 'expression', expression: '-n' })).toEqual([-2, 0])
    const wrong = { config: { by: 'expression', expression: 'n * toString' }, inputs: { list } }
    expect((await runNode('data/map', wrong)).error).toMatchObject({
      code: 'NOT_A_NUMBER',
      message: '"n * toString" has no value for item 0: "toString" must be a number',
    })
    const infinite = { config: { by: 'expression', expression: '1 / item' }, inputs: { list: [1, 0] } }
    expect((await runNode('data/map', infinite)).error).toMatchObject({
      message: '"1 / item" has no value for item 1: it is not finite',
    })
  })

  test('tells what is wrong with the one that counts', () => {
    expect(problemsOf('data/map', { by: 'expression', expression: '1 +', path: '..' })).toEqual([
      { path: 'config.expression', message: 'expected a number, a name or "(" at the end' },
    ])
    expect(problemsOf('data/map', { by: 'path', expression: '1 +' })).toEqual([])
    expect(problemsOf('data/map', { by: 'template' })).toEqual([
      { path: 'config.by', message: '"template" is none of "path", "expression"' },
    ])
  })
})

describe('slice, reverse, concat', () => {
  const list = ['', 0, null, false]

  test('a part of a list', async () => {
    expect(await listOf('data/slice', list, { from: 1, to: 3 })).toEqual([0, null])
    expect(await listOf('data/slice', list, { from: -1 })).toEqual([false])
    expect(await listOf('data/slice', list, { to: 0 })).toEqual([])
    expect(await listOf('data/slice', list, { from: 9 })).toEqual([])
    expect(await outputsOf('data/slice', { config: { from: 1 }, inputs: { list, from: 0, to: -3 } })).toEqual({
      list: [''],
      count: 1,
    })
    expect(problemsOf('data/slice', { from: 0.5, to: null })).toEqual([
      { path: 'config.from', message: 'expected a whole number, got 0.5' },
      { path: 'config.to', message: 'expected a whole number, got null' },
    ])
  })

  test('the other way round', async () => {
    expect(await listOf('data/reverse', list)).toEqual([false, null, 0, ''])
  })

  test('one after the other', async () => {
    expect(await outputsOf('data/concat', { config: { count: 3 }, inputs: { a: [0], c: ['', [1]] } })).toEqual({
      list: [0, '', [1]],
      count: 3,
    })
    expect(await outputsOf('data/concat')).toEqual({ list: [], count: 0 })
    expect((await runNode('data/concat', { inputs: { a: null } })).error).toMatchObject({ code: 'WRONG_TYPE' })
  })
})

test.each<readonly [of: Json, length: number]>([
  [[0, null], 2],
  [[], 0],
  [{ a: null, b: 0 }, 2],
  [{}, 0],
  ['🙂a', 2],
  ['', 0],
  [null, 0],
])('the length of %j is %d', async (of, length) => {
  expect(await outputsOf('data/length', { inputs: { of } })).toEqual({ length, empty: length === 0 })
})

test('a number has no length', async () => {
  for (const [of, shown] of [
    [0, '0'],
    [false, 'false'],
  ] as const)
    expect((await runNode('data/length', { inputs: { of } })).error).toMatchObject({
      code: 'NO_LENGTH',
      message: `expected a list, an object or a text, got ${shown}`,
    })
  expect((await runNode('data/length')).error).toMatchObject({ code: 'NO_VALUE' })
})
