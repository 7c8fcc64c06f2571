import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { SpellDocument } from '#graph/document.ts'
import { checkInputs, interfaceOf } from '#graph/interface.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { runSpell } from '#nodes/kit.suite.ts'
import type { Completion } from '#nodes/services.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import type { Edge, Foreign } from './kit.suite.ts'
import { code, input, output, own, START, thoth, trigger } from './kit.suite.ts'
import importer from './thoth.ts'

const sandbox = createSandbox({ processes: 1, timeoutMs: 5_000 })
let system: TestSystem
let completion: Completion
beforeAll(async () => {
  system = await embedded({ services: ['completion'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  completion = system.as('user-1').client(CompletionServiceDefinition)
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
  await system.stop()
})

interface Given {
  readonly state?: JsonObject
  readonly library?: Readonly<Record<string, JsonObject>>
}

/** Imports a document and runs it as the runner does: inputs checked, problems told. */
async function run(foreign: JsonObject, inputs: Values = {}, { state, library = {} }: Given = {}) {
  const { document } = importer.convert(foreign)
  const spells = Object.fromEntries(
    Object.entries(library).map(([name, one]): [string, SpellDocument] => [name, importer.convert(one).document]),
  )
  const { values, problems } = checkInputs(interfaceOf(document), inputs)
  if (problems) throw new Error(problems.map(({ path, message }) => `${path} ${message}`).join('; '))
  const outcome = await runSpell(document, {
    inputs: values,
    sandbox,
    services: { completion },
    library: name => spells[name],
    ...(state ? { state } : {}),
  })
  if (outcome.error) throw new Error(`${outcome.error.node}: ${outcome.error.code}: ${outcome.error.message}`)
  return outcome
}
const outputsOf = async (...args: Parameters<typeof run>) => (await run(...args)).outputs

/** Start (1), inputs from 10 on, one node (5) that is triggered, and an output (9) triggered by it. */
function around(
  node: Foreign,
  ins: Readonly<Record<string, string>>,
  from: string,
  more: readonly Edge[] = [],
): JsonObject {
  const names = Object.keys(ins)
  return thoth(
    {
      1: START,
      5: node,
      9: output('output'),
      ...Object.fromEntries(names.map((name, index) => [10 + index, input(name)])),
    },
    [
      [1, 'trigger', 5, 'trigger'],
      [5, 'trigger', 9, 'trigger'],
      [5, from, 9, 'input'],
      ...names.map((name, index): Edge => [10 + index, 'output', 5, ins[name] ?? name]),
      ...more,
    ],
  )
}

const EMPTY: readonly Json[] = ['', 0, false, null]

describe('inputs and outputs', () => {
  const through = thoth({ 1: START, 2: input('Input', { defaultValue: 'the default' }), 3: output('output-3') }, [
    [1, 'trigger', 3, 'trigger'],
    [2, 'output', 3, 'input'],
  ])

  test('what is passed comes out, empty values too', async () => {
    for (const value of ['text', ...EMPTY, [1], { a: '' }])
      expect(await outputsOf(through, { Input: value })).toEqual({ 'output-3': value })
    expect(await outputsOf(through)).toEqual({ 'output-3': 'the default' })
  })

  test('an input that uses its default may be passed something, which counts for nothing', async () => {
    for (const fallback of ['no', ...EMPTY]) {
      const document = thoth(
        { 1: START, 2: input('Input', { defaultValue: fallback, useDefault: true }), 3: output('out') },
        [
          [1, 'trigger', 3, 'trigger'],
          [2, 'output', 3, 'input'],
        ],
      )
      expect(await outputsOf(document, { Input: 'ignored' })).toEqual({ out: fallback ?? '' })
      expect(await outputsOf(document)).toEqual({ out: fallback ?? '' })
    }
  })

  test('whatever calls itself an output is one; without a name it has its id’s', async () => {
    const { document } = importer.convert(
      thoth({ 1: START, 2: input('a'), 3: { name: 'Playtest Output', data: {} }, 4: output('b') }, [
        [1, 'trigger', 3, 'trigger'],
        [3, 'trigger', 4, 'trigger'],
        [2, 'output', 3, 'input'],
        [2, 'output', 4, 'input'],
      ]),
    )
    expect(interfaceOf(document).outputs.map(({ name }) => name)).toEqual(['playtest-output-3', 'b'])
  })

  test('an output to which no value is wired gives none, and fails nobody', async () => {
    const document = thoth({ 1: START, 2: input('a'), 3: output('none'), 4: output('b') }, [
      [1, 'trigger', 3, 'trigger'],
      [3, 'trigger', 4, 'trigger'],
      [2, 'output', 4, 'input'],
    ])
    expect(await outputsOf(document, { a: 0 })).toEqual({ b: 0 })
  })

  test('an output without a trigger is read at the end', async () => {
    const document = thoth({ 1: START, 2: input('a'), 3: output('b') }, [[2, 'output', 3, 'input']])
    expect(await outputsOf(document, { a: '' })).toEqual({ b: '' })
  })

  test('the topmost trigger is the entry', async () => {
    const at = (first: number, second: number) =>
      thoth(
        {
          1: { name: 'Module Trigger In', data: { name: 'one' }, position: [0, first] },
          2: { name: 'Module Trigger In', data: { name: 'two' }, position: ['5', String(second)] },
          3: output('from one'),
          4: output('from two'),
          5: input('a'),
        },
        [
          [1, 'trigger', 3, 'trigger'],
          [2, 'trigger', 4, 'trigger'],
          [5, 'output', 3, 'input'],
          [5, 'output', 4, 'input'],
        ],
      )
    expect(await outputsOf(at(-5, 5), { a: 1 })).toEqual({ 'from one': 1 })
    expect(await outputsOf(at(5, -5), { a: 1 })).toEqual({ 'from two': 1 })
  })
})

describe('edges', () => {
  const full = thoth({ 1: START, 2: input('a'), 3: output('b') }, [
    [1, 'trigger', 3, 'trigger'],
    [2, 'output', 3, 'input'],
  ])
  const without = (side: 'inputs' | 'outputs') =>
    JSON.parse(JSON.stringify(full), (key, value: unknown) =>
      key === side && typeof value === 'object' && value !== null && !Array.isArray(value) ? {} : value,
    ) as JsonObject

  test.each(['inputs', 'outputs'] as const)('those that stand at one end only count: without %s', async side => {
    expect(await outputsOf(without(side), { a: 0 })).toEqual({ b: 0 })
    expect(importer.convert(without(side)).report.notes).toEqual([
      expect.stringMatching(/^the edge .* stood only at its (source|target); it was taken as drawn$/),
      expect.stringMatching(/^the edge .* stood only at its (source|target); it was taken as drawn$/),
    ])
  })

  test('numbers may be written as text', async () => {
    const texts = JSON.parse(JSON.stringify(full), (key, value: unknown) =>
      (key === 'node' || key === 'id') && typeof value === 'number' ? String(value) : value,
    ) as JsonObject
    expect(await outputsOf(texts, { a: 'x' })).toEqual({ b: 'x' })
  })

  test('those to nobody, or between sockets that are not there, are left out and told', () => {
    const { report } = importer.convert(
      thoth({ 1: START, 2: input('a') }, [
        [1, 'trigger', 77, 'trigger'],
        [2, 'constructor', 1, 'toString'],
      ]),
    )
    expect(report.notes).toEqual([
      'the edge 1.trigger → 77.trigger was left out: there is no node 77',
      'the edge 2.constructor → 1.toString was left out: "Universal Input" has no output "constructor" here',
    ])
  })
})

describe('code', () => {
  test('gets its inputs and gives its outputs by name', async () => {
    const node = code('return { out: [inputs.a, typeof inputs.b], more: 1 }', ['a', 'b'], ['out'])
    for (const value of ['x', ...EMPTY])
      expect(await outputsOf(around(node, { a: 'a' }, 'out'), { a: value })).toEqual({ output: [value, 'undefined'] })
  })

  test('may be asynchronous, an arrow, or named otherwise inside', async () => {
    const asked: Foreign = {
      name: 'Code',
      data: {
        code: 'const helper = x => x + 1\nasync function worker(inputs) { return { out: helper(inputs.a) } } // end',
      },
    }
    expect(await outputsOf(around(asked, { a: 'a' }, 'out'), { a: 1 })).toEqual({ output: 2 })
    const arrow: Foreign = { name: 'Code', data: { code: 'const worker = inputs => ({ out: inputs.a })' } }
    expect(await outputsOf(around(arrow, { a: 'a' }, 'out'), { a: 1 })).toEqual({ output: 1 })
  })

  test('reads its node’s data, and the state; only a state that it returns is kept', async () => {
    const node: Foreign = {
      name: 'Code',
      data: {
        name: 'titled',
        extra: 0,
        code: 'function worker(i, data, state) { state.lost = 1; return { out: [data.name, data.extra, state.kept], state: { ...state, kept: state.kept + 1, lost: undefined } } }',
      },
    }
    const { outputs, state } = await run(around(node, {}, 'out'), {}, { state: { kept: 0 } })
    expect(outputs).toEqual({ output: ['titled', 0, 0] })
    expect(state).toEqual({ kept: 1 })
    const silent = code('state.x = 1; return { out: 1 }', [], ['out'])
    expect((await run(around(silent, {}, 'out'))).state).toEqual({})
  })

  test('may use any names, and give anything', async () => {
    const node: Foreign = {
      name: 'Code',
      data: {
        code: 'const given = 1, outputs = 2, changed = 3, result = 4\nfunction worker() { return { out: given + outputs + changed + result } }',
      },
    }
    expect(await outputsOf(around(node, {}, 'out'))).toEqual({ output: 10 })
    for (const given of ['"text"', 'null', 'undefined', '5', '[1]'])
      expect(
        (await run(thoth({ 1: START, 2: code(`return ${given}`, [], ['out']) }, [[1, 'trigger', 2, 'trigger']])))
          .status,
      ).toBe('completed')
  })

  test('without a trigger it runs before whoever needs it', async () => {
    const document = thoth(
      { 1: START, 2: input('a'), 3: code('return { out: inputs.in + 1 }', ['in'], ['out']), 4: output('b') },
      [
        [1, 'trigger', 4, 'trigger'],
        [2, 'output', 3, 'in'],
        [3, 'out', 4, 'input'],
      ],
    )
    expect(await outputsOf(document, { a: 1 })).toEqual({ b: 2 })
    expect(importer.convert(document).report.notes).toEqual([
      '"Code" (3) had no trigger: it runs right before "Output" (4), which needs it',
    ])
  })

  test('its sockets may be called like those of the flow here', async () => {
    const document = thoth(
      {
        1: START,
        2: input('a'),
        3: code('return { out: inputs.in, error: Object.keys(inputs) }', ['in'], ['out', 'error']),
        4: code('return { out: [inputs.in, inputs.error] }', ['in', 'error'], ['out']),
        5: output('b'),
      },
      [
        [1, 'trigger', 3, 'trigger'],
        [2, 'output', 3, 'in'],
        [3, 'trigger', 4, 'trigger'],
        [3, 'out', 4, 'in'],
        [3, 'error', 4, 'error'],
        [4, 'trigger', 5, 'trigger'],
        [4, 'out', 5, 'input'],
      ],
    )
    const { outputs, pulses } = await run(document, { a: 0 })
    expect(outputs).toEqual({ b: [0, ['in']] })
    expect(pulses('code-4')).toEqual(['out'])
  })

  test('a diamond runs each node once', async () => {
    const count = 'state.n = (state.n ?? 0) + 1; return { out: inputs.in, state }'
    const document = thoth(
      {
        1: START,
        2: code(count, ['in'], ['out']),
        3: code('return { out: 1 }', ['in'], ['out']),
        4: code('return { out: 2 }', ['in'], ['out']),
        5: { name: 'Wait For All', data: {} },
        6: code('return { out: [inputs.a, inputs.b] }', ['a', 'b'], ['out']),
        7: output('b'),
      },
      [
        [1, 'trigger', 2, 'trigger'],
        [2, 'trigger', 3, 'trigger'],
        [2, 'trigger', 4, 'trigger'],
        [3, 'trigger', 5, 'trigger1'],
        [4, 'trigger', 5, 'trigger2'],
        [5, 'trigger', 6, 'trigger'],
        [3, 'out', 6, 'a'],
        [4, 'out', 6, 'b'],
        [6, 'trigger', 7, 'trigger'],
        [6, 'out', 7, 'input'],
      ],
    )
    const { outputs, state } = await run(document)
    expect({ outputs, state }).toEqual({ outputs: { b: [1, 2] }, state: { n: 1 } })
  })
})

describe('gates', () => {
  /** A gate (2) with two outputs of its own, each to a node that says its name. */
  const gate = (name: string, socket: string, outs: readonly [string, string], data: JsonObject = {}) =>
    thoth(
      {
        1: START,
        2: { name, data },
        3: input('value'),
        4: code('return { out: inputs.v }', ['v'], ['out']),
        5: output('first'),
        6: output('second'),
      },
      [
        [1, 'trigger', 4, 'trigger'],
        [3, 'output', 4, 'v'],
        [4, 'trigger', 2, 'trigger'],
        [4, 'out', 2, socket],
        [2, outs[0], 5, 'trigger'],
        [2, outs[1], 6, 'trigger'],
        [4, 'out', 5, 'input'],
        [4, 'out', 6, 'input'],
      ],
    )

  test.each<readonly [value: Json, side: string]>([
    [true, 'first'],
    [false, 'second'],
    ['text', 'first'],
    ['', 'second'],
    [1, 'first'],
    [0, 'second'],
    [null, 'second'],
    [[], 'first'],
  ])('the boolean gate lets %j out at its %s side', async (value, side) => {
    expect(await outputsOf(gate('Boolean Gate', 'boolean', ['true', 'false']), { value })).toEqual({ [side]: value })
  })

  test.each<readonly [value: Json, side: string]>([
    [null, 'first'],
    ['', 'second'],
    [0, 'second'],
    [false, 'second'],
    ['x', 'second'],
  ])('of null or undefined, %j goes to the %s side', async (value, side) => {
    const document = gate('Is Null Or Undefined', 'string', ['isTrue', 'isFalse'])
    expect(await outputsOf(document, { value })).toEqual({ [side]: value })
  })

  test('the switch goes along the output that has the value’s name, else along its default', async () => {
    const sockets = { outputs: [trigger('a b', 'uuid-1')] }
    const document = gate('Switch Gate', 'input', ['uuid-1', 'default'], sockets)
    expect(await outputsOf(document, { value: 'a b' })).toEqual({ first: 'a b' })
    for (const value of ['uuid', '', 0, null] satisfies readonly Json[])
      expect(await outputsOf(document, { value })).toEqual({ second: value })
  })

  test('a switch without a value goes along its default', async () => {
    const document = thoth(
      { 1: START, 2: { name: 'Switch Gate', data: { outputs: [trigger('a')] } }, 3: input('v'), 4: output('b') },
      [
        [1, 'trigger', 2, 'trigger'],
        [2, 'default', 4, 'trigger'],
        [3, 'output', 4, 'input'],
      ],
    )
    expect(await outputsOf(document, { v: 1 })).toEqual({ b: 1 })
  })

  test('nodes of the branch that is not taken do not run', async () => {
    const { entries } = await run(gate('Boolean Gate', 'boolean', ['true', 'false']), { value: true })
    const ran = entries.flatMap(entry => (entry.kind === 'node.ended' ? entry.node : []))
    expect(ran).toContain('output-5')
    expect(ran).not.toContain('output-6')
  })

  test.each<readonly [name: string, a: boolean, b: boolean, result: boolean]>([
    ['Or', false, true, true],
    ['Or', false, false, false],
    ['And', true, true, true],
    ['And', true, false, false],
  ])('%s of %j and %j is %j', async (name, a, b, result) => {
    expect(await outputsOf(around({ name }, { x: 'a', y: 'b' }, 'output'), { x: a, y: b })).toEqual({ output: result })
  })
})

describe('state', () => {
  const write = (value: Json, before: JsonObject) =>
    run(
      thoth({ 1: START, 2: input('a'), 3: { name: 'State Write', data: { inputs: [own('key'), own('unwired')] } } }, [
        [1, 'trigger', 3, 'trigger'],
        [2, 'output', 3, 'key'],
      ]),
      { a: value },
      { state: before },
    ).then(({ state }) => state)

  test('appends to lists, merges objects, overwrites the rest; what is not wired is left alone', async () => {
    expect(await write('b', { key: ['a'], unwired: 1 })).toEqual({ key: ['a', 'b'] })
    expect(await write({ y: 0 }, { key: { x: 1 } })).toEqual({ key: { x: 1, y: 0 } })
    expect(await write('new', { key: 'old' })).toEqual({ key: 'new' })
    for (const value of EMPTY) expect(await write(value, {})).toEqual({ key: value })
  })

  test('several keys are written one after the other, and read by whoever comes then', async () => {
    const document = thoth(
      {
        1: START,
        2: input('a'),
        3: { name: 'State Write', data: { inputs: [own('x'), own('y', 'uuid-y')] } },
        4: { name: 'State Read', data: { outputs: [own('y'), own('x')] } },
        5: code('return { out: [inputs.x, inputs.y] }', ['x', 'y'], ['out']),
        6: output('b'),
      },
      [
        [1, 'trigger', 3, 'trigger'],
        [2, 'output', 3, 'x'],
        [2, 'output', 3, 'uuid-y'],
        [3, 'trigger', 5, 'trigger'],
        [4, 'x', 5, 'x'],
        [4, 'y', 5, 'y'],
        [5, 'trigger', 6, 'trigger'],
        [5, 'out', 6, 'input'],
      ],
      { gameState: { x: 'initial', list: [] } },
    )
    const { outputs, state } = await run(document, { a: 0 }, { state: { x: 1 } })
    expect({ outputs, state }).toEqual({ outputs: { b: [0, 0] }, state: { x: 0, y: 0 } })
    expect(importer.convert(document).document.state).toEqual({ x: { initial: 'initial' }, list: { initial: [] } })
  })
})

describe('texts and values', () => {
  test('echo, join, variables', async () => {
    expect(await outputsOf(around({ name: 'Echo' }, { a: 'string' }, 'output'), { a: '' })).toEqual({ output: '' })
    const join = thoth(
      { 1: START, 2: input('a'), 3: { name: 'Join List', data: { separator: ', ' } }, 4: output('b') },
      [
        [1, 'trigger', 4, 'trigger'],
        [2, 'output', 3, 'list'],
        [3, 'text', 4, 'input'],
      ],
    )
    expect(await outputsOf(join, { a: ['x', 0, ''] })).toEqual({ b: 'x, 0, ' })
    for (const [name, _var, value] of [
      ['Number Variable', '5', 5],
      ['Number Variable', 0, 0],
      ['String Variable', 'text', 'text'],
      ['String Variable', '', ''],
      ['Boolean Variable', false, false],
    ] satisfies readonly (readonly [string, Json, Json])[]) {
      const document = thoth({ 1: START, 2: { name, data: { _var } }, 3: output('b') }, [
        [1, 'trigger', 3, 'trigger'],
        [2, 'output', 3, 'input'],
      ])
      expect(await outputsOf(document)).toEqual({ b: value })
    }
  })

  test('string processor and string replacer', async () => {
    const processor: Foreign = {
      name: 'String Processor',
      data: { code: 'input => ({ out: input.toUpperCase() })', outputs: [own('out')] },
    }
    expect(await outputsOf(around(processor, { a: 'input' }, 'out'), { a: 'x' })).toEqual({ output: 'X' })
    const replacer: Foreign = { name: 'String Replacer', data: { match: 'a', replace: 'b' } }
    expect(await outputsOf(around(replacer, { a: 'input' }, 'output'), { a: 'banana' })).toEqual({ output: 'bbnbnb' })
  })

  test('for each goes through a list, then on', async () => {
    const document = thoth(
      {
        1: START,
        2: input('list'),
        3: { name: 'For Each' },
        4: { name: 'State Write', data: { inputs: [own('seen')] } },
        5: { name: 'State Read', data: { outputs: [own('seen')] } },
        6: output('b'),
      },
      [
        [1, 'trigger', 3, 'act1'],
        [2, 'output', 3, 'list'],
        [3, 'act1', 4, 'trigger'],
        [3, 'element', 4, 'seen'],
        [3, 'done', 6, 'trigger'],
        [5, 'seen', 6, 'input'],
      ],
    )
    expect(await outputsOf(document, { list: ['x', '', 0] }, { state: { seen: [] } })).toEqual({ b: ['x', '', 0] })
  })
})

describe('generator', () => {
  const generator = (data: JsonObject, ins: Readonly<Record<string, string>> = { topic: 'topic' }) =>
    around({ name: 'Generator', data: { inputs: Object.values(ins).map(name => own(name)), ...data } }, ins, 'result')

  test('the fewshot is filled without escaping and continued by a model', async () => {
    const fewshot = 'A haiku about {{topic}}'
    expect(await outputsOf(generator({ fewshot, modelName: 'local/demo' }), { topic: '<wires>' })).toEqual({
      output: '<wires> at dawn,\na small light moves through the wires —\nanswers wake like birds.',
    })
  })

  test('an input that the fewshot does not mention changes nothing', async () => {
    const document = generator({ fewshot: 'A haiku about {{topic}}' }, { topic: 'topic', other: 'odd one' })
    const before = await outputsOf(generator({ fewshot: 'A haiku about {{topic}}' }), { topic: 'rain' })
    expect(await outputsOf(document, { topic: 'rain', other: 'ignored' })).toEqual(before)
  })

  test('numbers may be texts; stop words are those that are named', async () => {
    const data = { fewshot: 'A haiku about {{topic}}', temp: '0.5', maxTokens: '3', stop: 'dawn, \\n' }
    expect(await outputsOf(generator(data), { topic: 'rain' })).toEqual({ output: 'Rain at ' })
    const { document } = importer.convert(generator(data))
    expect(document.nodes['generator-5']?.config).toEqual({
      model: '',
      temperature: 0.5,
      maxTokens: 3,
      stop: ['dawn', '\n'],
    })
  })

  test('composed is prompt and answer', async () => {
    const document = around({ name: 'Generator', data: { fewshot: 'Haiku.', maxTokens: 1 } }, {}, 'composed')
    expect(await outputsOf(document)).toEqual({ output: 'Haiku. Haiku' })
  })

  test('a model that nobody lists is replaced, and the report says so', () => {
    const { document, report } = importer.convert(generator({ fewshot: '', modelName: 'vanilla-davinci' }), {
      models: ['local/demo'],
      defaultModel: 'local/demo',
    })
    const note = 'nobody lists the model "vanilla-davinci" here: local/demo is used instead'
    expect(document.nodes['generator-5']?.config).toMatchObject({ model: '' })
    expect(report.notes).toContain(note)
    expect(report.nodes.find(({ component }) => component === 'Generator')?.note).toContain(note)
  })
})

describe('spells in spells', () => {
  const inner = thoth(
    {
      1: { name: 'Module Trigger In', data: { name: 'default', socketKey: 't' } },
      2: input('a', { socketKey: 'k', defaultValue: 'nothing' }),
      3: { name: 'Output', data: { name: 'b', socketKey: 'o' } },
      4: { name: 'Module Trigger Out', data: { name: 'out-4', socketKey: 'x' } },
    },
    [
      [1, 'trigger', 3, 'trigger'],
      [2, 'output', 3, 'input'],
      [3, 'trigger', 4, 'trigger'],
    ],
  )
  const data = {
    name: 'inner',
    spell: 'inner',
    inputs: [own('a', 'k'), trigger('default', 't')],
    outputs: [own('b', 'o'), trigger('out-4', 'x')],
  }
  const outer = (wired: boolean, second = false) => {
    const nodes = { 1: START, 2: input('Input'), 3: { name: 'Spell', data }, 4: output('out') }
    const edges: readonly Edge[] = [
      [1, 'trigger', 3, 't'],
      ...(wired ? [[2, 'output', 3, 'k'] as const] : []),
      [3, 'x', 4, 'trigger'],
      [3, 'o', 4, 'input'],
    ]
    if (!second) return thoth(nodes, edges)
    return thoth({ ...nodes, 5: { name: 'Spell', data }, 6: output('again') }, [
      ...edges,
      [4, 'trigger', 5, 't'],
      [5, 'x', 6, 'trigger'],
      [5, 'o', 6, 'input'],
    ])
  }

  test('are called by name, with the keys of their sockets', async () => {
    for (const value of ['x', ...EMPTY])
      expect(await outputsOf(outer(true), { Input: value }, { library: { inner } })).toEqual({ out: value })
  })

  test('keep apart from each other, and use their defaults', async () => {
    expect(await outputsOf(outer(true, true), { Input: 'x' }, { library: { inner } })).toEqual({
      out: 'x',
      again: 'nothing',
    })
    expect(await outputsOf(outer(false), { Input: 'x' }, { library: { inner } })).toEqual({ out: 'nothing' })
  })
})

describe('what is not known', () => {
  test('is kept with its data and its wires, shown, and refuses only to run', async () => {
    const document = around({ name: 'Enki Task', data: { taskName: 'x' } }, { a: 'text' }, 'result')
    const { document: spell, report } = importer.convert(document)
    expect(spell.nodes['enki-task-5']).toMatchObject({ type: 'missing/Enki Task', config: { taskName: 'x' } })
    expect(spell.wires).toContainEqual(['universal-input-10.value', 'enki-task-5.text'])
    expect(report.nodes.find(({ outcome }) => outcome === 'missing')).toEqual({
      node: 'enki-task-5',
      component: 'Enki Task',
      outcome: 'missing',
      note: 'there is nothing here that does what "Enki Task" does: the node is kept with its data, and the spell cannot run until it is replaced',
    })
    await expect(run(document, { a: 1 })).rejects.toMatchObject({
      problems: [
        { path: 'nodes.enki-task-5.type', message: '"Enki Task" has no counterpart here: replace or remove the node' },
      ],
    })
  })
})

describe('the document', () => {
  const small = thoth({ 1: START }, [])

  test('of Magick has a graph', async () => {
    const { chain, ...rest } = thoth({ 1: START, 2: input('a'), 3: output('b') }, [
      [1, 'trigger', 3, 'trigger'],
      [2, 'output', 3, 'input'],
    ])
    const magick = { ...rest, graph: chain ?? null }
    expect(importer.recognises(magick)).toBe(true)
    expect(await outputsOf(magick, { a: 0 })).toEqual({ b: 0 })
  })

  test('is kept whole', () => {
    expect(importer.convert(small).document.origin).toEqual({ format: 'thoth', document: small })
  })

  test('with long names still fits', () => {
    const long = 'x'.repeat(500)
    const { document } = importer.convert(
      thoth(
        {
          1: START,
          2: { name: long, data: {} },
          999_999_999_999_999: code('', [], []),
          4: { name: 'Code', data: { name: long } },
        },
        [],
        { name: long },
      ),
    )
    expect(parseDocument(document).problems).toEqual([])
    expect(document.name).toHaveLength(200)
  })

  test('is refused with everything that is wrong with it', () => {
    const wrong = {
      chain: {
        nodes: {
          a: { name: 'Code', data: {} },
          2: { name: '', data: [], inputs: [], outputs: { trigger: { connections: {} } } },
          3: 5,
          4: { name: 'Echo', data: {}, inputs: { string: { connections: [{ node: 'x', output: 'y' }] } } },
          '05': { name: 'Echo', data: {} },
          5: { name: 'Echo', data: {} },
        },
      },
      gameState: [],
    }
    expect(() => importer.convert(wrong)).toThrow(
      expect.objectContaining({
        problems: expect.arrayContaining([
          { path: 'chain.nodes.a', message: 'expected a whole number as the node\'s key, got "a"' },
          { path: 'chain.nodes.2.name', message: 'expected the name of a component' },
          { path: 'chain.nodes.2.data', message: 'expected an object' },
          { path: 'chain.nodes.2.inputs', message: 'expected an object with the sockets by name' },
          { path: 'chain.nodes.2.outputs.trigger.connections', message: 'expected a list' },
          { path: 'chain.nodes.3', message: 'expected an object' },
          {
            path: 'chain.nodes.4.inputs.string.connections[0]',
            message: "expected {node, output}: a number and a socket's name",
          },
          { path: 'chain.nodes.05', message: 'is the same number as "5"' },
          { path: 'gameState', message: 'expected an object' },
        ]) as unknown,
      }),
    )
  })
})
