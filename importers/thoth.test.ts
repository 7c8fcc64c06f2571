import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { interfaceOf } from '#graph/interface.ts'
import type { JsonObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import type { Edge, ThothRunner } from './kit.suite.ts'
import { around, code, createThothRunner, EMPTY, input, output, own, START, thoth, trigger } from './kit.suite.ts'
import importer from './thoth.ts'

let runner: ThothRunner
beforeAll(async () => {
  runner = await createThothRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())
const run: ThothRunner['run'] = async (...all) => runner.run(...all)
const outputsOf: ThothRunner['outputsOf'] = async (...all) => runner.outputsOf(...all)

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
