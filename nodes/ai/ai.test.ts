import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Completion } from '../services.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Json } from '#graph/json.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import type { Single } from '../kit.suite.ts'
import { problemsOf, runNode } from '../kit.suite.ts'

let system: TestSystem
let completion: Completion
beforeAll(async () => {
  system = await embedded({ services: ['completion'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  completion = system.as('user-1').client(CompletionServiceDefinition)
})
afterAll(async () => system.stop())

const complete = async (single: Single = {}) => runNode('ai/complete', { services: { completion }, ...single })

test('streams its answer, and ends with the whole of it', async () => {
  const { outputs, chunks, entries } = await complete({ inputs: { prompt: 'a haiku about wires' } })
  expect(outputs).toEqual({
    text: 'Wires at dawn,\na small light moves through the wires —\nanswers wake like birds.',
    model: 'local/demo',
    reason: 'stop',
  })
  expect(chunks.map(({ text }) => text).join('')).toBe(outputs['text'])
  expect(chunks.map(({ offset }) => offset)).toEqual(
    chunks.map((_, index) => chunks.slice(0, index).reduce((sum, { text }) => sum + text.length, 0)),
  )
  expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
    usage: { inputTokens: 4, outputTokens: 15, model: 'local/demo' },
  })
})

test('stops where it is told, and after as many tokens', async () => {
  const inputs = { prompt: 'a haiku about wires' }
  expect((await complete({ inputs, config: { stop: ['moves'] } })).outputs['text']).toBe(
    'Wires at dawn,\na small light ',
  )
  expect((await complete({ inputs, config: { maxTokens: 2 } })).outputs).toMatchObject({
    text: 'Wires at',
    reason: 'length',
  })
})

describe('instructions', () => {
  const inputs = { prompt: 'wires' }

  test('come from the settings, or from the input in their place', async () => {
    const json = await complete({ inputs, config: { system: 'answer in JSON' } })
    expect(json.outputs['text']).toMatch(/^\{"topic":"wires".*"demo":true\}$/)
    const other = await complete({ inputs: { ...inputs, system: 'a poem' }, config: { system: 'answer in JSON' } })
    expect(other.outputs['text']).toContain('Wires at dawn')
  })

  test('an empty input takes them away', async () => {
    const { outputs } = await complete({ inputs: { ...inputs, system: '' }, config: { system: 'answer in JSON' } })
    expect(outputs['text']).toContain('This is the built-in demo model')
  })
})

describe('messages', () => {
  test('what was said before is sent, and counts', async () => {
    const messages = [
      { role: 'user', content: 'one two' },
      { role: 'assistant', content: '' },
    ]
    const { entries } = await complete({ inputs: { prompt: 'three', messages } })
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      usage: { inputTokens: 3 },
    })
  })

  test('must be messages', async () => {
    const wrong: readonly Json[] = [null, 'hello', {}, { role: 'user' }, { role: 'user', content: 5 }]
    for (const bad of wrong)
      expect((await complete({ inputs: { prompt: 'x', messages: [bad] } })).error).toEqual({
        code: 'BAD_INPUT',
        message: `"messages": expected {role, content} with texts, got ${JSON.stringify(bad)}`,
        node: 'it',
      })
  })
})

describe('what goes wrong', () => {
  test('a question is needed; an empty one is one', async () => {
    expect((await complete()).error).toEqual({
      code: 'NO_VALUE',
      message: 'input "prompt" has no value: nothing is wired to it',
      node: 'it',
    })
    expect((await complete({ inputs: { prompt: '' } })).status).toBe('completed')
  })

  test('a model that is not there fails with the service’s own code', async () => {
    const { error } = await complete({ inputs: { prompt: 'x' }, config: { model: 'local/nobody' } })
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('local/nobody') as unknown,
      node: 'it',
    })
  })

  test('all that is wrong with its config', () => {
    expect(
      problemsOf('ai/complete', { model: 1, temperature: 3, maxTokens: 0, stop: ['', 'a', 'b', 'c', 'd'], seed: 0.5 }),
    ).toEqual([
      { path: 'config.model', message: 'expected a string, got 1' },
      { path: 'config.temperature', message: 'expected at most 2, got 3' },
      { path: 'config.maxTokens', message: 'expected at least 1, got 0' },
      { path: 'config.stop', message: 'expected at most 4 items' },
      { path: 'config.stop[0]', message: 'must not be empty' },
      { path: 'config.seed', message: 'expected a whole number, got 0.5' },
    ])
  })
})
