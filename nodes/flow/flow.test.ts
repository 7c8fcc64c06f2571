import { describe, expect, test } from '@jest/globals'
import type { NodeDocument, Wire } from '#graph/document.ts'
import { interfaceOf } from '#graph/interface.ts'
import type { Json } from '#graph/json.ts'
import { socketsOf } from '#graph/registry.ts'
import { problemsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'

const start: NodeDocument = { type: 'flow/start' }
const input = (name: string, more: Record<string, Json> = {}): NodeDocument => ({
  type: 'flow/input',
  config: { name, ...more },
})
const output = (name: string): NodeDocument => ({ type: 'flow/output', config: { name } })
const constant = (value: Json): NodeDocument => ({ type: 'data/get', values: { from: value } })
const calculate = (expression: string): NodeDocument => ({ type: 'math/calculate', config: { expression } })
const log = (label: string): NodeDocument => ({ type: 'debug/log', config: { label } })

describe('start, input, output', () => {
  test('what is given passes through as it is, also empty values', async () => {
    const document = spell({ start, in: input('a'), out: output('b') }, [
      ['start.out', 'out.in'],
      ['in.value', 'out.value'],
    ])
    const values: readonly Json[] = ['', 0, false, null, [], {}, 'x', -0.5, [null], { a: { b: '' } }]
    for (const value of values) {
      expect(await runSpell(document, { inputs: { a: value } })).toMatchObject({
        status: 'completed',
        outputs: { b: value },
      })
    }
  })

  test('an input that is not given has its default, also an empty one; without one its reader fails', async () => {
    const of = (more: Record<string, Json>) =>
      spell({ start, in: input('a', more), out: output('b') }, [
        ['start.out', 'out.in'],
        ['in.value', 'out.value'],
      ])
    expect((await runSpell(of({ default: 'x' }))).outputs).toEqual({ b: 'x' })
    for (const value of ['', 0, false, null])
      expect((await runSpell(of({ default: value }))).outputs).toEqual({ b: value })
    expect((await runSpell(of({ default: 'x' }), { inputs: { a: '' } })).outputs).toEqual({ b: '' })
    expect((await runSpell(of({}))).error).toEqual({
      code: 'NO_VALUE',
      message: 'input "value" has no value: "a" was not given',
      node: 'out',
    })
  })

  test('names default to the ids of nodes', async () => {
    const document = spell({ a: { type: 'flow/input' }, b: { type: 'flow/output' } }, [['a.value', 'b.value']])
    expect(interfaceOf(document)).toMatchObject({ inputs: [{ name: 'a', required: true }], outputs: [{ name: 'b' }] })
    expect((await runSpell(document, { inputs: { a: 1 } })).outputs).toEqual({ b: 1 })
  })

  test('an output without a value says what did not run', async () => {
    const document = spell({ start, log: log(''), gate: { type: 'flow/branch' }, no: constant(1), out: output('b') }, [
      ['start.out', 'out.in'],
      ['gate.yes', 'log.in'],
      ['gate.failure', 'out.value'],
    ])
    expect((await runSpell(document)).error).toEqual({
      code: 'NO_VALUE',
      message: 'input "value" has no value: "gate" has not run',
      node: 'out',
    })
  })

  test('an input shows its type, and only types that there are', () => {
    expect(socketsOf(registry, input('a', { type: 'number' }))?.outputs).toMatchObject({ value: { type: 'number' } })
    expect(socketsOf(registry, input('a', { type: 5 }))?.outputs).toMatchObject({ value: { type: 'any' } })
    expect(problemsOf('flow/input', { type: 'text', name: 5, description: [] })).toEqual([
      {
        path: 'config.type',
        message:
          '"text" is none of "any", "string", "number", "boolean", "object", "array", "image", "audio", "file", "document", "message", "event", "embedding"',
      },
      { path: 'config.name', message: 'expected a string, got 5' },
      { path: 'config.description', message: 'expected a string, got a list of 0' },
    ])
  })
})

describe('branch', () => {
  test('goes along yes or no', async () => {
    expect((await runNode('flow/branch', { inputs: { condition: true } })).pulses('it')).toEqual(['yes'])
    expect((await runNode('flow/branch', { inputs: { condition: false } })).pulses('it')).toEqual(['no'])
    expect((await runNode('flow/branch', { inputs: { condition: 'false' } })).pulses('it')).toEqual(['no'])
  })

  test('guesses nothing: what is neither true nor false is refused', async () => {
    for (const condition of ['', 0, null, 'yes', []]) {
      expect((await runNode('flow/branch', { inputs: { condition } })).error).toMatchObject({
        code: 'WRONG_TYPE',
        message: expect.stringMatching(/^input "condition" expects boolean, got .* from "in-0"$/) as unknown,
        node: 'it',
      })
    }
    expect((await runNode('flow/branch')).error).toMatchObject({
      code: 'NO_VALUE',
      message: 'input "condition" has no value: nothing is wired to it',
    })
  })

  test('only the branch that is taken runs', async () => {
    const nodes = { start, it: { type: 'flow/branch', values: { condition: false } }, a: log('a'), b: log('b') }
    const { entries } = await runSpell(
      spell(nodes, [
        ['start.out', 'it.in'],
        ['it.yes', 'a.in'],
        ['it.no', 'b.in'],
      ]),
    )
    expect(entries.flatMap(entry => (entry.kind === 'node.ended' ? entry.node : []))).toEqual(['start', 'it', 'b'])
  })
})

describe('switch', () => {
  const config = { cases: ['', '0', 'false', 'null', 'a b', '{"x":1}', '[1]'] }

  test('goes along the case that equals the value, by its JSON where it is no text', async () => {
    const taken = async (value: Json) =>
      (await runNode('flow/switch', { config: { cases: config.cases.slice(1) }, inputs: { value } })).pulses('it')
    expect(await taken('a b')).toEqual(['a b'])
    expect(await taken(0)).toEqual(['0'])
    expect(await taken('0')).toEqual(['0'])
    expect(await taken(false)).toEqual(['false'])
    expect(await taken(null)).toEqual(['null'])
    expect(await taken({ x: 1 })).toEqual(['{"x":1}'])
    expect(await taken([1])).toEqual(['[1]'])
    expect(await taken('')).toEqual(['default'])
    expect(await taken('A B')).toEqual(['default'])
    expect(await taken('toString')).toEqual(['default'])
  })

  test('each case is a flow output', () => {
    expect(socketsOf(registry, { type: 'flow/switch', config: { cases: ['a', 'b c'] } })?.flow).toEqual({
      in: ['in'],
      out: ['default', 'a', 'b c', 'error'],
    })
  })

  test('tells all that is wrong with its cases', () => {
    expect(problemsOf('flow/switch', config)).toEqual([{ path: 'config.cases[0]', message: 'must not be empty' }])
    expect(problemsOf('flow/switch', { cases: ['a', 'default', 'a', 'error'] })).toEqual([
      { path: 'config.cases[1]', message: '"default" is the name of another output' },
      { path: 'config.cases[2]', message: '"a" is there twice' },
      { path: 'config.cases[3]', message: '"error" is the name of another output' },
    ])
    expect(problemsOf('flow/switch', { cases: 5 })).toEqual([
      { path: 'config.cases', message: 'expected a list, got 5' },
    ])
    expect(problemsOf('flow/switch', { cases: Array.from({ length: 101 }, (_, index) => `c${index}`) })).toEqual([
      { path: 'config.cases', message: 'expected at most 100 items' },
    ])
  })

  test('needs a value', async () => {
    expect((await runNode('flow/switch')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('for each', () => {
  const spellOf = (concurrency: number) =>
    spell(
      {
        start,
        list: input('list'),
        loop: { type: 'flow/for-each', config: { concurrency } },
        work: { type: 'flow/delay', config: { ms: 0 } },
        double: calculate('item * 2 + index'),
        out: output('items'),
        last: output('last'),
        count: output('count'),
      },
      [
        ['start.out', 'loop.in'],
        ['list.value', 'loop.list'],
        ['loop.each', 'work.in'],
        ['loop.item', 'double.item'],
        ['loop.index', 'double.index'],
        ['double.result', 'loop.result'],
        ['loop.done', 'out.in'],
        ['loop.items', 'out.value'],
        ['loop.last', 'last.value'],
        ['loop.count', 'count.value'],
      ],
    )

  test.each([1, 3, 1000])('gives the results in the order of the list, %i at a time', async concurrency => {
    expect((await runSpell(spellOf(concurrency), { inputs: { list: [5, 0, 7, 1] } })).outputs).toEqual({
      items: [10, 1, 16, 5],
      last: 5,
      count: 4,
    })
  })

  test('an empty list has no iterations and no last', async () => {
    expect((await runSpell(spellOf(1), { inputs: { list: [] } })).outputs).toEqual({ items: [], last: null, count: 0 })
  })

  test('empty values are items and results', async () => {
    const document = spell(
      { start, list: input('list'), loop: { type: 'flow/for-each' }, same: { type: 'data/get' }, out: output('items') },
      [
        ['start.out', 'loop.in'],
        ['list.value', 'loop.list'],
        ['loop.item', 'same.from'],
        ['same.value', 'loop.result'],
        ['loop.items', 'out.value'],
      ],
    )
    const list = ['', 0, false, null, [], {}]
    expect((await runSpell(document, { inputs: { list } })).outputs).toEqual({ items: list })
  })

  test('refuses what is no list, and no list at all', async () => {
    expect((await runNode('flow/for-each', { inputs: { list: 'abc' } })).error).toMatchObject({
      code: 'WRONG_TYPE',
      message: 'input "list" expects array, got "abc" from "in-0"',
    })
    expect((await runNode('flow/for-each')).error).toMatchObject({ code: 'NO_VALUE', node: 'it' })
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('flow/for-each', { concurrency: 0 })).toEqual([
      { path: 'config.concurrency', message: 'expected at least 1, got 0' },
    ])
    expect(problemsOf('flow/for-each', { concurrency: 2.5 })).toEqual([
      { path: 'config.concurrency', message: 'expected a whole number, got 2.5' },
    ])
  })
})

describe('while', () => {
  const wires: readonly Wire[] = [
    ['start.out', 'loop.in'],
    ['loop.value', 'more.a'],
    ['more.result', 'loop.condition'],
    ['loop.value', 'next.x'],
    ['next.result', 'loop.next'],
    ['loop.last', 'last.value'],
    ['loop.count', 'count.value'],
  ]
  const nodes = (initial: number): Record<string, NodeDocument> => ({
    start,
    loop: { type: 'flow/while', values: { initial } },
    more: { type: 'logic/compare', config: { operator: 'is less than' }, values: { b: 100 } },
    next: calculate('x * 2'),
    last: output('last'),
    count: output('count'),
  })

  test('goes round as long as its condition holds', async () => {
    expect((await runSpell(spell(nodes(3), wires))).outputs).toEqual({ last: 192, count: 6 })
  })

  test('never begins where the condition does not hold', async () => {
    expect((await runSpell(spell(nodes(200), wires))).outputs).toEqual({ last: 200, count: 0 })
  })

  test('an endless one meets the budget of the run', async () => {
    const { error } = await runSpell(spell(nodes(0), wires), { limits: { activations: 50 } })
    expect(error).toMatchObject({ code: 'BUDGET' })
  })

  test('needs a condition', async () => {
    expect((await runNode('flow/while')).error).toMatchObject({
      code: 'NO_VALUE',
      message: 'input "condition" has no value: nothing is wired to it',
    })
  })
})

describe('join', () => {
  const of = (mode: string) =>
    spell({ start, a: log('a'), b: log('b'), it: { type: 'flow/join', config: { mode } }, end: log('end') }, [
      ['start.out', 'a.in'],
      ['start.out', 'b.in'],
      ['a.out', 'it.in'],
      ['b.out', 'it.in'],
      ['it.out', 'end.in'],
    ])

  test('goes on once, after all or after the first', async () => {
    const order = async (mode: string) =>
      (await runSpell(of(mode))).entries.flatMap(entry => (entry.kind === 'node.ended' ? entry.node : []))
    expect(await order('all')).toEqual(['start', 'a', 'b', 'it', 'end'])
    const any = await order('any')
    expect(any.filter(node => node === 'end')).toHaveLength(1)
  })

  test('knows no other mode', () => {
    expect(problemsOf('flow/join', { mode: 'some' })).toEqual([
      { path: 'config.mode', message: '"some" is none of "all", "any"' },
    ])
  })
})

describe('delay', () => {
  test('goes on after its time', async () => {
    const { entries, pulses } = await runNode('flow/delay', { config: { ms: 20 } })
    const [started, ended] = entries.filter(entry => 'node' in entry && entry.node === 'it')
    expect([started?.kind, ended?.kind]).toEqual(['node.started', 'node.ended'])
    expect((ended?.at ?? 0) - (started?.at ?? 0)).toBeGreaterThanOrEqual(19)
    expect(pulses('it')).toEqual(['out'])
  })

  test('tells what is wrong with its time', () => {
    expect(problemsOf('flow/delay', { ms: -1 })).toEqual([
      { path: 'config.ms', message: 'expected at least 0, got -1' },
    ])
    expect(problemsOf('flow/delay', { ms: '10' })).toEqual([
      { path: 'config.ms', message: 'expected a whole number, got "10"' },
    ])
  })
})

describe('sub-spell and exit', () => {
  const inner = spell(
    {
      start,
      again: { type: 'flow/start', config: { name: 'again' } },
      a: input('a', { default: 'nothing' }),
      out: output('b'),
      said: { type: 'flow/exit', config: { name: 'said' } },
      over: { type: 'flow/exit', config: { name: 'over' } },
    },
    [
      ['start.out', 'out.in'],
      ['a.value', 'out.value'],
      ['out.out', 'said.in'],
      ['again.out', 'over.in'],
    ],
  )
  const config = { spell: 'inner', inputs: ['a'], outputs: ['b'], starts: ['again'], exits: ['said', 'over'] }
  const of = (socket: string, values?: Record<string, Json>) =>
    spell(
      {
        start,
        it: { type: 'flow/sub-spell', config, ...(values ? { values } : {}) },
        said: log('said'),
        over: log('over'),
        ...(socket === 'in' ? { out: output('b') } : {}),
      },
      [
        ['start.out', `it.${socket}`],
        ['it.said', 'said.in'],
        ['it.over', 'over.in'],
        ...(socket === 'in' ? [['it.b', 'out.value'] as const] : []),
      ],
    )
  const library = (name: string) => (name === 'inner' ? inner : undefined)

  test('gives what the other spell gives, and leaves it where that one does', async () => {
    const { outputs, pulses } = await runSpell(of('in', { a: '' }), { library })
    expect(outputs).toEqual({ b: '' })
    expect(pulses('it')).toEqual(['said'])
    expect((await runSpell(of('in'), { library })).outputs).toEqual({ b: 'nothing' })
  })

  test('enters it at the start that has the name of the socket', async () => {
    expect((await runSpell(of('again'), { library })).pulses('it')).toEqual(['over'])
  })

  test('names the spell that is not there', async () => {
    await expect(runSpell(of('in'), { library: () => undefined })).rejects.toMatchObject({
      problems: [{ path: 'nodes.it.config.spell', message: 'there is no spell "inner"', node: 'it' }],
    })
  })

  test('has the sockets that its config names', () => {
    expect(socketsOf(registry, { type: 'flow/sub-spell', config })).toMatchObject({
      inputs: { a: { type: 'any' } },
      outputs: { b: { type: 'any' } },
      flow: { in: ['in', 'again'], out: ['out', 'said', 'over', 'error'] },
    })
  })
})
