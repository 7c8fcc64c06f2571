import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '#graph/json.ts'
import type { Edge, Foreign, ThothRunner } from './kit.suite.ts'
import { createThothRunner, own, thoth } from './kit.suite.ts'
import importer from './thoth.ts'

let runner: ThothRunner
beforeAll(async () => {
  runner = await createThothRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())

/** A `.spell.json` of 2023. */
function magick(nodes: Readonly<Record<number, Foreign>>, edges: readonly Edge[]): JsonObject {
  const { chain, id, name } = thoth(nodes, edges)
  return {
    id: id ?? '',
    name: name ?? '',
    projectId: 'p',
    hash: 'h',
    createdAt: '1',
    graph: { ...(chain as JsonObject), comments: [] },
  }
}
const input = (type: string, more: JsonObject = {}): Foreign => ({
  name: 'Input',
  data: { isInput: true, socketKey: type, name: `Input - ${type}`, inputType: type, useTrigger: true, ...more },
})
const output: Foreign = { name: 'Output', data: { isOutput: true, name: 'Output - Default', outputType: 'Default' } }

test('a run begins at the default input, with an event or its content', async () => {
  const starter = magick(
    {
      1: input('Discord (Text)'),
      2: input('Default'),
      3: { name: 'Event Destructure', data: {} },
      4: { name: 'Echo', data: {} },
      5: output,
    },
    [
      [1, 'trigger', 3, 'trigger'],
      [1, 'output', 3, 'event'],
      [2, 'trigger', 3, 'trigger'],
      [2, 'output', 3, 'event'],
      [3, 'trigger', 4, 'trigger'],
      [3, 'content', 4, 'source'],
      [4, 'trigger', 5, 'trigger'],
      [4, 'output', 5, 'input'],
      [2, 'output', 5, 'event'],
    ],
  )
  expect(importer.recognises(starter)).toBe(true)
  for (const given of ['Hello', { content: 'Hello', sender: 'Ada' }])
    expect(await runner.outputsOf(starter, { 'Input - Default': given })).toEqual({ 'Output - Default': 'Hello' })
  const { document, report } = importer.convert(starter)
  expect(report.nodes.map(({ outcome }) => outcome)).toEqual(['mapped', 'mapped', 'mapped', 'mapped', 'mapped'])
  expect(report.notes).toEqual(['the edge 2.output → 5.event was left out: "Output" has no input "event" here'])
  expect(
    Object.values(document.nodes).flatMap(({ type, config }) => (type === 'flow/start' ? [config?.['name']] : [])),
  ).toEqual(['Input - Discord (Text)', 'in'])
})

test('a template is filled and a model is asked with it', async () => {
  const asking = magick(
    {
      1: input('Default'),
      2: {
        name: 'Text Template',
        data: { fewshot: 'Say {{what}} to {{name}}', inputs: [own('what'), own('name', 'n-1')] },
      },
      3: { name: 'Text Variable', data: { fewshot: 'Ada', name: 'name' } },
      4: { name: 'Generate Text', data: { model: 'gpt-3.5-turbo', temperature: '0', max_tokens: '40' } },
      5: output,
    },
    [
      [1, 'trigger', 2, 'trigger'],
      [1, 'output', 2, 'what'],
      [3, 'output', 2, 'n-1'],
      [2, 'trigger', 4, 'trigger'],
      [2, 'prompt', 4, 'input'],
      [4, 'trigger', 5, 'trigger'],
      [4, 'result', 5, 'input'],
    ],
  )
  const { document, report } = importer.convert(asking, { models: ['local/demo'], defaultModel: 'local/demo' })
  expect(report.nodes.find(({ component }) => component === 'Generate Text')).toMatchObject({
    outcome: 'approximated',
    note: 'nobody lists the model "gpt-3.5-turbo" here: local/demo is used instead',
  })
  expect(document.nodes['generate-text-4']?.config).toEqual({ model: '', temperature: 0, maxTokens: 40 })
  const listed = JSON.parse(JSON.stringify(asking).replace('gpt-3.5-turbo', 'demo')) as JsonObject
  expect(await runner.outputsOf(listed, { 'Input - Default': 'hi' })).toMatchObject({
    'Output - Default': expect.stringContaining('Ada'),
  })
})

/** A node that is triggered, with its inputs from variables; what it gives, or which way it goes. */
const around = (node: Foreign, ins: Readonly<Record<string, Json>>, outs: readonly string[]) => {
  const names = Object.entries(ins)
  return magick(
    {
      1: input('Default'),
      2: node,
      ...Object.fromEntries(
        names.map(([, value], index) => [
          10 + index,
          {
            name: 'Javascript',
            data: { code: `function worker() { return { out: ${JSON.stringify(value)} } }`, outputs: [own('out')] },
          },
        ]),
      ),
      ...Object.fromEntries(outs.map((name, index) => [20 + index, { name: 'Output', data: { name } }])),
    },
    [
      [1, 'trigger', 2, 'trigger'],
      ...names.map(([name], index): Edge => [10 + index, 'out', 2, name]),
      ...outs.flatMap((name, index): Edge[] =>
        name === 'true' || name === 'false'
          ? [
              [2, name, 20 + index, 'trigger'],
              [1, 'output', 20 + index, 'input'],
            ]
          : [
              [2, 'trigger', 20 + index, 'trigger'],
              [2, name, 20 + index, 'input'],
            ],
      ),
    ],
  )
}

describe('components', () => {
  test.each<readonly [name: string, data: JsonObject, ins: Readonly<Record<string, Json>>, outputs: JsonObject]>([
    ['Add', { firstNumber: '2' }, { secondNumber: 3 }, { result: 5 }],
    ['Divide', {}, { firstNumber: 6, secondNumber: 3 }, { result: 2 }],
    ['Compose Object', {}, { Name: 'x', ' Age ': 3 }, { output: { name: 'x', age: 3 } }],
    ['Get Values From Object', {}, { object: { a: 1, b: 2 } }, { a: 1, b: 2 }],
    ['JSON To Object', {}, { input: '{"a":1}' }, { output: { a: 1 } }],
    ['Object To JSON', {}, { input: { a: 1 } }, { output: '{"a":1}' }],
    ['Get Value From Array', { element: '1' }, { array: ['a', 'b'] }, { output: 'b' }],
    ['Extract From Array', { value: 'a' }, { input: [{ a: 1 }, {}] }, { output: [1, null] }],
    ['Remap Array', { values: 'a, b' }, { input: [{ a: 1, c: 2 }] }, { output: [{ a: 1 }] }],
    ['Trim', {}, { string: ' x ' }, { output: 'x' }],
    ['Get Length', {}, { string: 'abc' }, { output: 3 }],
    ['Combine Text', { delimiter: '-' }, { a: 'x', b: 'y' }, { output: 'x-y' }],
    ['Replace Text', { match: 'a', replace: 'o' }, { input: 'banana' }, { output: 'bonono' }],
    ['Event Restructure', {}, { content: 'x', agentId: '7' }, { output: { content: 'x', agentId: 7 } }],
    [
      'Events to Conversation',
      {},
      {
        events: [
          { sender: 'A', content: 'x' },
          { sender: 'B', content: 'y' },
        ],
      },
      { conversation: 'A: x\nB: y\n' },
    ],
    [
      'Javascript',
      {
        code: 'function worker({ a }, data) { return { b: a + data.more } }',
        more: 1,
        inputs: [own('a')],
        outputs: [own('b')],
      },
      { a: 1 },
      { b: 2 },
    ],
    ['Cast', {}, { input: 1 }, { output: 1 }],
  ])('%s', async (name, data, ins, outputs) => {
    expect(
      await runner.outputsOf(around({ name, data }, ins, Object.keys(outputs)), { 'Input - Default': null }),
    ).toEqual(outputs)
  })

  test.each<readonly [name: string, data: JsonObject, ins: Readonly<Record<string, Json>>, is: boolean]>([
    ['Greater Than', { value: '3' }, { input: 4 }, true],
    ['Greater Than', {}, { input: 4, value: 4 }, false],
    ['Less Than Or Equal', {}, { input: 4, value: 4 }, true],
    ['Equal', { value: 1 }, { input: 2 }, false],
    ['In Range', { startNumber: '10', endNumber: '1' }, { input: 5 }, true],
    ['In Range', {}, { input: 5, startNumber: 6, endNumber: 9 }, false],
    ['Is A Number', {}, { input: '5 apples' }, true],
    ['Is A Number', {}, { input: [5] }, false],
    ['Is Variable True', {}, { input: 'true' }, true],
    ['Is Variable True', {}, { input: 2 }, false],
    ['Logical Operator', { operationType: 'not equal' }, { input1: 'a', input2: 'b' }, true],
    ['Evaluate Text', { fewshot: 'b', operationType: 'not starts with' }, { string: 'abc' }, true],
    ['Evaluate Text', { fewshot: 'b' }, { string: 'abc' }, true],
    ['Text Rule Matcher', { matchBeginningString: 'x, a' }, { input: 'abc' }, true],
    ['Text Rule Matcher', { matchAnyString: 'x' }, { input: 'abc' }, false],
  ])('%s %j %j goes one way', async (name, data, ins, is) => {
    const foreign = around({ name, data }, ins, ['true', 'false'])
    expect(await runner.outputsOf(foreign, { 'Input - Default': 'x' })).toEqual({ [String(is)]: 'x' })
  })

  test('what has no counterpart is kept', () => {
    const { report } = importer.convert(
      magick({ 1: input('Default'), 2: { name: 'Event Recall', data: { type: 'conversation' } } }, [
        [1, 'trigger', 2, 'trigger'],
      ]),
    )
    expect(report.nodes[1]).toMatchObject({ component: 'Event Recall', outcome: 'missing' })
  })
})
