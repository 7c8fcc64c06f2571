import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseFormula } from './arithmetic.ts'

function evaluate(text: string, values: Readonly<Record<string, number>> = {}): number {
  const formula = parseFormula(text)
  if ('problem' in formula) throw new Error(formula.problem)
  return formula.evaluate(values)
}

test.each([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 4 - 3', 3],
  ['100 / 10 / 5', 2],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2', -4],
  ['(-2) ^ 2', 4],
  ['2 ^ -1', 0.5],
  ['- - 3', 3],
  ['+3 - -3', 6],
  ['2 * -3', -6],
  ['7 % 4 * 2', 6],
  ['-7 % 4', -3],
  ['1e3 + .5 + 1. + 2E-1', 1001.7],
  ['abs(-3) + ceil(0.1) + floor(1.9) + sign(-9)', 4],
  ['round(2.345, 2)', 2.35],
  ['round(2.5)', 3],
  ['log(8, 2) + log(e)', 4],
  ['max(1, 5, 3) - min(4, 2)', 3],
  ['sqrt(16) + exp(0)', 5],
  ['sin(0) + cos(0) + tan(0)', 1],
  ['pi', Math.PI],
] as const)('%s is %d', (text, result) => {
  expect(evaluate(text)).toBeCloseTo(result, 12)
})

test('names are values, in order of appearance', () => {
  const formula = parseFormula('b + a * b + _x1')
  expect(formula).toMatchObject({ variables: ['b', 'a', '_x1'] })
  expect(evaluate('b + a * b + _x1', { a: 2, b: 3, _x1: 0.5 })).toBe(9.5)
  expect(evaluate('a')).toBeNaN()
})

test.each([
  ['', 'expected a number, a name or "(" at the end'],
  ['1 2', 'expected an operator at character 3, got "2"'],
  ['1 +* 2', 'expected a number, a name or "(" at character 4, got "*"'],
  ['(1', 'expected ")" at the end'],
  ['1)', 'expected an operator at character 2, got ")"'],
  ['max()', '"max" takes 1 to 100 values, not 0'],
  ['sqrt(1, 2)', '"sqrt" takes 1 values, not 2'],
  ['min(1,)', 'expected a number, a name or "(" at character 7, got ")"'],
  ['a = 1', '"=" at character 3 is not part of any expression'],
  ['toString(1)', 'there is no function "toString"'],
] as const)('%j: %s', (text, problem) => {
  expect(parseFormula(text)).toEqual({ problem: expect.stringContaining(problem) as unknown })
})

describe('any expression', () => {
  type Tree =
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'name'; readonly name: 'a' | 'b' }
    | { readonly kind: 'minus'; readonly of: Tree }
    | { readonly kind: 'call'; readonly name: 'abs' | 'floor'; readonly of: Tree }
    | {
        readonly kind: 'two'
        readonly sign: '+' | '-' | '*' | '/' | '%' | '^'
        readonly left: Tree
        readonly right: Tree
      }

  const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.record({ kind: fc.constant('number' as const), value: fc.nat(1000) }),
      fc.record({ kind: fc.constant('name' as const), name: fc.constantFrom('a' as const, 'b' as const) }),
      fc.record({
        kind: fc.constant('two' as const),
        sign: fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const, '%' as const, '^' as const),
        left: tie('tree'),
        right: tie('tree'),
      }),
      fc.record({ kind: fc.constant('minus' as const), of: tie('tree') }),
      fc.record({
        kind: fc.constant('call' as const),
        name: fc.constantFrom('abs' as const, 'floor' as const),
        of: tie('tree'),
      }),
    ),
  }))

  const BINDING = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 4 } as const
  const UNARY = 3
  const bindingOf = (one: Tree) => (one.kind === 'two' ? BINDING[one.sign] : one.kind === 'minus' ? UNARY : 5)

  /** With as few brackets as the rules of arithmetic allow: so precedence is put to the test. */
  function print(one: Tree): string {
    switch (one.kind) {
      case 'number':
        return String(one.value)
      case 'name':
        return one.name
      case 'minus':
        return `-${bracketed(one.of, bindingOf(one.of) >= UNARY)}`
      case 'call':
        return `${one.name}(${print(one.of)})`
      case 'two': {
        const own = BINDING[one.sign]
        const rightward = one.sign === '^'
        const left = bindingOf(one.left)
        const right = bindingOf(one.right)
        return `${bracketed(one.left, rightward ? left > own : left >= own)} ${one.sign} ${bracketed(one.right, rightward ? right >= UNARY : right > own)}`
      }
    }
  }
  const bracketed = (one: Tree, bare: boolean) => (bare ? print(one) : `(${print(one)})`)

  const compute = (one: Tree, values: { a: number; b: number }): number => {
    switch (one.kind) {
      case 'number':
        return one.value
      case 'name':
        return values[one.name]
      case 'minus':
        return -compute(one.of, values)
      case 'call':
        return one.name === 'abs' ? Math.abs(compute(one.of, values)) : Math.floor(compute(one.of, values))
      case 'two': {
        const [x, y] = [compute(one.left, values), compute(one.right, values)]
        return { '+': x + y, '-': x - y, '*': x * y, '/': x / y, '%': x % y, '^': x ** y }[one.sign]
      }
    }
  }

  test('is computed as by hand', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }), (one, a, b) => {
        expect(evaluate(print(one), { a, b })).toBe(compute(one, { a, b }))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('any text', () => {
  test('is a formula or has a problem', () => {
    const signs = fc.constantFrom(...'+-*/%^(),. 019aex_$'.split(''), 'max(', 'sqrt(', '1e', 'pi')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(signs).map(all => all.join('')),
        ),
        text => {
          const formula = parseFormula(text)
          const answer = 'problem' in formula ? formula.problem : formula.evaluate({})
          expect(typeof answer === 'number' || answer.length > 0).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['brackets', '('.repeat(100_000)],
    ['closed brackets', `${'('.repeat(10_000)}1${')'.repeat(10_000)}`],
    ['signs', `${'-'.repeat(100_000)}1`],
    ['powers', `1${'^1'.repeat(100_000)}`],
    ['functions', 'abs('.repeat(100_000)],
  ])('%s without end are a problem, not the end of the stack', (_, text) => {
    expect(parseFormula(text)).toEqual({ problem: 'more than 100 brackets within brackets' })
  })

  test('a long sum is only long', () => {
    expect(evaluate(`1${'+1'.repeat(100_000)}`)).toBe(100_001)
    expect(evaluate(`1${'*2-1'.repeat(50_000)}`)).toBe(-99_997)
  })
})
