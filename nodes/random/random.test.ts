import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import type { Single } from '../kit.suite.ts'
import { around, outputsOf, problemsOf, registry, runNode, runSpell } from '../kit.suite.ts'

/** What it gives under many seeds. */
const drawn = async (type: string, single: Single, times = 200): Promise<readonly JsonObject[]> =>
  Promise.all(Array.from({ length: times }, (_, seed) => outputsOf(type, { ...single, seed })))

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz')
const CASES: readonly (readonly [type: string, single: Single])[] = [
  ['random/number', { config: { whole: false } }],
  ['random/pick', { inputs: { list: LETTERS } }],
  ['random/shuffle', { inputs: { list: LETTERS } }],
  ['random/uuid', {}],
]

describe.each(CASES)('%s', (type, single) => {
  test('another seed draws something else, the same seed the same', async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map(seed => outputsOf(type, { ...single, seed })))
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  test('a replay has what was drawn, without drawing', async () => {
    const document = around(type, single)
    const { entries, outputs } = await runSpell(document, { inputs: single.inputs ?? {}, seed: 1 })
    const read: Values = {}
    const observe = ({ node, inputs }: { node: string; inputs: Values }) => {
      if (node.startsWith('out-')) read[node] = inputs['value'] ?? null
    }
    // With the seed of another run in its record: what is shown comes from the record and not from a seed.
    const [started, ...rest] = entries
    const altered = [{ ...started, seed: 2 } as (typeof entries)[number], ...rest]
    for (const journal of [entries, altered]) {
      await replay(compile(document, registry), journal, { observe })
      expect(Object.values(read)).toEqual(Object.values(outputs))
    }
  })

  test('a run that goes on from any part of its record ends with the same', async () => {
    const document = around(type, single)
    const { entries, outputs } = await runSpell(document, { inputs: single.inputs ?? {}, seed: 3 })
    expect(entries.length).toBeGreaterThan(3)
    for (let length = 1; length < entries.length; length++) {
      const resumed = await runSpell(document, {
        inputs: single.inputs ?? {},
        seed: 3,
        journal: entries.slice(0, length),
      })
      expect([length, resumed.outputs]).toEqual([length, outputs])
    }
  })
})

describe('number', () => {
  const numbers = async (config: JsonObject) =>
    (await drawn('random/number', { config })).map(one => one['value'] as number)

  test('whole numbers from the least to the most, all of them', async () => {
    expect([...new Set(await numbers({}))].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6])
    expect([...new Set(await numbers({ least: -1.5, most: 1.5 }))].sort((a, b) => a - b)).toEqual([-1, 0, 1])
    expect(new Set(await numbers({ least: 0, most: 0 }))).toEqual(new Set([0]))
  })

  test('any number, in the middle on average', async () => {
    const all = await numbers({ least: 0, most: 100, whole: false })
    expect(all.filter(one => one < 0 || one >= 100)).toEqual([])
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length
    expect(mean).toBeGreaterThan(40)
    expect(mean).toBeLessThan(60)
    expect(new Set(all).size).toBe(all.length)
    expect(await numbers({ least: 2, most: 2, whole: false })).toEqual(Array(200).fill(2))
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('random/number', { least: 3, most: 2 })).toEqual([
      { path: 'config.most', message: 'expected at least 3, got 2' },
    ])
    expect(problemsOf('random/number', { least: 1.2, most: 1.8 })).toEqual([
      { path: 'config.most', message: 'there is no whole number from 1.2 to 1.8' },
    ])
    expect(problemsOf('random/number', { least: '1', most: 1e16 })).toEqual([
      { path: 'config.least', message: 'expected a number, got "1"' },
      { path: 'config.most', message: 'expected at most 1000000000000000, got 10000000000000000' },
    ])
  })
})

describe('pick', () => {
  test('draws every item some time, empty values too', async () => {
    const list: readonly Json[] = ['', 0, false, null]
    const all = await drawn('random/pick', { inputs: { list } })
    expect(all.every(({ item, index }) => list[index as number] === item)).toBe(true)
    expect(new Set(all.map(one => one['index']))).toEqual(new Set([0, 1, 2, 3]))
  })

  test('of an empty list nothing can be drawn', async () => {
    expect((await runNode('random/pick', { inputs: { list: [] } })).error).toMatchObject({
      code: 'EMPTY_LIST',
      message: 'expected at least one item to pick from, got an empty list',
    })
    expect((await runNode('random/pick', { inputs: { list: '' } })).error).toMatchObject({ code: 'WRONG_TYPE' })
    expect((await runNode('random/pick')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('shuffle', () => {
  test('any list keeps its items, and as many are drawn as are wanted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9)), fc.nat(5), fc.nat(), async (items, most, seed) => {
        const { list, rest } = (await outputsOf('random/shuffle', {
          config: { most },
          inputs: { list: items },
          seed,
        })) as { list: number[]; rest: number[] }
        expect(list).toHaveLength(Math.min(most, items.length))
        expect([...list, ...rest].sort()).toEqual([...items].sort())
      }),
      { numRuns: 100 },
    )
  })

  test('every order comes about as often as the others', async () => {
    const counts = new Map<string, number>()
    for (const { list } of await drawn('random/shuffle', { inputs: { list: ['a', 'b', 'c'] } }, 600)) {
      const order = (list as string[]).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
    expect(Math.min(...counts.values())).toBeGreaterThan(65)
  })

  test('an empty list stays one; a list is needed', async () => {
    expect(await outputsOf('random/shuffle', { inputs: { list: [] } })).toEqual({ list: [], rest: [] })
    expect((await runNode('random/shuffle')).error).toMatchObject({ code: 'NO_VALUE' })
    expect(problemsOf('random/shuffle', { most: -1 })).toEqual([
      { path: 'config.most', message: 'expected at least 0, got -1' },
    ])
  })
})

test('UUIDs are of version 4, and no two are the same', async () => {
  const uuids = (await drawn('random/uuid', {}, 500)).map(one => one['uuid'] as string)
  expect(
    uuids.filter(one => !/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(one)),
  ).toEqual([])
  expect(new Set(uuids).size).toBe(500)
})
