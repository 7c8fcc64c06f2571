import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '#graph/json.ts'
import type { Foreign, ThothRunner } from './kit.suite.ts'
import { around, code, createThothRunner, EMPTY, input, output, own, START, thoth, trigger } from './kit.suite.ts'
import importer from './thoth.ts'

let runner: ThothRunner
beforeAll(async () => {
  runner = await createThothRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())
const run: ThothRunner['run'] = async (...all) => runner.run(...all)
const outputsOf: ThothRunner['outputsOf'] = async (...all) => runner.outputsOf(...all)

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

  test('the random gate goes along one of its outputs, now this and now that', async () => {
    const sockets = { outputs: [trigger('left'), trigger('right')] }
    const document = gate('Random Gate', 'input', ['left', 'right'], sockets)
    const sides = new Set<string>()
    for (let round = 0; round < 200 && sides.size < 2; round++)
      for (const side of Object.keys((await outputsOf(document, { value: 1 })) as object)) sides.add(side)
    expect([...sides].toSorted()).toEqual(['first', 'second'])
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
