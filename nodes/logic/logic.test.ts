import { describe, expect, test } from '@jest/globals'
import type { Json } from '#graph/json.ts'
import { outputsOf, problemsOf, runNode } from '../kit.suite.ts'

describe('and, or, not', () => {
  test.each([
    ['logic/and', [true, true], true],
    ['logic/and', [true, false], false],
    ['logic/and', [false, false], false],
    ['logic/or', [true, false], true],
    ['logic/or', [false, false], false],
    ['logic/or', [false, false, true], true],
    ['logic/and', [true], true],
    ['logic/or', [false], false],
  ] as const)('%s of %j is %j', async (type, given, result) => {
    const inputs = Object.fromEntries(given.map((value, index) => ['abc'.charAt(index), value]))
    expect(await outputsOf(type, { config: { count: given.length }, inputs })).toEqual({ result })
  })

  test('not turns it round', async () => {
    expect(await outputsOf('logic/not', { inputs: { value: false } })).toEqual({ result: true })
    expect(await outputsOf('logic/not', { inputs: { value: true } })).toEqual({ result: false })
    expect(await outputsOf('logic/not', { inputs: { value: 'true' } })).toEqual({ result: false })
  })

  test('an input without a value is no false', async () => {
    expect((await runNode('logic/or', { inputs: { a: true } })).error).toMatchObject({
      code: 'NO_VALUE',
      message: 'input "value" has no value: "it" gave no "result"',
    })
    expect((await runNode('logic/not')).status).toBe('failed')
  })

  test('what is neither true nor false is refused', async () => {
    for (const value of ['', 0, null])
      expect((await runNode('logic/not', { inputs: { value } })).error).toMatchObject({ code: 'WRONG_TYPE' })
  })

  test('there are 1 to 26 inputs', () => {
    for (const type of ['logic/and', 'logic/or']) {
      expect(problemsOf(type, { count: 0 })).toEqual([{ path: 'config.count', message: 'expected at least 1, got 0' }])
      expect(problemsOf(type, { count: 27 })).toEqual([
        { path: 'config.count', message: 'expected at most 26, got 27' },
      ])
      expect(problemsOf(type, { count: 26 }, { z: true })).toEqual([])
    }
  })
})

describe('compare', () => {
  const rows: readonly (readonly [a: Json, operator: string, b: Json, result: boolean])[] = [
    ['', 'equals', '', true],
    ['', 'equals', null, false],
    ['', 'equals', 0, false],
    [0, 'equals', false, false],
    [null, 'equals', null, true],
    [1, 'equals', '1.0', true],
    ['1', 'equals', '1.0', false],
    [true, 'equals', 'true', false],
    [[1, { a: '' }], 'equals', [1, { a: '' }], true],
    [[1, 2], 'equals', [2, 1], false],
    [{ a: 1, b: 2 }, 'equals', { b: 2, a: 1 }, true],
    [{ a: null }, 'equals', { b: null }, false],
    ['a', 'does not equal', 'b', true],
    [0, 'does not equal', 0, false],
    ['9', 'is less than', '10', true],
    ['9a', 'is less than', '10a', false],
    [2, 'is at most', 2, true],
    [2, 'is at least', '2', true],
    ['b', 'is greater than', 'a', true],
    ['a', 'is less than', 1, false],
    ['a', 'is at least', 1, false],
    [null, 'is at most', 0, false],
    ['spell', 'contains', 'pel', true],
    ['spell', 'contains', '', true],
    ['a1b', 'contains', 1, true],
    [[0, ''], 'contains', '', true],
    [[0, ''], 'contains', null, false],
    [[[1]], 'contains', [1], true],
    [{ a: 0 }, 'contains', 'a', true],
    [{ a: 0 }, 'contains', 'toString', false],
    [5, 'contains', 5, false],
    ['spell', 'starts with', 'sp', true],
    ['spell', 'ends with', 'll', true],
    ['spell', 'ends with', 'sp', false],
    ['', 'is empty', null, true],
    [[], 'is empty', null, true],
    [{}, 'is empty', null, true],
    [null, 'is empty', null, true],
    [0, 'is empty', null, false],
    [false, 'is empty', null, false],
    [null, 'is null', null, true],
    ['', 'is null', null, false],
    [0, 'is null', null, false],
  ]
  test.each(rows)('%j %s %j: %j', async (a, operator, b, result) => {
    expect(await outputsOf('logic/compare', { config: { operator }, inputs: { a, b } })).toEqual({ result })
  })

  test('what is not given is null', async () => {
    expect(await outputsOf('logic/compare', { config: { operator: 'is null' } })).toEqual({ result: true })
  })

  test('knows no other operator', () => {
    expect(problemsOf('logic/compare', { operator: '>' })).toEqual([
      {
        path: 'config.operator',
        message:
          '">" is none of "equals", "does not equal", "is less than", "is at most", "is greater than", "is at least", "contains", "starts with", "ends with", "is empty", "is null"',
      },
    ])
  })
})
