import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import type { SpellDocument, Wire } from '#graph/document.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import type { Given } from '../kit.suite.ts'
import { problemsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'
import type { Models } from './model.suite.ts'
import { openModels, says, SCRIPTED, wants } from './model.suite.ts'

const sandbox = createSandbox({ processes: 1, timeoutMs: 5_000 })
let models: Models
beforeAll(async () => {
  models = await openModels()
})
afterAll(async () => {
  await models[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

const text = { type: 'string' }
const number = { type: 'number' }
const TOOLS: readonly JsonObject[] = [
  {
    name: 'weather',
    description: 'Tells the weather of a place',
    parameters: { type: 'object', properties: { place: text }, required: ['place'] },
  },
  {
    name: 'multiply',
    description: 'Multiplies',
    parameters: { type: 'object', properties: { a: number, b: number }, required: ['a', 'b'] },
  },
]

/** An agent with a tool that is a node, and one that is code. */
function agentSpell({
  agent = {},
  turn = {},
  more = [],
}: { agent?: JsonObject; turn?: JsonObject; more?: Wire[] } = {}) {
  const code = 'if (inputs.given.a === 13) throw new Error("not that one"); return inputs.given.a * inputs.given.b'
  return spell(
    {
      start: { type: 'flow/start' },
      task: { type: 'flow/input', config: { name: 'task', type: 'string' } },
      agent: { type: 'ai/agent', config: { system: 'be brief', ...agent } },
      turn: { type: 'ai/turn', config: { model: SCRIPTED, tools: TOOLS, ...turn } },
      tools: { type: 'ai/tools' },
      which: { type: 'flow/switch', config: { cases: ['weather', 'multiply'] } },
      place: { type: 'data/get', config: { path: 'place' } },
      report: { type: 'text/template', config: { template: 'snow in {{place}}' } },
      weather: { type: 'chat/reply' },
      multiply: { type: 'code/javascript', config: { inputs: ['given'], outputs: ['product'], code } },
      failed: { type: 'debug/log', config: { label: 'tool failed' } },
      text: { type: 'flow/output', config: { name: 'text' } },
      messages: { type: 'flow/output', config: { name: 'messages' } },
      rounds: { type: 'flow/output', config: { name: 'rounds' } },
      unfinished: { type: 'flow/output', config: { name: 'unfinished' } },
    },
    [
      ['start.out', 'agent.in'],
      ['task.value', 'agent.prompt'],
      ['agent.each', 'turn.in'],
      ['agent.conversation', 'turn.messages'],
      ['turn.tools', 'tools.in'],
      ['turn.messages', 'tools.messages'],
      ['turn.messages', 'agent.messages'],
      ['turn.budget', 'agent.budget'],
      ['tools.messages', 'agent.messages'],
      ['tools.each', 'which.in'],
      ['tools.name', 'which.value'],
      ['which.weather', 'weather.in'],
      ['tools.arguments', 'place.from'],
      ['place.value', 'report.place'],
      ['report.text', 'weather.text'],
      ['weather.text', 'tools.result'],
      ['which.multiply', 'multiply.in'],
      ['tools.arguments', 'multiply.given'],
      ['multiply.product', 'tools.result'],
      ['agent.done', 'text.in'],
      ['agent.text', 'text.value'],
      ['text.out', 'messages.in'],
      ['agent.messages', 'messages.value'],
      ['messages.out', 'rounds.in'],
      ['agent.rounds', 'rounds.value'],
      ['agent.unfinished', 'unfinished.in'],
      ['agent.rounds', 'unfinished.value'],
      ...more,
    ],
  )
}

const run = async (document: SpellDocument, task: string, given: Given = {}) =>
  runSpell(document, { run: task, inputs: { task }, services: { completion: models.completion }, sandbox, ...given })

describe('an agent', () => {
  test('lets its model use tools, several in a turn, until it answers; the record replays without any of them', async () => {
    models.server.replyWith(
      wants(['weather', { place: 'Oslo' }], ['multiply', { a: 6, b: 7 }]),
      wants(['weather', { place: 'Rome' }]),
      says('Cold, and 42.'),
    )
    const document = agentSpell()
    const { outputs, entries, error, pulses } = await run(document, 'two places')
    expect(error).toBeUndefined()
    const called = (id: string, name: string, given: Json) => ({ id, name, arguments: JSON.stringify(given) })
    expect(outputs).toEqual({
      text: 'Cold, and 42.',
      rounds: 3,
      messages: [
        { role: 'user', content: 'two places' },
        {
          role: 'assistant',
          content: '',
          toolCalls: [called('call-1', 'weather', { place: 'Oslo' }), called('call-2', 'multiply', { a: 6, b: 7 })],
        },
        { role: 'tool', toolCallId: 'call-1', content: 'snow in Oslo' },
        { role: 'tool', toolCallId: 'call-2', content: '42' },
        { role: 'assistant', content: '', toolCalls: [called('call-1', 'weather', { place: 'Rome' })] },
        { role: 'tool', toolCallId: 'call-1', content: 'snow in Rome' },
        { role: 'assistant', content: 'Cold, and 42.' },
      ],
    })
    expect(pulses('turn')).toEqual(['tools', 'tools', 'done'])
    expect(models.server.asked).toHaveLength(3)
    expect(models.server.asked[0]?.body).toMatchObject({
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'two places' },
      ],
      tools: TOOLS.map(tool => ({ type: 'function', function: tool })),
    })
    expect(models.asked()['messages']).toHaveLength(7)
    expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
    expect(models.server.asked).toHaveLength(3)
  })

  test('after a crash goes on where it was, and no turn is paid twice', async () => {
    models.server.replyWith(wants(['weather', { place: 'Oslo' }]), says('Cold.'))
    const document = agentSpell()
    const whole = await run(document, 'crash')
    expect(whole.outputs).toMatchObject({ text: 'Cold.', rounds: 2 })
    for (let length = 1; length < whole.entries.length; length++) {
      const { outputs, error } = await run(document, 'crash', {
        journal: whole.entries.slice(0, length),
        retries: true,
      })
      expect({ length, outputs, error }).toEqual({ length, outputs: whole.outputs, error: undefined })
    }
    expect(models.server.asked).toHaveLength(2)
  })

  test('tells its model of arguments that do not fit and of tools that there are not, and it may try again', async () => {
    models.server.replyWith(
      wants(['weather', { town: 'Oslo' }], ['oracle', {}], ['multiply', '{"a":1}'], ['multiply', { a: 2, b: 3 }]),
      says('Six.'),
    )
    const { outputs, entries } = await run(agentSpell(), 'wrong calls')
    const told = (outputs['messages'] as readonly JsonObject[]).filter(({ role }) => role === 'tool')
    expect(told).toEqual([
      { role: 'tool', toolCallId: 'call-1', content: 'error: arguments.place: is required' },
      { role: 'tool', toolCallId: 'call-2', content: 'error: there is no tool "oracle"; there are weather, multiply' },
      { role: 'tool', toolCallId: 'call-3', content: 'error: arguments.b: is required' },
      { role: 'tool', toolCallId: 'call-4', content: '6' },
    ])
    expect(entries.filter(entry => entry.kind === 'node.log').map(({ level }) => level)).toEqual([
      'warn',
      'warn',
      'warn',
    ])
    expect(outputs['text']).toBe('Six.')
  })

  test('of which every call is wrong asks again at once', async () => {
    models.server.replyWith(wants(['oracle', {}]), says('Then not.'))
    expect((await run(agentSpell(), 'all wrong')).outputs).toMatchObject({ text: 'Then not.', rounds: 2 })
  })

  test('that must use a tool may answer once one has answered', async () => {
    models.server.replyWith(wants(['weather', { place: 'Oslo' }]), says('Cold.'))
    const { outputs } = await run(agentSpell({ turn: { toolChoice: 'required' } }), 'must')
    expect(outputs['text']).toBe('Cold.')
    const choices = models.server.asked.map(({ body }) => body['tool_choice'])
    expect(choices[0]).toBe('required')
    expect([undefined, 'auto']).toContain(choices[1])
  })

  test('that never comes to an end goes on along `unfinished` after its most rounds', async () => {
    models.server.replyWith(wants(['weather', { place: 'Oslo' }]))
    const { outputs } = await run(agentSpell({ agent: { rounds: 3 } }), 'endless')
    expect(outputs).toEqual({ unfinished: 3 })
    expect(models.server.asked).toHaveLength(3)
  })

  test('whose tool fails, fails; where `error` is wired, its model is told and goes on', async () => {
    const unlucky = wants(['multiply', { a: 13, b: 1 }])
    models.server.replyWith(unlucky, says('Sorry.'))
    expect((await run(agentSpell(), 'failing')).error).toMatchObject({
      code: 'CODE_ERROR',
      message: expect.stringContaining('not that one') as unknown,
      node: 'multiply',
    })
    models.server.replyWith(unlucky, says('Sorry.'))
    const wired = agentSpell({
      more: [
        ['multiply.error', 'failed.in'],
        ['multiply.failure', 'tools.result'],
      ],
    })
    const { outputs } = await run(wired, 'failing softly')
    const [told] = (outputs['messages'] as readonly JsonObject[]).filter(({ role }) => role === 'tool')
    expect(JSON.parse(told?.['content'] as string)).toMatchObject({ code: 'CODE_ERROR', node: 'multiply' })
    expect(outputs['text']).toBe('Sorry.')
  })

  test('whose round leaves no conversation says what is missing', async () => {
    const document = spell(
      {
        start: { type: 'flow/start' },
        agent: { type: 'ai/agent', values: { prompt: 'x' } },
        log: { type: 'debug/log', values: { value: 'x' } },
      },
      [
        ['start.out', 'agent.in'],
        ['agent.each', 'log.in'],
      ],
    )
    expect((await runSpell(document)).error).toEqual({
      code: 'NO_VALUE',
      message: 'input "messages" has no value after a round: expected those of "Agent turn" and of "Use tools"',
      node: 'agent',
    })
  })
})

describe('a turn', () => {
  let turns = 0
  const turn = async (config: JsonObject, inputs: JsonObject = {}) =>
    runNode('ai/turn', {
      run: `turn-${++turns}`,
      config: { model: SCRIPTED, ...config },
      inputs: { messages: [{ role: 'user', content: 'hello' }], ...inputs },
      services: { completion: models.completion },
    })

  test('without tools is a question like any other, whose answer streams', async () => {
    models.server.replyWith(says('Hi.'))
    const { outputs, chunks, pulses } = await turn({})
    expect(outputs).toMatchObject({
      text: 'Hi.',
      calls: [],
      messages: [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'Hi.' },
      ],
    })
    expect(chunks.map(chunk => chunk.text)).toEqual(['Hi.'])
    expect(pulses('it')).toEqual(['done'])
    expect(models.asked()).not.toHaveProperty('tools')
  })

  test('takes its tools over a wire, in place of its own, and says which one must be used', async () => {
    models.server.replyWith(wants(['multiply', { a: 1, b: 2 }]))
    const { entries } = await turn(
      { tools: TOOLS.slice(0, 1), toolChoice: '', parallel: false },
      { tools: TOOLS.slice(1) },
    )
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      pulses: ['tools'],
      outputs: { reason: 'tools', calls: [{ id: 'call-1', name: 'multiply', arguments: { a: 1, b: 2 } }] },
      usage: { inputTokens: 5, outputTokens: 3, model: SCRIPTED },
    })
    expect(models.asked()).toMatchObject({
      tools: [{ type: 'function', function: TOOLS[1] }],
      parallel_tool_calls: false,
    })
    models.server.replyWith(wants(['weather', { place: 'Oslo' }]))
    await turn({ tools: TOOLS, toolChoice: 'weather' })
    expect(models.asked()['tool_choice']).toEqual({ type: 'function', function: { name: 'weather' } })
  })

  test('tells what is wrong with its tools', () => {
    expect(problemsOf('ai/turn', { tools: [{}] })).toEqual([{ path: 'config.tools[0].name', message: 'is required' }])
    const tools: Json = [{ name: 'a b' }, { name: 'look' }, { name: 'look' }]
    expect(problemsOf('ai/turn', { tools, toolChoice: 'see' })).toEqual([
      { path: 'config.tools[0].name', message: 'expected 1 to 64 letters, digits, "_" and "-", got "a b"' },
      { path: 'config.tools[2].name', message: '"look" is there twice' },
      { path: 'config.toolChoice', message: '"see" is none of auto, none, required, a b, look, look' },
    ])
  })
})

test('a long result of a tool is cut, and the model is told; one that nothing answers for is told too', async () => {
  const asks = (id: string, name: string) => ({ id, name, arguments: '{}' })
  const messages = [{ role: 'assistant', content: '', toolCalls: [asks('1', 'long'), asks('2', 'none')] }]
  const document = spell(
    {
      start: { type: 'flow/start' },
      use: { type: 'ai/tools', config: { mostCharacters: 100 }, values: { messages } },
      which: { type: 'flow/switch', config: { cases: ['long'] } },
      long: { type: 'chat/reply', values: { text: 'x'.repeat(120) } },
      out: { type: 'flow/output', config: { name: 'messages' } },
    },
    [
      ['start.out', 'use.in'],
      ['use.each', 'which.in'],
      ['use.name', 'which.value'],
      ['which.long', 'long.in'],
      ['long.text', 'use.result'],
      ['use.done', 'out.in'],
      ['use.messages', 'out.value'],
    ],
  )
  const { outputs } = await runSpell(document)
  expect((outputs['messages'] as readonly Json[]).slice(1)).toEqual([
    { role: 'tool', toolCallId: '1', content: `${'x'.repeat(100)}\n… 20 characters more` },
    { role: 'tool', toolCallId: '2', content: 'error: nothing answers for "none" here' },
  ])
})
