import { expect, test } from '@jest/globals'
import { socketsOf } from '#graph/registry.ts'
import { outputsOf, problemsOf, registry, runNode } from '../kit.suite.ts'

test('every name of an expression is an input', async () => {
  const config = { expression: '(price - discount) * 1.19 + min(price, 0) + pi * 0' }
  expect(Object.keys(socketsOf(registry, { type: 'math/calculate', config })?.inputs ?? {})).toEqual([
    'price',
    'discount',
  ])
  expect(await outputsOf('math/calculate', { config, inputs: { price: 110, discount: 10 } })).toEqual({ result: 119 })
})

test('0 is a value, numbers may come as text, true counts as 1', async () => {
  expect(await outputsOf('math/calculate', { inputs: { a: 0, b: '2.5' } })).toEqual({ result: 2.5 })
  expect((await runNode('math/calculate', { inputs: { a: true, b: 1 } })).outputs).toEqual({ result: 2 })
})

test('what is no number is refused', async () => {
  for (const a of ['', 'x', null, [], {}])
    expect((await runNode('math/calculate', { inputs: { a, b: 1 } })).error).toMatchObject({
      code: 'WRONG_TYPE',
      message: expect.stringMatching(/^input "a" expects number, got .* from "in-0"$/) as unknown,
    })
})

test('an input without a value gives no result', async () => {
  expect((await runNode('math/calculate', { inputs: { a: 1 } })).error).toMatchObject({
    code: 'NO_VALUE',
    message: 'input "value" has no value: "it" gave no "result"',
  })
})

test('a result that is no number is an error of its own', async () => {
  for (const expression of ['1 / 0', 'sqrt(-1)', '0 / 0', '10 ^ 400', '1e999'])
    expect((await runNode('math/calculate', { config: { expression } })).error).toMatchObject({
      code: 'NOT_A_NUMBER',
      message: `"${expression}" has no finite value here`,
      node: 'it',
    })
})

test('tells what is wrong with an expression', () => {
  const wrong = (expression: string) => problemsOf('math/calculate', { expression })
  expect(wrong('')).toEqual([{ path: 'config.expression', message: 'expected a number, a name or "(" at the end' }])
  expect(wrong('1 +')).toEqual([{ path: 'config.expression', message: 'expected a number, a name or "(" at the end' }])
  expect(wrong('(1')).toEqual([{ path: 'config.expression', message: 'expected ")" at the end' }])
  expect(wrong('2 $ 3')).toEqual([
    { path: 'config.expression', message: '"$" at character 3 is not part of any expression' },
  ])
  expect(wrong('constructor(1)')).toEqual([
    {
      path: 'config.expression',
      message:
        'there is no function "constructor"; there are abs, ceil, floor, round, sign, sqrt, exp, log, sin, cos, tan, min, max',
    },
  ])
  expect(problemsOf('math/calculate', { expression: 5 })).toEqual([
    { path: 'config.expression', message: 'expected a string, got 5' },
  ])
})
