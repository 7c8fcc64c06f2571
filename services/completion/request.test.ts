import { expect, test } from '@jest/globals'
import { CompleteRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { readRequest } from './request.ts'

type Given = Parameters<typeof CompleteRequest.fromPartial>[0]
const read = (given: Given) =>
  readRequest(CompleteRequest.fromPartial({ messages: [{ role: 'user', content: 'hi' }], ...given }))
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const PNG = 'data:image/png;base64,iVBORw0KGgo='

/** Every problem of a request, as `path: message`. */
function problemsOf(given: Given): readonly string[] {
  try {
    read(given)
    return []
  } catch (error) {
    const { problems } = error as { problems: { path: string; message: string }[] }
    return problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

test('a plain request has nothing that was not said: answers are kept under its hash', () => {
  expect(JSON.stringify(read({ temperature: 1, maxTokens: 2, seed: 3 }))).toBe(
    '{"messages":[{"role":"user","content":"hi"}],"stop":[],"temperature":1,"maxTokens":2,"seed":3}',
  )
})

test('everything that may be said is read', () => {
  const call = { id: 'a', name: 'look', arguments: '{"x":1}' }
  expect(
    read({
      messages: [
        { role: 'user', content: 'Look', images: [{ url: PNG }, { url: 'https://example.com/a.png' }] },
        { role: 'assistant', toolCalls: [call] },
        { role: 'tool', toolCallId: 'a', content: 'seen' },
      ],
      tools: [{ name: 'look', description: 'Looks', parameters: json({ properties: {} }) }, { name: 'rest' }],
      toolChoice: 'look',
      parallelToolCalls: false,
      responseSchema: json({ type: 'object' }),
      topP: 0.5,
      frequencyPenalty: -2,
      presencePenalty: 2,
      logitBias: { '1': -100 },
      reasoningEffort: 'high',
    }),
  ).toEqual({
    messages: [
      { role: 'user', content: 'Look', images: [PNG, 'https://example.com/a.png'] },
      { role: 'assistant', content: '', toolCalls: [call] },
      { role: 'tool', content: 'seen', toolCallId: 'a' },
    ],
    stop: [],
    topP: 0.5,
    frequencyPenalty: -2,
    presencePenalty: 2,
    logitBias: { '1': -100 },
    tools: [
      { name: 'look', description: 'Looks', parameters: { type: 'object', properties: {} } },
      { name: 'rest', description: '', parameters: { type: 'object', properties: {} } },
    ],
    toolChoice: { name: 'look' },
    parallelToolCalls: false,
    responseSchema: { type: 'object' },
    reasoningEffort: 'high',
  })
})

test('what is wrong is told, all at once', () => {
  expect(
    problemsOf({
      messages: [
        {
          role: 'user',
          content: '',
          images: [{ url: 'data:text/plain;base64,aGk=' }, { url: 'http://example.com/a.png' }, { url: 'cat' }],
        },
        { role: 'system', content: '', images: [{ url: PNG }] },
        { role: 'user', content: '', toolCalls: [{ id: 'a', name: 'x', arguments: '{}' }], toolCallId: 'a' },
        { role: 'assistant', toolCalls: [{ id: '', name: 'a b', arguments: '{' }] },
        { role: 'tool', toolCallId: 'zz', content: '' },
      ],
      topP: 2,
      frequencyPenalty: Number.NaN,
      presencePenalty: -3,
      logitBias: { the: 1, '5': 200 },
      reasoningEffort: 'extreme',
      toolChoice: 'nobody',
      tools: [
        { name: 'a' },
        { name: 'a' },
        { name: '' },
        { name: 'b', parameters: json([]) },
        { name: 'c', parameters: json({ type: 'string' }) },
      ],
      responseSchema: Buffer.from('{"type":'),
      fallbacks: [''],
      limits: [{ scope: 'world', tokens: 1, cost: -1 }],
    }),
  ).toEqual([
    'messages[0].images[0].url: "data:text/plain;base64,aGk=" is not an image: expected a data URL of PNG, JPEG, GIF or WebP in base64',
    'messages[0].images[1].url: "http://example.com/a.png" is neither a data URL nor an https URL',
    'messages[0].images[2].url: "cat" is neither a data URL nor an https URL',
    'messages[1].images: belong to messages of user',
    'messages[2].toolCalls: belong to messages of assistant',
    'messages[2].toolCallId: belongs to messages of tool',
    'messages[3].toolCalls[0].id: must not be empty',
    'messages[3].toolCalls[0].name: "a b" does not match ^[A-Za-z0-9_-]{1,64}$',
    'messages[3].toolCalls[0].arguments: expected JSON',
    'messages[4].toolCallId: "zz" is the id of no tool call before it',
    'topP: 2 is not from 0 to 1',
    'frequencyPenalty: NaN is not from -2 to 2',
    'presencePenalty: -3 is not from -2 to 2',
    'logitBias["5"]: 200 is not from -100 to 100',
    'logitBias["the"]: expected the number of a token',
    'tools[1].name: "a" is there twice',
    'tools[2].name: "" does not match ^[A-Za-z0-9_-]{1,64}$',
    'tools[3].parameters: expected a JSON Schema of an object',
    'tools[4].parameters: expected a JSON Schema of an object, not of "string"',
    `toolChoice: "nobody" is none of auto, none, required or a tool's name`,
    'responseSchema: expected a JSON Schema, an object',
    'reasoningEffort: "extreme" is none of low, medium, high',
    'fallbacks[0]: expected the name of a model',
    'limits[0].scope: "world" is neither node nor run',
    'limits[0].cost: -1 is no sum of dollars',
  ])
})

test.each([
  [{ type: 'text' }, 'the type "text" is none of array, boolean, integer, null, number, object, string'],
  [
    { properties: { a: { $ref: 'https://example.com/s' } } },
    'properties.a: "https://example.com/s" is not within the schema: expected a reference that begins with #',
  ],
  [{ pattern: '(' }, expect.stringMatching(/^"\(" is no pattern: /)],
  [JSON.parse(`${'{"not":'.repeat(70)}{}${'}'.repeat(70)}`), expect.stringMatching(/nested more than 64 levels deep$/)],
  [{ description: 'x'.repeat(70_000) }, expect.stringMatching(/^takes 70018 characters; at most 64000$/)],
])('a schema that is none is refused', (schema, message) => {
  expect(() => read({ responseSchema: json(schema) })).toThrow(
    expect.objectContaining({ problems: [{ path: 'responseSchema', message }] }),
  )
})

test.each(['{"not":', '{"const":[', '[', '{"a":'])('a bottomless %s is refused, wherever JSON may stand', opening => {
  const deep = opening.repeat(60_000)
  expect(
    problemsOf({ responseSchema: Buffer.from(deep), tools: [{ name: 'a', parameters: Buffer.from(deep) }] }),
  ).toHaveLength(2)
  const whole = `{"enum":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
  expect(problemsOf({ responseSchema: Buffer.from(whole) })).toEqual([
    expect.stringMatching(/^responseSchema: enum\.0\.0.*…: is nested more than 64 levels deep$/),
  ])
})

test('a property may have the name of a keyword', () => {
  const schema = {
    type: 'object',
    properties: { type: { type: 'string' }, pattern: { type: 'string' }, enum: { type: 'array' } },
  }
  expect(read({ responseSchema: json(schema) }).responseSchema).toEqual(schema)
})
