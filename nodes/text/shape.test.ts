import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json, JsonObject } from '#graph/json.ts'
import { outputsOf, problemsOf, runNode } from '../kit.suite.ts'

const textOf = async (type: string, text: Json, config: JsonObject = {}) =>
  (await outputsOf(type, { config, inputs: { text } }))['text']

test.each(['case', 'trim', 'pad', 'count', 'chunk'])(
  'text/%s needs a text; a number is one, null is an empty one',
  async name => {
    expect((await runNode(`text/${name}`)).error).toMatchObject({ code: 'NO_VALUE' })
    expect((await runNode(`text/${name}`, { inputs: { text: 0 } })).status).toBe('completed')
    expect((await runNode(`text/${name}`, { inputs: { text: null } })).status).toBe('completed')
  },
)

describe('change case', () => {
  test.each<readonly [style: string, text: string, result: string]>([
    ['upper case', 'straße, Ünal', 'STRASSE, ÜNAL'],
    ['lower case', 'STRASSE, Ünal', 'strasse, ünal'],
    ['Title Case', "the SPELL's   'own' name-plate, éa", "The Spell's   'Own' Name-Plate, Éa"],
    [
      'Sentence case',
      'HELLO there. «how» are YOU?! "fine." 3 of us. v1.2 is',
      'Hello there. «How» are you?! "Fine." 3 of us. V1.2 is',
    ],
    ['camelCase', 'parse HTML-page 2, now', 'parseHtmlPage2Now'],
    ['camelCase', "HTTPServer's état", 'httpServersÉtat'],
    ['PascalCase', 'run_from-here', 'RunFromHere'],
    ['kebab-case', 'runFromHere  v2', 'run-from-here-v2'],
    ['snake_case', 'Run From HERE!', 'run_from_here'],
  ])('%s of %j is %j', async (style, text, result) => {
    expect(await textOf('text/case', text, { style })).toBe(result)
  })

  test('an empty text stays one in every style; of signs alone no name is left', async () => {
    for (const style of ['upper case', 'Title Case', 'Sentence case', 'camelCase', 'snake_case'])
      expect(await textOf('text/case', '', { style })).toBe('')
    expect(await textOf('text/case', '!? …', { style: 'camelCase' })).toBe('')
  })

  test('knows no other style', () => {
    expect(problemsOf('text/case', { style: 'UPPER' })).toEqual([
      {
        path: 'config.style',
        message:
          '"UPPER" is none of "upper case", "lower case", "Title Case", "Sentence case", "camelCase", "PascalCase", "kebab-case", "snake_case"',
      },
    ])
  })

  test('takes time in proportion to the text, whatever it holds', async () => {
    for (const hostile of ['. ', 'aA', '."', "a'"])
      for (const style of ['Title Case', 'Sentence case', 'kebab-case'])
        expect(
          (await runNode('text/case', { config: { style }, inputs: { text: hostile.repeat(100_000) } })).status,
        ).toBe('completed')
  })
})

describe('trim', () => {
  test.each<readonly [text: string, config: JsonObject, result: string]>([
    ['  a b\t\n', {}, 'a b'],
    ['  a b ', { sides: 'start' }, 'a b '],
    ['  a b ', { sides: 'end' }, '  a b'],
    ['--=a-=b=-', { characters: '-=' }, 'a-=b'],
    ['🙂🙃a🙃', { characters: '🙃🙂' }, 'a'],
    ['🙂a', { characters: '\ud83d' }, '🙂a'],
    [' \n ', {}, ''],
    ['xxx', { characters: 'x' }, ''],
    ['', {}, ''],
    [' a ', { characters: 'a' }, ' a '],
  ])('%j with %j is %j', async (text, config, result) => {
    expect(await textOf('text/trim', text, config)).toBe(result)
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('text/trim', { sides: 'left', characters: 1 })).toEqual([
      { path: 'config.sides', message: '"left" is none of "both ends", "start", "end"' },
      { path: 'config.characters', message: 'expected a string, got 1' },
    ])
  })
})

describe('pad', () => {
  test.each<readonly [text: Json, config: JsonObject, result: string]>([
    [7, { length: 3, fill: '0' }, '007'],
    ['a', { length: 4, fill: '-', side: 'end' }, 'a---'],
    ['a', { length: 4, fill: '-', side: 'both ends' }, '-a--'],
    ['a', { length: 6, fill: 'xyz', side: 'start' }, 'xyzxya'],
    ['🙂', { length: 3, fill: '👍', side: 'end' }, '🙂👍👍'],
    ['longer', { length: 3 }, 'longer'],
    ['', { length: 2, fill: '.' }, '..'],
    ['a', { length: 0 }, 'a'],
  ])('%j with %j is %j', async (text, config, result) => {
    expect(await textOf('text/pad', text, config)).toBe(result)
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('text/pad', { length: 100_001, fill: '', side: 'left' })).toEqual([
      { path: 'config.length', message: 'expected at most 100000, got 100001' },
      { path: 'config.fill', message: 'must not be empty' },
      { path: 'config.side', message: '"left" is none of "start", "end", "both ends"' },
    ])
  })
})

test.each<readonly [text: Json, characters: number, words: number, lines: number]>([
  ['one two\nthree', 13, 3, 2],
  ['one\r\ntwo\r\n', 10, 2, 2],
  ['\n\n', 2, 0, 2],
  ['🙂 é', 3, 2, 1],
  ['', 0, 0, 0],
  [' ', 1, 0, 1],
  [false, 5, 1, 1],
])('%j has %d characters, %d words, %d lines', async (text, characters, words, lines) => {
  expect(await outputsOf('text/count', { inputs: { text } })).toEqual({ characters, words, lines })
})

describe('chunk', () => {
  const chunk = async (text: string, config: JsonObject) =>
    (await outputsOf('text/chunk', { config, inputs: { text } }))['list']
  const story = 'It was late. “Who is it?” she said. Nobody answered her; the door was open'

  test('cuts at sentence ends where there are some, else between words, else where it is full', async () => {
    expect(await chunk(story, { size: 40 })).toEqual([
      'It was late. “Who is it?” she said.',
      'Nobody answered her; the door was open',
    ])
    expect(await chunk(story, { size: 30 })).toEqual([
      'It was late. “Who is it?”',
      'she said. Nobody answered',
      'her; the door was open',
    ])
    expect(await chunk(story, { size: 40, cut: 'between words' })).toEqual([
      'It was late. “Who is it?” she said.',
      'Nobody answered her; the door was open',
    ])
    expect(await chunk('abcdefgh', { size: 3 })).toEqual(['abc', 'def', 'gh'])
    expect(await chunk('a b c d', { size: 3, cut: 'anywhere', trim: false })).toEqual(['a b', ' c ', 'd'])
    expect(await chunk('first line\nsecond line', { size: 15 })).toEqual(['first line', 'second line'])
  })

  test('counts words where it is asked to', async () => {
    expect(await chunk('One two. Three four five six', { unit: 'words', size: 3 })).toEqual([
      'One two.',
      'Three four five',
      'six',
    ])
    expect(await chunk(' one two three ', { unit: 'words', size: 2, trim: false })).toEqual([' one ', 'two three '])
  })

  test('a piece begins with words of the one before, as many as fit into the overlap', async () => {
    expect(await chunk('one two three four five six', { size: 14, overlap: 6 })).toEqual([
      'one two three',
      'three four',
      'four five six',
    ])
    expect(await chunk('abcdef', { size: 4, overlap: 2 })).toEqual(['abcd', 'cdef'])
    expect(await chunk('a b c d', { unit: 'words', size: 2, overlap: 1, cut: 'anywhere' })).toEqual([
      'a b',
      'b c',
      'c d',
    ])
  })

  test('of nothing there are no pieces; an emoji is never cut in two', async () => {
    expect(await outputsOf('text/chunk', { inputs: { text: '' } })).toEqual({ list: [], count: 0 })
    expect(await chunk(' \n ', {})).toEqual([])
    expect(await chunk('🙂🙃🙂', { size: 2 })).toEqual(['🙂🙃', '🙂'])
  })

  test('without overlap the pieces are the text; with it each is a part of the text, none too long, none skipped', async () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '.', '?', '”', '🙂'), maxLength: 60 })
    const configs = fc.record({
      unit: fc.constantFrom('characters', 'words'),
      size: fc.integer({ min: 1, max: 12 }),
      share: fc.constantFrom(0, 0.25, 0.5),
      cut: fc.constantFrom('at sentence ends', 'between words', 'anywhere'),
    })
    await fc.assert(
      fc.asyncProperty(texts, configs, async (text, { unit, size, share, cut }) => {
        const overlap = Math.floor(size * share)
        const list = (await chunk(text, { unit, size, overlap, cut, trim: false })) as string[]
        const sizeOf = (one: string) => (unit === 'characters' ? Array.from(one) : (one.match(/\S+/g) ?? [])).length
        expect(list.filter(one => sizeOf(one) > size)).toEqual([])
        expect(overlap > 0 || list.join('') === text).toBe(true)
        // As far on as it can stand without leaving a gap behind it.
        const end = list.reduce((reached, one) => {
          const at = text.lastIndexOf(one, reached)
          return at < 0 ? Number.NaN : Math.max(reached, at + one.length)
        }, 0)
        expect(end).toBe(text.length)
      }),
      { numRuns: 200 },
    )
  })

  test('tells what is wrong with its config, and does not grow without measure', async () => {
    expect(problemsOf('text/chunk', { size: 10, overlap: 6 })).toEqual([
      { path: 'config.overlap', message: 'expected at most half of 10, got 6' },
    ])
    expect(problemsOf('text/chunk', { size: 0, unit: 'tokens' })).toEqual([
      { path: 'config.size', message: 'expected at least 1, got 0' },
      { path: 'config.unit', message: '"tokens" is none of "characters", "words"' },
    ])
    const config = { size: 1000, overlap: 500 }
    expect((await runNode('text/chunk', { config, inputs: { text: 'x'.repeat(1_048_000) } })).error).toMatchObject({
      code: 'TOO_LONG',
      message: 'the pieces together grew beyond 2000000 characters',
    })
  })
})
