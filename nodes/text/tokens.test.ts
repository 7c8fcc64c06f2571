import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { countTokens as gpt4 } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens as newest } from 'gpt-tokenizer/encoding/o200k_base'
import type { JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { around, outputsOf, problemsOf, registry, runNode, runSpell } from '../kit.suite.ts'

const tokens = async (text: string, config: JsonObject = {}) => outputsOf('text/tokens', { config, inputs: { text } })

const ENGLISH = 'Spellmesh draws spells, runs them on a mesh of services, and replays any moment.'

describe('counting', () => {
  test('knows the tokens of the newest models, and of others by their names', async () => {
    expect(await tokens('')).toEqual({ count: 0, text: '', kept: 0, cut: false })
    expect(await tokens('hello world')).toEqual({ count: 2, text: 'hello world', kept: 2, cut: false })
    const text = 'Grüße aus 東京: naïve façade 12345'
    const countOf = async (config: JsonObject) => (await tokens(text, config))['count']
    expect([newest(text), gpt4(text)]).toEqual([12, 15])
    for (const model of ['', 'gpt-5', 'openai/gpt-4o', 'local/demo', 'o3']) expect(await countOf({ model })).toBe(12)
    for (const model of ['gpt-4', 'openai/gpt-4-0613', 'gpt-3.5-turbo', 'text-embedding-3-small'])
      expect(await countOf({ model })).toBe(15)
    expect(await countOf({ encoding: 'cl100k_base', model: 'gpt-5' })).toBe(15)
    expect(await countOf({ encoding: 'p50k_base' })).toBe(await countOf({ model: 'text-davinci-003' }))
    expect(await countOf({ encoding: 'r50k_base' })).toBe(await countOf({ model: 'davinci' }))
  })

  test('what looks like a control token is text', async () => {
    expect((await tokens('<|endoftext|>'))['count']).toBe(newest('<|endoftext|>', { disallowedSpecial: new Set() }))
    expect((await tokens('<|endoftext|>'))['count']).toBeGreaterThan(1)
  })

  test('in pieces it is the same as in one, for texts of words', async () => {
    const word = fc.constantFrom(
      'a',
      'word',
      'über',
      '東京',
      "don't",
      '3.14',
      '(x)',
      '\n',
      '—',
      'CamelCase',
      '😀',
      '  ',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 300, maxLength: 900 }), async words => {
        const text = words.join(' ')
        expect((await tokens(text))['count']).toBe(newest(text))
        expect((await tokens(text, { encoding: 'cl100k_base' }))['count']).toBe(gpt4(text))
      }),
      { numRuns: 20 },
    )
  })

  test('what is no text but fills one does not keep anybody waiting', async () => {
    for (const text of ['x'.repeat(300_000), ' '.repeat(300_000), '!'.repeat(300_000), '漢'.repeat(100_000)]) {
      let [longest, last] = [0, performance.now()]
      const ticking = setInterval(() => {
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      }, 1)
      const { count } = await tokens(text)
      clearInterval(ticking)
      expect(count).toBeGreaterThan(1_000)
      expect(longest).toBeLessThan(10_000)
    }
    expect((await runNode('text/tokens', { inputs: { text: 'x'.repeat(2_000_001) } })).error).toMatchObject({
      code: 'TOO_LONG',
      message: 'expected at most 2000000 characters, got 2000001',
    })
  })
})

describe('cutting', () => {
  test('keeps the start or the end, between words or anywhere', async () => {
    expect(await tokens(ENGLISH, { limit: 8 })).toEqual({
      count: 19,
      text: 'Spellmesh draws spells, runs them on',
      kept: 8,
      cut: true,
    })
    expect(await tokens(ENGLISH, { limit: 5, keep: 'end' })).toEqual({
      count: 19,
      text: 'replays any moment.',
      kept: 5,
      cut: true,
    })
    expect(await tokens('incomprehensibilities', { limit: 2 })).toMatchObject({ kept: 2, cut: true })
    expect(await tokens('one incomprehensibilities', { limit: 3 })).toMatchObject({ text: 'one', kept: 1 })
    expect(await tokens('one incomprehensibilities', { limit: 3, words: false })).toMatchObject({ kept: 3 })
  })

  test('what fits stays whole; a limit over the wire is used in place of the settings', async () => {
    expect(await tokens(ENGLISH, { limit: 19 })).toEqual({ count: 19, text: ENGLISH, kept: 19, cut: false })
    const of = async (limit: number) =>
      outputsOf('text/tokens', { config: { limit: 3 }, inputs: { text: 'a b c d e', limit } })
    expect(await of(4)).toEqual({ count: 5, text: 'a b c d', kept: 4, cut: true })
    expect(await of(0)).toEqual({ count: 5, text: '', kept: 0, cut: true })
  })

  test('never more than the limit, and a part of the text', async () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.lorem({ maxCount: 400 }))
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        fc.boolean(),
        async (given, limit, end, words) => {
          const { kept, text: left, cut } = await tokens(given, { limit, keep: end ? 'end' : 'start', words })
          expect(kept).toBeLessThanOrEqual(limit)
          expect(end ? given.endsWith(left as string) || words : given.startsWith(left as string)).toBe(true)
          expect(given.includes(left as string)).toBe(true)
          expect(cut).toBe(left !== given)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('no character is cut in two', async () => {
    for (let limit = 1; limit < 12; limit++)
      expect((await tokens('👩‍🚀🧬東😀', { limit, words: false }))['text']).not.toMatch(/\ufffd/)
  })
})

test('a replay needs no tokenizer', async () => {
  const document = around('text/tokens', { inputs: { text: 'x' } })
  const { entries } = await runSpell(document, { inputs: { text: ENGLISH } })
  expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
})

test('tells what is wrong with its config', () => {
  expect(problemsOf('text/tokens', { encoding: 'utf8', limit: -1, keep: 'middle' })).toEqual([
    {
      path: 'config.encoding',
      message: '"utf8" is none of "by the model", "o200k_base", "cl100k_base", "p50k_base", "r50k_base"',
    },
    { path: 'config.limit', message: 'expected at least 0, got -1' },
    { path: 'config.keep', message: '"middle" is none of "start", "end"' },
  ])
})
