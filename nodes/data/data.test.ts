import { describe, expect, test } from '@jest/globals'
import type { Json } from '#graph/json.ts'
import { socketsOf } from '#graph/registry.ts'
import { outputsOf, problemsOf, registry, runNode } from '../kit.suite.ts'

describe('get', () => {
  const from: Json = { user: { names: ['Ada', ''], age: 0, admin: false, none: null }, 'a.b': 1, list: [[1], [2]] }
  test.each<readonly [path: string, value: Json, found: boolean]>([
    ['', from, true],
    ['user.names[0]', 'Ada', true],
    ['user.names[1]', '', true],
    ['user.names.1', '', true],
    ['user.age', 0, true],
    ['user.admin', false, true],
    ['user.none', null, true],
    ['["a.b"]', 1, true],
    ['list[1][0]', 2, true],
    ['user["names"][0]', 'Ada', true],
    ['user.nobody', 'otherwise', false],
    ['user.names[2]', 'otherwise', false],
    ['user.names.length', 'otherwise', false],
    ['user.constructor', 'otherwise', false],
    ['user.age.more', 'otherwise', false],
    ['user.none.more', 'otherwise', false],
  ])('"%s" is %j, found: %j', async (path, value, found) => {
    expect(await outputsOf('data/get', { config: { path }, inputs: { from, otherwise: 'otherwise' } })).toEqual({
      value,
      found,
    })
  })

  test('gives null where there is nothing and nothing else is said', async () => {
    expect(await outputsOf('data/get', { config: { path: 'x' }, inputs: { from: '' } })).toEqual({
      value: null,
      found: false,
    })
  })

  test.each(['a..b', '[', 'a[-1]', '[x]', '["x]', '["\\x"]', '["\n"]', 'a.', '.', '"a"'])(
    'refuses the path %j',
    path => {
      for (const type of ['data/get', 'data/set'])
        expect(problemsOf(type, { path })).toEqual([
          { path: 'config.path', message: `"${path}" is not a path such as user.names[0]` },
        ])
    },
  )

  test('refuses the prototype', () => {
    for (const path of ['__proto__', 'a.__proto__.b', '["__proto__"]'])
      expect(problemsOf('data/set', { path })).toEqual([{ path: 'config.path', message: 'must not contain __proto__' }])
  })

  test('needs something to read from', async () => {
    expect((await runNode('data/get')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('set', () => {
  const set = async (path: string, value: Json, given?: Json) =>
    (
      await outputsOf('data/set', {
        config: { path },
        inputs: { value, ...(given === undefined ? {} : { in: given }) },
      })
    )['result']

  test('gives a copy with the value, making what is missing', async () => {
    expect(await set('a.b', 1)).toEqual({ a: { b: 1 } })
    expect(await set('a[1]', '', { a: ['x', 'y'], b: 0 })).toEqual({ a: ['x', ''], b: 0 })
    expect(await set('a[2].b', false, {})).toEqual({ a: [null, null, { b: false }] })
    expect(await set('', null, { a: 1 })).toBeNull()
    expect(await set('a.b', 1, { a: 'text' })).toEqual({ a: { b: 1 } })
    expect(await set('[0]', 1, 'text')).toEqual([1])
    expect(await set('[0]', 1, { a: 2 })).toEqual({ a: 2, 0: 1 })
    expect(await set('constructor', 1, {})).toEqual({ constructor: 1 })
  })

  test('writes into a list also where the path gives its index by a dot', async () => {
    expect(await set('a.1', 'z', { a: ['x', 'y'] })).toEqual({ a: ['x', 'z'] })
  })

  test('refuses to grow a list without measure', async () => {
    expect((await runNode('data/set', { config: { path: 'a[100001]' }, inputs: { value: 1 } })).error).toMatchObject({
      code: 'TOO_LONG',
      message: 'a list of more than 100000 items',
    })
    expect((await runNode('data/set', { config: { path: 'a' } })).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('merge', () => {
  const merge = async (a: Json, b: Json, deep: boolean) =>
    (await outputsOf('data/merge', { config: { deep }, inputs: { a, b } }))['object']

  test('of two values under one key the later counts, also an empty one', async () => {
    expect(await merge({ a: 1, b: 2 }, { b: '', c: null }, false)).toEqual({ a: 1, b: '', c: null })
    expect(await merge({ a: { x: 1 } }, { a: { y: 0 } }, false)).toEqual({ a: { y: 0 } })
    expect(await merge({ a: { x: 1 }, l: [1] }, { a: { y: 0 }, l: [2] }, true)).toEqual({ a: { x: 1, y: 0 }, l: [2] })
  })

  test('an input without a value adds nothing', async () => {
    expect(await outputsOf('data/merge', { inputs: { b: { x: 1 } } })).toEqual({ object: { x: 1 } })
    expect(await outputsOf('data/merge')).toEqual({ object: {} })
  })

  test('what is no object is refused', async () => {
    for (const a of [null, '', 0, []])
      expect((await runNode('data/merge', { inputs: { a } })).error).toMatchObject({ code: 'WRONG_TYPE' })
  })

  test('its inputs are as many as its config says', () => {
    expect(Object.keys(socketsOf(registry, { type: 'data/merge', config: { count: 4 } })?.inputs ?? {})).toEqual([
      'a',
      'b',
      'c',
      'd',
    ])
    expect(problemsOf('data/merge', { count: '4', deep: 1 })).toEqual([
      { path: 'config.count', message: 'expected a whole number, got "4"' },
      { path: 'config.deep', message: 'expected true or false, got 1' },
    ])
  })
})

describe('list', () => {
  test('empty values are items; inputs without a value are left out', async () => {
    expect(await outputsOf('data/list', { config: { count: 6 }, inputs: { a: '', b: 0, d: null, e: false } })).toEqual({
      list: ['', 0, null, false],
      count: 4,
    })
    expect(await outputsOf('data/list')).toEqual({ list: [], count: 0 })
  })
})

describe('parse JSON', () => {
  const parse = async (text: Json) => (await outputsOf('data/parse-json', { inputs: { text } }))['value']

  test('reads a text', async () => {
    expect(await parse(' {"a": [1, null, ""]} ')).toEqual({ a: [1, null, ''] })
    expect(await parse('0')).toBe(0)
    expect(await parse('""')).toBe('')
    expect(await parse('null')).toBeNull()
    expect(await parse(false)).toBe(false)
  })

  test('takes off a fence of Markdown', async () => {
    expect(await parse('```json\n{"a": "```"}\n```')).toEqual({ a: '```' })
    expect(await parse('\n```\n[1]```\n')).toEqual([1])
  })

  test('fails with a code where it is none', async () => {
    for (const text of ['', '{', 'undefined', '```json\n```', "{'a': 1}"])
      expect((await runNode('data/parse-json', { inputs: { text } })).error).toMatchObject({
        code: 'NOT_JSON',
        message: expect.stringMatching(/^".*" is not JSON: /s) as unknown,
        node: 'it',
      })
    expect((await runNode('data/parse-json')).error).toMatchObject({ code: 'NO_VALUE' })
  })

  test('refuses what is nested too deep', async () => {
    for (const depth of [100, 50_000])
      expect(
        (await runNode('data/parse-json', { inputs: { text: '['.repeat(depth) + ']'.repeat(depth) } })).error,
      ).toMatchObject({ code: 'BAD_OUTPUT', message: 'output "value" is nested deeper than 64 levels' })
  })
})

describe('to JSON', () => {
  test('writes any value', async () => {
    const values: readonly Json[] = ['', 0, false, null, [], {}, { a: ['"'] }]
    for (const value of values)
      expect(await outputsOf('data/to-json', { inputs: { value } })).toEqual({ text: JSON.stringify(value) })
    expect(await outputsOf('data/to-json', { config: { indent: 2 }, inputs: { value: { a: 1 } } })).toEqual({
      text: '{\n  "a": 1\n}',
    })
  })

  test('tells what is wrong with its config, and needs a value', async () => {
    expect(problemsOf('data/to-json', { indent: 9 })).toEqual([
      { path: 'config.indent', message: 'expected at most 8, got 9' },
    ])
    expect((await runNode('data/to-json')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})
