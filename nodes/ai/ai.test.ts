import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Completion } from '../services.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Json } from '#graph/json.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import type { Given, Single } from '../kit.suite.ts'
import { problemsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'

let system: TestSystem
let completion: Completion
beforeAll(async () => {
  system = await embedded({
    services: ['completion'],
    settings: { LOCAL_MODEL_DELAY_MS: '0', COMPLETION_KEEP_MS: '0' },
  })
  completion = system.as('user-1').client(CompletionServiceDefinition)
})
afterAll(async () => system.stop())

const complete = async (single: Single = {}) => runNode('ai/complete', { services: { completion }, ...single })

test('streams its answer, and ends with the whole of it', async () => {
  const { outputs, chunks, entries } = await complete({ inputs: { prompt: 'a haiku about wires' } })
  expect(outputs).toEqual({
    text: 'Wires at dawn,\na small light moves through the wires —\nanswers wake like birds.',
    reasoning: '',
    model: 'local/demo',
    reason: 'stop',
    budget: '',
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

describe('sentences', () => {
  const document = spell(
    {
      start: { type: 'flow/start' },
      ask: { type: 'ai/sentences', values: { prompt: 'tell me of rain' } },
      keep: { type: 'state/write', config: { key: 'heard', mode: 'append' } },
      out: { type: 'flow/output', config: { name: 'text' } },
      count: { type: 'flow/output', config: { name: 'count' } },
    },
    [
      ['start.out', 'ask.in'],
      ['ask.each', 'keep.in'],
      ['ask.sentence', 'keep.value'],
      ['ask.done', 'out.in'],
      ['ask.text', 'out.value'],
      ['ask.count', 'count.value'],
    ],
    { heard: { initial: [] } },
  )
  const run = async (given: Given = {}) =>
    runSpell(document, { services: { completion }, state: { heard: [] }, ...given })

  test('come one by one while the answer is written; the end has the whole of it', async () => {
    const { outputs, state, chunks, entries, pulses } = await run()
    const heard = state['heard'] as readonly string[]
    expect(heard).toHaveLength(3)
    expect(heard[2]).toBe('This is the built-in demo model: connect a real one with OPENAI_API_KEY or OPENAI_BASE_URL.')
    expect(heard.join(' ')).toBe(outputs['text'])
    expect(outputs['count']).toBe(3)
    expect(chunks.map(({ text }) => text).join('')).toBe(outputs['text'])
    expect(pulses('ask')).toEqual(['each', 'each', 'each', 'done'])
    expect(entries.flatMap(entry => (entry.kind === 'node.emitted' ? entry.outputs['index'] : []))).toEqual([0, 1, 2])
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'ask')).toMatchObject({
      outputs: { model: 'local/demo', reason: 'stop' },
      usage: { inputTokens: 4, model: 'local/demo' },
    })
    expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
  })

  test('after a crash the answer is asked for again, and none comes twice', async () => {
    const whole = await run()
    for (let length = 1; length < whole.entries.length; length++) {
      const { outputs, state } = await run({ journal: whole.entries.slice(0, length) })
      expect({ outputs, state }).toEqual({ outputs: whole.outputs, state: whole.state })
    }
  })

  test('a model that never ends is slowed down by what cannot keep up, and stopped with the run', async () => {
    let [asked, stopped] = [0, false]
    const endless: Completion = {
      ...completion,
      async *complete() {
        try {
          for (;;) {
            asked++
            yield { part: { $case: 'text', value: 'One more. ' } }
          }
        } finally {
          stopped = true
        }
      },
    }
    const slow = spell(
      {
        start: { type: 'flow/start' },
        ask: { type: 'ai/sentences', values: { prompt: 'talk' } },
        speak: { type: 'flow/delay', config: { ms: 60_000 } },
      },
      [
        ['start.out', 'ask.in'],
        ['ask.each', 'speak.in'],
      ],
    )
    const { status } = await runSpell(slow, {
      services: { completion: endless },
      onEntry(entry, at) {
        if (entry.kind === 'node.emitted' && entry.index === 900) setTimeout(() => at.cancel('heard enough'), 200)
      },
    })
    expect(status).toBe('cancelled')
    expect(asked).toBeGreaterThan(900)
    expect(asked).toBeLessThan(1_100)
    await new Promise(resolve => setImmediate(resolve))
    expect(stopped).toBe(true)
  })

  test('an answer that breaks off fails after what was said', async () => {
    const broken: Completion = {
      ...completion,
      async *complete() {
        yield { part: { $case: 'text', value: 'One. Two. Thr' } }
      },
    }
    const { error, pulses } = await run({ services: { completion: broken } })
    expect(error).toEqual({ code: 'UNAVAILABLE', message: 'the model’s answer broke off', node: 'ask' })
    expect(pulses('ask')).toEqual(['each', 'each'])
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
