import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json } from '#graph/json.ts'
import { parsePath, valueAt, withValueAt } from './path.ts'

test.each<readonly [path: string, steps: readonly (string | number)[] | undefined]>([
  ['', []],
  ['a', ['a']],
  ['a.b', ['a', 'b']],
  ['a[0].b', ['a', 0, 'b']],
  ['[0][1]', [0, 1]],
  ['a.0', ['a', '0']],
  ['["a.b"]["c\\"d\\u0041"]', ['a.b', 'c"dA']],
  ['[""]', ['']],
  ['ä b-c', ['ä b-c']],
  ['a..b', undefined],
  ['a.', undefined],
  ['a[', undefined],
  ['a[-1]', undefined],
  ['a[0]b', undefined],
  ['["a', undefined],
  ['["\\x"]', undefined],
])('%j is %j', (path, steps) => {
  expect(parsePath(path)).toEqual(steps)
})

const step = fc.oneof(fc.string(), fc.nat(20), fc.constantFrom('constructor', 'toString', '0', 'length', 'a.b'))
const steps = fc.array(step, { maxLength: 5 })
const json = fc.jsonValue({ maxDepth: 4 }).map(value => value as Json)
const print = (all: readonly (string | number)[]) =>
  all.map(one => (typeof one === 'number' ? `[${one}]` : `[${JSON.stringify(one)}]`)).join('')

describe('any path', () => {
  test('reads back as it was written', () => {
    fc.assert(fc.property(steps, all => expect(parsePath(print(all))).toEqual(all)))
  })

  test('any text is a path or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fc.constantFrom('a', '.', '[', ']', '"', '\\', '0', '1', 'u')).map(all => all.join('')),
        ),
        text => {
          const found = parsePath(text)
          expect(found === undefined || found.every(one => ['string', 'number'].includes(typeof one))).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('what is set there is found there, and what it was set in stays as it was', () => {
    fc.assert(
      fc.property(json, steps, json, (before, all, value) => {
        const text = JSON.stringify(before)
        expect(valueAt(withValueAt(before, all, value), all)).toEqual(value)
        expect(JSON.stringify(before)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test('what it has is found without being invented', () => {
    fc.assert(
      fc.property(json, steps, (value, all) => {
        const found = valueAt(value, all)
        expect(typeof found).not.toBe('function')
      }),
    )
  })

  test('no prototype is changed or read', () => {
    const names = fc.constantFrom('__proto__', 'constructor', 'prototype', 'polluted', 'x')
    fc.assert(
      fc.property(json, fc.array(names, { minLength: 1, maxLength: 4 }), (value, all) => {
        const changed = withValueAt(value, all, 'polluted')
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
        expect(([] as unknown as Record<string, unknown>)['x']).toBeUndefined()
        expect(Object.getPrototypeOf({})).toBe(Object.prototype)
        expect(
          typeof changed === 'object' && changed !== null ? Object.getPrototypeOf(changed) : Object.prototype,
        ).toBe(Array.isArray(changed) ? Array.prototype : Object.prototype)
      }),
    )
  })
})
