// The built-in model: what it shows of tools, shapes, images and thoughts, the same every time.
import { expect, test } from '@jest/globals'
import type { ProviderPart, ProviderRequest } from '../provider.ts'
import { callWith, openEnvironment } from '../provider.suite.ts'
import { problemsOf } from '../schema-check.ts'
import { fillSchema } from './local-schema.ts'
import local from './local.ts'

const provider = local.open(openEnvironment({ LOCAL_MODEL_DELAY_MS: '0' }))
const never = new AbortController().signal

async function ask(content: string, more: Partial<ProviderRequest> = {}): Promise<ProviderPart[]> {
  const request = {
    model: 'demo',
    messages: [{ role: 'user' as const, content }],
    stop: [],
    idempotencyKey: '',
    ...more,
  }
  const parts: ProviderPart[] = []
  for await (const part of provider.complete(request, callWith(never))) parts.push(part)
  return parts
}
const textOf = (parts: readonly ProviderPart[]) => parts.map(part => ('text' in part ? part.text : '')).join('')
const callsOf = (parts: readonly ProviderPart[]) => parts.flatMap(part => ('toolCall' in part ? [part.toolCall] : []))

const tool = (name: string, properties: object, description = '') => ({
  name,
  description,
  parameters: { type: 'object', properties: { ...properties }, required: Object.keys(properties) },
})
const WEATHER = tool('get_weather', { city: { type: 'string' } }, 'The weather of a city now')
const ADD = tool('add', { a: { type: 'number' }, b: { type: 'number' } }, 'Adds two numbers')
const MAIL = tool('send_mail', { to: { type: 'string', format: 'email' } })

test('it calls the tool whose words are in the question, with what the question says', async () => {
  const parts = await ask('What is the weather in Paris?', { tools: [ADD, WEATHER, MAIL] })
  expect(callsOf(parts)).toEqual([{ id: 'demo_1', name: 'get_weather', arguments: '{"city":"Paris"}' }])
  expect(textOf(parts)).toBe('')
  expect(parts.at(-1)).toMatchObject({ reason: 'tools' })
})

test('it calls several at once, unless it may not', async () => {
  const question = 'Add 17 and 25, and tell me the weather in Rome'
  const tools = [ADD, WEATHER, MAIL]
  expect(callsOf(await ask(question, { tools })).map(({ name, arguments: given }) => [name, given])).toEqual([
    ['add', '{"a":17,"b":25}'],
    ['get_weather', '{"city":"Rome"}'],
  ])
  expect(callsOf(await ask(question, { tools, parallelToolCalls: false }))).toHaveLength(1)
})

test('it does as tool choice says', async () => {
  const tools = [ADD, WEATHER]
  expect(callsOf(await ask('Tell me a joke', { tools }))).toEqual([])
  expect(callsOf(await ask('Add 1 and 2', { tools, toolChoice: 'none' }))).toEqual([])
  expect(callsOf(await ask('Tell me a joke', { tools, toolChoice: 'required' }))).toMatchObject([{ name: 'add' }])
  expect(callsOf(await ask('Add 1 and 2', { tools, toolChoice: { name: 'get_weather' } }))).toMatchObject([
    { name: 'get_weather' },
  ])
})

test('it says what the tools have answered, and calls none again', async () => {
  const messages: ProviderRequest['messages'] = [
    { role: 'user', content: 'What is the weather in Paris?' },
    {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'demo_1', name: 'get_weather', arguments: '{"city":"Paris"}' }],
    },
    { role: 'tool', content: '18 degrees', toolCallId: 'demo_1' },
  ]
  const parts = await ask('', { messages, tools: [WEATHER] })
  expect(textOf(parts)).toBe('get_weather says 18 degrees. That is all the built-in demo model knows about it.')
  expect(parts.at(-1)).toMatchObject({ reason: 'stop' })
})

const LETTER = 'Ada Lovelace (ada@example.com) was born on 1815-12-10 in London, and wrote 3 notes.'
test.each([
  [
    {
      type: 'object',
      properties: {
        name: { type: 'string' },
        email: { type: 'string', format: 'email' },
        born: { type: 'string', format: 'date' },
        city: { type: 'string' },
      },
    },
    { name: 'Ada Lovelace', email: 'ada@example.com', born: '1815-12-10', city: 'London' },
  ],
  [{ enum: ['bug', 'letter', 'notes'] }, 'notes'],
  [{ type: 'object', properties: { notes: { type: 'integer', minimum: 1, maximum: 5 } } }, { notes: 3 }],
  [{ anyOf: [{ type: 'null' }, { const: 7 }] }, 7],
  [{ $ref: '#/$defs/a', $defs: { a: { type: ['boolean', 'null'] } } }, true],
  [{ type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 }, ['Ada Lovelace', 'London']],
  [
    {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' }, kind: { enum: ['person', 'place'] } } },
    },
    [
      { name: 'Ada Lovelace', kind: 'person' },
      { name: 'London', kind: 'person' },
    ],
  ],
  [
    {
      allOf: [{ properties: { a: { const: 1 } }, required: ['a'] }, { properties: { b: { const: 2 } } }],
      type: 'object',
    },
    { a: 1, b: 2 },
  ],
  [{ type: 'string', minLength: 3, maxLength: 5 }, expect.stringMatching(/^.{3,5}$/)],
])('it fills the shape %j', (schema, expected) => {
  const filled = fillSchema(schema as never, LETTER)
  expect(filled).toEqual(expected)
  expect(problemsOf(filled, schema as never)).toEqual([])
})

test('a shape that holds itself is filled to an end', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
  expect(JSON.stringify(fillSchema({ $ref: '#/$defs/node', $defs: { node } }, LETTER)).length).toBeLessThan(1_000)
})

test('an answer has the shape that was asked for, and is streamed', async () => {
  const responseSchema = { type: 'object', properties: { mood: { enum: ['positive', 'negative'] } } }
  expect(textOf(await ask('I hate this broken toaster', { responseSchema }))).toBe('{"mood":"negative"}')
})

test('it tells of images what can be told without looking, and that it is a demo', async () => {
  const image = `data:image/png;base64,${Buffer.from('1234567').toString('base64')}`
  const messages = [{ role: 'user' as const, content: 'What is this about boats?', images: [image] }]
  expect(textOf(await ask('', { messages }))).toMatch(
    /^I see an image \(image\/png, 7 bytes\), and only pretend to look: demo\. /,
  )
})

test('it thinks a little where it is asked to, apart from what it says', async () => {
  const parts = await ask('Tell me about boats', { reasoningEffort: 'high' })
  const thoughts = parts.flatMap(part => ('reasoning' in part ? [part.reasoning] : []))
  expect(thoughts.join('')).toBe('A thought of the built-in demo model: this seems to be about boats.')
  expect(parts.at(-1)).toMatchObject({ usage: { reasoningTokens: thoughts.length } })
  expect(textOf(parts)).not.toContain('A thought')
})
