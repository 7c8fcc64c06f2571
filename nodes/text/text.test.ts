import { describe, expect, test } from '@jest/globals'
import type { Json } from '#graph/json.ts'
import { socketsOf } from '#graph/registry.ts'
import { outputsOf, problemsOf, registry, runNode } from '../kit.suite.ts'

const NEEDS_TEXT = { code: 'NO_VALUE', message: 'input "value" has no value: "it" gave no "text"' }

describe('template', () => {
  const fill = async (template: string, inputs: Record<string, Json> = {}) =>
    (await outputsOf('text/template', { config: { template }, inputs }))['text']

  test('every variable is an input, and the text is filled without escaping', async () => {
    const config = { template: '{{greeting}} {{user.name}} & {{#each tags}}<{{this}}>{{/each}}' }
    expect(Object.keys(socketsOf(registry, { type: 'text/template', config })?.inputs ?? {})).toEqual([
      'greeting',
      'user',
      'tags',
    ])
    expect(await fill(config.template, { greeting: '"Hi"', user: { name: "O'Neil" }, tags: ['a', 'b'] })).toBe(
      '"Hi" O\'Neil & <a><b>',
    )
  })

  test('empty values are shown as they are; null and what is not given are empty', async () => {
    expect(await fill('[{{a}}|{{b}}|{{c}}|{{d}}]', { a: 0, b: false, c: '', d: null })).toBe('[0|false||]')
    expect(await fill('[{{a}}|{{b}}]', { a: { x: [1] } })).toBe('[{"x":[1]}|]')
  })

  test('a wired input that has not run leaves its place empty', async () => {
    expect(await fill('')).toBe('')
    expect(await fill('no variables')).toBe('no variables')
  })

  test('tells what is wrong with a template', () => {
    expect(problemsOf('text/template', { template: 5 })).toEqual([
      { path: 'config.template', message: 'expected a string, got 5' },
    ])
    const [open] = problemsOf('text/template', { template: 'Hello {{name' })
    expect(open).toMatchObject({ path: 'config.template', message: expect.stringContaining('{{name') as unknown })
    expect(problemsOf('text/template', { template: '{{shout name}} {{> partial}}' })).toEqual([
      {
        path: 'config.template',
        message:
          'unknown: "shout", ">"; known are if, unless, each, with, lookup, json, upper, lower, trim, join, length, eq, ne, not, and, or',
      },
    ])
  })

  test('a template that would grow without end fails', async () => {
    const template = `${'{{#each @root.list}}'.repeat(8)}x${'{{/each}}'.repeat(8)}`
    const { error } = await runNode('text/template', {
      config: { template },
      inputs: { list: Array.from({ length: 100 }, () => 'y') },
    })
    expect(error).toMatchObject({ code: 'TOO_LONG' })
  })
})

describe('join', () => {
  const join = async (list: Json, separator?: string) =>
    (await outputsOf('text/join', { config: separator === undefined ? {} : { separator }, inputs: { list } }))['text']

  test('puts a list together', async () => {
    expect(await join(['a', 'b'])).toBe('a b')
    expect(await join(['a', 'b'], '')).toBe('ab')
    expect(await join([1, '', 0, false, null, { a: 1 }, ['x']], '|')).toBe('1||0|false|null|{"a":1}|["x"]')
    expect(await join([])).toBe('')
  })

  test('refuses what is no list', async () => {
    for (const list of ['a', '', null, 0])
      expect((await runNode('text/join', { inputs: { list } })).error).toMatchObject({ code: 'WRONG_TYPE' })
    expect((await runNode('text/join')).error).toMatchObject(NEEDS_TEXT)
    expect(problemsOf('text/join', { separator: null })).toEqual([
      { path: 'config.separator', message: 'expected a string, got null' },
    ])
  })

  test('a text beyond all measure fails instead of filling the memory', async () => {
    const config = { separator: 'x'.repeat(100_000) }
    const { error } = await runNode('text/join', { config, inputs: { list: Array.from({ length: 50_000 }, () => '') } })
    expect(error).toMatchObject({ code: 'TOO_LONG' })
  })
})

describe('split', () => {
  const split = async (text: string, config = {}) => outputsOf('text/split', { config, inputs: { text } })

  test('cuts at every separator, trims, and leaves out what is empty', async () => {
    expect(await split(' a \n\n b\n')).toEqual({ list: ['a', 'b'], count: 2 })
    expect(await split('a,,b ', { separator: ',', trim: false, skipEmpty: false })).toEqual({
      list: ['a', '', 'b '],
      count: 3,
    })
    expect(await split('a\u{1F600}b', { separator: '' })).toEqual({ list: ['a', '\u{1F600}', 'b'], count: 3 })
    expect(await split('')).toEqual({ list: [], count: 0 })
    expect(await split('', { skipEmpty: false })).toEqual({ list: [''], count: 1 })
  })

  test('numbers and null come as text', async () => {
    expect(await outputsOf('text/split', { config: { separator: '.' }, inputs: { text: 1.5 } })).toEqual({
      list: ['1', '5'],
      count: 2,
    })
    expect(await outputsOf('text/split', { inputs: { text: null } })).toEqual({ list: [], count: 0 })
  })

  test('tells all that is wrong with its config, and needs a text', async () => {
    expect(problemsOf('text/split', { separator: 1, trim: 'yes', skipEmpty: 0 })).toEqual([
      { path: 'config.separator', message: 'expected a string, got 1' },
      { path: 'config.trim', message: 'expected true or false, got "yes"' },
      { path: 'config.skipEmpty', message: 'expected true or false, got 0' },
    ])
    expect((await runNode('text/split')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('match', () => {
  const match = async (pattern: string, text: string, config = {}) =>
    outputsOf('text/match', { config: { pattern, ...config }, inputs: { text } })

  test('gives the first occurrence with its groups, and all of them', async () => {
    expect(await match('(?P<key>\\w+)=(\\d+)?', 'a=1 b= c=3')).toEqual({
      found: true,
      match: 'a=1',
      groups: ['a', '1'],
      named: { key: 'a' },
      all: ['a=1', 'b=', 'c=3'],
    })
    expect(await match('(x)?b', 'b')).toEqual({ found: true, match: 'b', groups: [null], named: {}, all: ['b'] })
  })

  test('an empty pattern occurs before, between and after all characters', async () => {
    expect(await match('', 'ab')).toEqual({ found: true, match: '', groups: [], named: {}, all: ['', '', ''] })
    expect(await match('', '')).toEqual({ found: true, match: '', groups: [], named: {}, all: [''] })
  })

  test('says so where nothing occurs', async () => {
    expect(await match('x', '')).toEqual({ found: false, match: '', groups: [], named: {}, all: [] })
  })

  test('ignores case and knows lines when told', async () => {
    expect((await match('^b$', 'A\nB', { ignoreCase: true, multiline: true }))['all']).toEqual(['B'])
    expect((await match('^b$', 'A\nB', { ignoreCase: true }))['found']).toBe(false)
  })

  test('tells what is wrong with a pattern', () => {
    for (const pattern of ['(', '(?=a)', '\\1', '[z-a]', 'a**'])
      expect(problemsOf('text/match', { pattern })).toEqual([
        { path: 'config.pattern', message: expect.stringMatching(/^is not a regular expression \(RE2\): /) as unknown },
      ])
    expect(problemsOf('text/match', { pattern: '', ignoreCase: 1, multiline: null })).toEqual([
      { path: 'config.ignoreCase', message: 'expected true or false, got 1' },
      { path: 'config.multiline', message: 'expected true or false, got null' },
    ])
  })
})

describe('replace', () => {
  const replace = async (config: Record<string, Json>, text: Json, replacement?: Json) =>
    (
      await outputsOf('text/replace', {
        config,
        inputs: { text, ...(replacement === undefined ? {} : { replacement }) },
      })
    )['text']

  test('replaces a text as it stands: no sign of it is special', async () => {
    expect(await replace({ pattern: '.', replacement: '$1$&$$\\' }, 'a.b.')).toBe('a$1$&$$\\b$1$&$$\\')
    expect(await replace({ pattern: 'a', replacement: 'b', all: false }, 'aaa')).toBe('baa')
    expect(await replace({ pattern: 'a', replacement: '' }, 'banana')).toBe('bnn')
    expect(await replace({ pattern: '', replacement: 'x' }, 'ab')).toBe('ab')
    expect(await replace({ pattern: 'a', replacement: 'b' }, '')).toBe('')
  })

  test('and the same where case does not count', async () => {
    expect(await replace({ pattern: 'A.', replacement: '$1$&$$\\', ignoreCase: true }, 'a.ab')).toBe('$1$&$$\\ab')
    expect(await replace({ pattern: '(X)', replacement: '${name}', ignoreCase: true }, '(x)(x)')).toBe('${name}${name}')
  })

  test('fills groups of a regular expression', async () => {
    const config = { pattern: '(\\w)(?P<last>\\w)', regex: true }
    expect(await replace({ ...config, replacement: '$2$1' }, 'abcd')).toBe('badc')
    expect(await replace({ ...config, replacement: '${last}', all: false }, 'abcd')).toBe('bcd')
    expect(await replace({ ...config, replacement: 'a\\b' }, 'xy')).toBe('a\\b')
    expect(await replace({ pattern: 'a', regex: true, replacement: '$$' }, 'a')).toBe('$')
  })

  test('a replacement that names no group of the pattern stays as it is', async () => {
    expect(await replace({ pattern: 'a', regex: true, replacement: '$' }, 'a')).toBe('$')
    expect(await replace({ pattern: 'a', regex: true, replacement: 'costs $9' }, 'a')).toBe('costs $9')
    expect(await replace({ pattern: 'a', regex: true, replacement: '${nobody}' }, 'a')).toBe('${nobody}')
  })

  test('a wired replacement counts instead of the one in the settings, also an empty one', async () => {
    expect(await replace({ pattern: 'a', replacement: 'b' }, 'aa', 'c')).toBe('cc')
    expect(await replace({ pattern: 'a', replacement: 'b' }, 'aa', '')).toBe('')
    expect(await replace({ pattern: '1', replacement: 'b' }, 11, 0)).toBe('00')
  })

  test('a pattern is checked only where it is a regular expression', async () => {
    expect(problemsOf('text/replace', { pattern: '(' })).toEqual([])
    expect(problemsOf('text/replace', { pattern: '(', regex: true })).toMatchObject([{ path: 'config.pattern' }])
    expect((await runNode('text/replace')).error).toMatchObject(NEEDS_TEXT)
  })

  test('a text beyond all measure fails instead of filling the memory', async () => {
    const text = 'a'.repeat(100_000)
    const kinds: readonly Record<string, Json>[] = [{}, { regex: true }, { ignoreCase: true }]
    for (const config of kinds)
      expect(
        (await runNode('text/replace', { config: { pattern: 'a', replacement: text, ...config }, inputs: { text } }))
          .error,
      ).toMatchObject({ code: 'TOO_LONG' })
  })
})
