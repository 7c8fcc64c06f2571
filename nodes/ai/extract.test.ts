import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { JsonObject } from '#graph/json.ts'
import { socketsOfType } from '#graph/registry.ts'
import type { Single } from '../kit.suite.ts'
import { outputsOf, problemsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'
import type { Models } from './model.suite.ts'
import { openModels, says, SCRIPTED } from './model.suite.ts'

let models: Models
beforeAll(async () => {
  models = await openModels()
})
afterAll(async () => models[Symbol.asyncDispose]())

let runs = 0
const ask = (single: Single): Single => ({
  run: `run-${++runs}`,
  services: { completion: models.completion },
  ...single,
  config: { model: SCRIPTED, ...single.config },
})
const schemaOf = (properties: JsonObject, required: readonly string[] = Object.keys(properties)) =>
  JSON.stringify({ type: 'object', properties, required, additionalProperties: false })

describe('extract', () => {
  const schema = schemaOf({ who: { type: 'string' }, age: { type: 'integer' }, 'home town': { type: 'string' } }, [
    'who',
    'home town',
  ])
  const inputs = { text: 'Ada, 36, of London' }

  test('gives what the schema asks for, each property on its own as well', async () => {
    models.server.replyWith(says({ who: 'Ada', age: 36, 'home town': 'London' }))
    const { outputs, chunks, entries } = await runNode('ai/extract', ask({ config: { schema }, inputs }))
    expect(outputs).toEqual({
      value: { who: 'Ada', age: 36, 'home town': 'London' },
      who: 'Ada',
      age: 36,
      model: SCRIPTED,
      reason: 'stop',
      budget: '',
    })
    expect(chunks).toEqual([])
    expect(models.asked()).toMatchObject({
      temperature: 0,
      messages: [{ role: 'system' }, { role: 'user', content: 'Ada, 36, of London' }],
      response_format: { type: 'json_schema', json_schema: { schema: JSON.parse(schema) as JsonObject } },
    })
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      usage: { inputTokens: 5, outputTokens: 3, model: SCRIPTED },
    })
  })

  test('what may be missing and is, is null', async () => {
    models.server.replyWith(says({ who: 'Ada', 'home town': '' }))
    expect(await outputsOf('ai/extract', ask({ config: { schema }, inputs }))).toMatchObject({ who: 'Ada', age: null })
  })

  test('what does not fit is sent back once; the second answer counts', async () => {
    models.server.replyWith(says({ who: 36 }), says({ who: 'Ada', 'home town': 'London' }))
    const { outputs, entries } = await runNode('ai/extract', ask({ config: { schema }, inputs }))
    expect(outputs).toMatchObject({ value: { who: 'Ada', 'home town': 'London' } })
    expect(models.server.asked).toHaveLength(2)
    expect(entries.find(entry => entry.kind === 'node.log')).toMatchObject({
      level: 'info',
      text: expect.stringMatching(/^the answer begins again: .*who/) as unknown,
    })
  })

  test('fails where the second one does not fit either', async () => {
    models.server.replyWith(says('I would rather not.'))
    const { error } = await runNode('ai/extract', ask({ config: { schema }, inputs }))
    expect(error).toMatchObject({ code: 'FAILED_PRECONDITION', node: 'it' })
  })

  test('takes a schema over a wire, in place of its own', async () => {
    models.server.replyWith(says(['Ada', 'London']))
    const wired = { type: 'array', items: { type: 'string' } }
    const { value } = await outputsOf('ai/extract', {
      ...ask({ config: { schema: '{}' } }),
      inputs: { ...inputs, schema: wired },
    })
    expect(value).toEqual(['Ada', 'London'])
  })

  test('has a typed output for each property that it must find', () => {
    const type = registry.get('ai/extract')
    if (!type) throw new Error('no ai/extract')
    const properties = {
      ...{
        name: { type: 'string', description: 'whose it is' },
        count: { type: 'integer' },
        open: { type: 'boolean' },
      },
      ...{ tags: { type: 'array' }, owner: { type: 'object' }, odd: { type: ['string', 'null'] } },
      ...{ model: { type: 'string' }, 'two words': { type: 'string' } },
    }
    const { outputs } = socketsOfType(type, { schema: schemaOf(properties) })
    expect(outputs).toMatchObject({
      name: { type: 'string', about: 'whose it is' },
      count: { type: 'number' },
      open: { type: 'boolean' },
      tags: { type: 'array' },
      owner: { type: 'object' },
      odd: { type: 'any' },
      model: { about: 'Who answered' },
    })
    expect(outputs).not.toHaveProperty('two words')
    expect(socketsOfType(type, { schema: schemaOf({ name: { type: 'string' } }, []) }).outputs).toMatchObject({
      name: { type: 'any' },
    })
  })

  test('tells what is wrong with its schema', () => {
    expect(problemsOf('ai/extract', { schema: '[]' })).toEqual([
      { path: 'config.schema', message: 'expected a JSON Schema, an object, got a list of 0' },
    ])
    expect(problemsOf('ai/extract', { schema: '{"type":' })).toEqual([
      { path: 'config.schema', message: expect.stringMatching(/^expected a JSON Schema: /) as unknown },
    ])
  })
})

describe('classify', () => {
  const labels = ['bill', 'praise', 'other']
  const inputs = { text: 'I was billed twice' }

  test('goes on along its label, and along `out`', async () => {
    models.server.replyWith(says({ label: 'bill' }))
    const { outputs, pulses } = await runNode(
      'ai/classify',
      ask({ config: { labels, instructions: 'Letters.' }, inputs }),
    )
    expect(outputs).toMatchObject({ label: 'bill', index: 0, scores: {}, model: SCRIPTED })
    expect(pulses('it')).toEqual(['bill', 'out'])
    const [{ content }, said] = models.asked()['messages'] as readonly [{ content: string }, object]
    expect(content).toMatch(/"bill", "praise", "other".*\n\nLetters\.$/s)
    expect(said).toEqual({ role: 'user', content: 'I was billed twice' })
  })

  test('a label outside of the list is repaired', async () => {
    models.server.replyWith(says({ label: 'invoice' }), says({ label: 'bill' }))
    expect(await outputsOf('ai/classify', ask({ config: { labels }, inputs }))).toMatchObject({ label: 'bill' })
    expect(models.server.asked).toHaveLength(2)
  })

  test('with scores, the best one is the label', async () => {
    models.server.replyWith(says({ bill: 0.2, praise: 0.1, other: 0.7 }))
    expect(await outputsOf('ai/classify', ask({ config: { labels, scores: true }, inputs }))).toMatchObject({
      label: 'other',
      index: 2,
      scores: { bill: 0.2, praise: 0.1, other: 0.7 },
    })
  })

  test('takes its labels over a wire; there must be two', async () => {
    models.server.replyWith(says({ label: 'up' }))
    const wired = { ...inputs, labels: ['up', 'down', 'up'] }
    const { entries } = await runNode('ai/classify', ask({ config: { labels }, inputs: wired }))
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      pulses: ['out'],
      outputs: { label: 'up', index: 0 },
    })
    const { error } = await runNode('ai/classify', ask({ inputs: { ...inputs, labels: ['up', 'up'] } }))
    expect(error).toMatchObject({ code: 'BAD_INPUT', message: '"labels": expected 2 to 200, got 1' })
  })

  test('tells what is wrong with its labels', () => {
    expect(problemsOf('ai/classify', { labels: ['a', ''] })).toEqual([
      { path: 'config.labels[1]', message: 'must not be empty' },
    ])
    expect(problemsOf('ai/classify', { labels: ['a', 'out', 'a'] })).toEqual([
      { path: 'config.labels[1]', message: '"out" is the name of another output' },
      { path: 'config.labels[2]', message: '"a" is there twice' },
    ])
  })
})

describe('complete', () => {
  test('with a schema gives the value that its answer stands for', async () => {
    models.server.replyWith(says({ city: 'Oslo' }))
    const schema = schemaOf({ city: { type: 'string' } })
    const outputs = await outputsOf('ai/complete', ask({ config: { schema }, inputs: { prompt: 'a city' } }))
    expect(outputs).toMatchObject({ text: '{"city":"Oslo"}', value: { city: 'Oslo' } })
  })

  test('sends all that it is set to', async () => {
    models.server.replyWith(says('Blue.'))
    const config = {
      ...{ topP: 0.5, frequencyPenalty: 1, presencePenalty: -1, reasoningEffort: 'low', seed: 3, temperature: 0.2 },
      ...{ fallbacks: ['local/demo'], maxTokens: 9, stop: ['!'], logitBias: { 15496: -100 } },
    }
    const image = 'data:image/png;base64,iVBORw0KGgo='
    await outputsOf('ai/complete', ask({ config, inputs: { prompt: 'which colour?', images: [image] } }))
    expect(models.asked()).toMatchObject({
      ...{ top_p: 0.5, frequency_penalty: 1, presence_penalty: -1, reasoning_effort: 'low', seed: 3 },
      logit_bias: { 15496: -100 },
      messages: [
        {
          role: 'user',
          content: expect.arrayContaining([
            { type: 'text', text: 'which colour?' },
            expect.objectContaining({
              type: 'image_url',
              image_url: expect.objectContaining({ url: image }) as unknown,
            }),
          ]) as unknown,
        },
      ],
    })
  })

  test('refuses what is no image', async () => {
    const { error } = await runNode('ai/complete', ask({ inputs: { prompt: 'x', images: ['photo.png'] } }))
    expect(error).toEqual({
      code: 'BAD_INPUT',
      message: '"images": expected images as data URLs or https URLs, got "photo.png"',
      node: 'it',
    })
  })

  test('refuses more images than can be sent', async () => {
    const images = Array.from({ length: 4 }, () => `data:image/png;base64,${'A'.repeat(1_000_000)}`)
    const { error } = await runNode('ai/complete', ask({ inputs: { prompt: 'x', images } }))
    expect(error).toEqual({
      code: 'TOO_LONG',
      message: 'the images take 4000088 characters as data URLs, expected at most 3500000 together',
      node: 'it',
    })
  })

  test('a model that fails is followed by the next one, and a person is told', async () => {
    models.server.replyWith(response => void response.writeHead(400).end('{"error":{"message":"not today"}}'))
    const { outputs, entries } = await runNode(
      'ai/complete',
      ask({ config: { fallbacks: ['local/demo'] }, inputs: { prompt: 'a haiku about wires' } }),
    )
    expect(outputs).toMatchObject({ model: 'local/demo', text: expect.stringMatching(/^Wires at dawn/) as unknown })
    expect(entries.some(entry => entry.kind === 'node.log' && entry.text.includes('local/demo'))).toBe(true)
  })
})

describe('a budget', () => {
  test('cuts the answer off; the node goes on along `overBudget` with what there is', async () => {
    const document = spell(
      {
        start: { type: 'flow/start' },
        ask: {
          type: 'ai/complete',
          config: { model: 'local/demo', budget: { tokens: 8 } },
          values: { prompt: 'tell me of rain' },
        },
        whole: { type: 'flow/output', config: { name: 'whole' } },
        cut: { type: 'flow/output', config: { name: 'cut' } },
        words: { type: 'flow/output', config: { name: 'words' } },
      },
      [
        ['start.out', 'ask.in'],
        ['ask.out', 'whole.in'],
        ['ask.text', 'whole.value'],
        ['ask.overBudget', 'cut.in'],
        ['ask.text', 'cut.value'],
        ['cut.out', 'words.in'],
        ['ask.budget', 'words.value'],
      ],
    )
    const { outputs, pulses, chunks } = await runSpell(document, {
      run: 'budget-1',
      services: { completion: models.completion },
    })
    expect(pulses('ask')).toEqual(['overBudget'])
    expect(outputs).not.toHaveProperty('whole')
    expect(outputs['words']).toContain('8 tokens')
    expect(outputs['cut']).toMatch(/^Start with rain/)
    expect(outputs['cut']).not.toContain('demo model')
    expect(chunks.map(({ text }) => text).join('')).toBe(outputs['cut'])
  })

  test.each([
    ['ai/complete', { prompt: 'hello' }],
    ['ai/sentences', { prompt: 'hello' }],
    ['ai/chat', { prompt: 'hello' }],
    ['ai/extract', { text: 'hello' }],
    ['ai/classify', { text: 'hello' }],
    ['ai/turn', { messages: [{ role: 'user', content: 'hello' }] }],
    ['ai/embed', { texts: ['hello'] }],
    ['ai/similarity', { a: 'hello', b: 'you' }],
    ['ai/rerank', { query: 'hello', documents: ['you'] }],
    ['ai/image', { prompt: 'hello' }],
  ] as const)('that was used up before lets %s go on along `overBudget`', async (type, inputs) => {
    const completion = models.system.as('poor').client(CompletionServiceDefinition)
    await completion.setBudget({ budget: { scope: 'user', period: 'day', tokens: 1 } })
    const { entries, pulses, error } = await runNode(type, {
      run: 'poor',
      services: { completion },
      inputs,
      outputs: [],
    })
    expect(error).toBeUndefined()
    expect(pulses('it')).toEqual(['overBudget'])
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      outputs: { budget: expect.stringContaining('1 token a day of this user') as unknown },
    })
  })

  test('is tokens or money, nothing else', () => {
    expect(problemsOf('ai/complete', { budget: { tokens: -1, euros: 3 } })).toEqual([
      { path: 'config.budget.tokens', message: 'expected at least 0, got -1' },
      { path: 'config.budget.euros', message: 'is not known; expected tokens, cost' },
    ])
  })
})
