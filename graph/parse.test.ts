import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkDocument } from './check.ts'
import { checkInputs, interfaceOf } from './interface.ts'
import { createKit, spell } from './kit.suite.ts'
import { formatDocument, parseDocument } from './parse.ts'

const registry = createKit({ made: [] })
const problemsOf = (value: unknown) => parseDocument(value).problems.map(({ path, message }) => `${path}: ${message}`)

test('a minimal document is filled in', () => {
  expect(parseDocument({ format: 'spell/1', nodes: {} }).document).toEqual({
    format: 'spell/1',
    name: 'Untitled',
    description: '',
    nodes: {},
    wires: [],
    state: {},
    notes: [],
  })
})

test('every problem is reported at once, with its path', () => {
  const value = {
    format: 'spell/2',
    name: 7,
    nodes: { 'a.b': { type: 'x/y' }, c: { config: [], at: [1], colour: 'red' } },
    wires: [['a'], ['a', 'b.c']],
    extra: true,
  }
  expect(problemsOf(value)).toEqual([
    'format: "spell/2" is none of "spell/1"',
    'name: expected a string, got 7',
    'nodes.c.type: is required',
    'nodes.c.config: expected an object, got a list of 0',
    'nodes.c.at: expected at least 2 items',
    'nodes.c.colour: is not known; expected type, version, title, config, values, retry, reuse, at',
    'wires[0]: expected at least 2 items',
    'extra: is not known; expected format, name, description, nodes, wires, state, notes, origin',
    'nodes.a.b: "a.b" is not a node id: expected 1 to 64 letters, digits, "-" or "_"',
    'wires[0]: "a" is not of the form "<node>.<socket>"',
    'wires[1]: "a" is not of the form "<node>.<socket>"',
  ])
})

test('JSON that is too deep or too large is refused without being walked for ever', () => {
  let deep: unknown = 1
  for (let i = 0; i < 60_000; i++) deep = [deep]
  expect(problemsOf({ format: 'spell/1', nodes: { a: { type: 'x/y', config: { deep } } } })[0]).toMatch(
    /nested deeper than 64 levels$/,
  )
  expect(
    problemsOf({ format: 'spell/1', nodes: { a: { type: 'x/y', config: { text: 'x'.repeat(1_048_577) } } } }),
  ).toEqual(['nodes.a.config.text: a string of 1048577 characters; at most 1048576'])
  expect(problemsOf(JSON.parse('{"format":"spell/1","nodes":{},"__proto__":{}}'))[0]).toBe(
    ': "__proto__" is not a key that can be used',
  )
})

test('no JSON makes it throw', () => {
  fc.assert(fc.property(fc.jsonValue(), value => parseDocument(value).problems.length > 0))
  const nearly = fc.record(
    {
      format: fc.constant('spell/1'),
      nodes: fc.dictionary(fc.string(), fc.jsonValue()),
      wires: fc.array(fc.jsonValue()),
      state: fc.jsonValue(),
      notes: fc.jsonValue(),
    },
    { requiredKeys: ['format', 'nodes'] },
  )
  fc.assert(
    fc.property(nearly, value => {
      const { document } = parseDocument(value)
      if (document) checkDocument(document, registry)
    }),
  )
})

test('unknown types, wrong configs and bad wires are all named', () => {
  const document = spell(
    {
      start: { type: 'flow/start' },
      odd: { type: 'flow/brunch' },
      each: { type: 'flow/for-each', config: { concurrency: 'many' }, values: { list: 3, nope: 1 } },
      step: { type: 'test/step' },
      less: { type: 'test/less' },
      new: { type: 'flow/start', version: 3 },
    },
    [
      ['start.out', 'step.a'],
      ['step.value', 'step.in'],
      ['step.gone', 'less.c'],
      ['ghost.out', 'step.in'],
      ['less.is', 'each.list'],
    ],
  )
  expect(checkDocument(document, registry).map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'nodes.odd.type: no node type "flow/brunch"; known are flow/start, flow/input, flow/output, flow/exit, flow/branch, flow/join, flow/for-each, flow/while, flow/sub-spell',
    'nodes.each.config.concurrency: expected a whole number, got "many"',
    'nodes.each.values.list: expected array, got 3',
    'nodes.each.values.nope: is not an input of this node; it has list, result',
    'nodes.new.version: made for version 3 of flow/start; known is 1',
    'wires[0]: a flow output cannot go into a data input',
    'wires[1]: a data output cannot go into a flow input',
    'wires[2]: "step" has no output "gone"; it has out, error, value, failure',
    'wires[2]: "less" has no input "c"; it has a, b',
    'wires[3]: there is no node "ghost"',
    'wires[4]: boolean does not fit array',
  ])
})

test('a cycle through pure nodes is named; one through actions is legal', () => {
  const document = spell({ a: { type: 'test/add' }, b: { type: 'test/add' }, c: { type: 'test/step' } }, [
    ['a.sum', 'b.a'],
    ['b.sum', 'a.a'],
    ['c.out', 'c.in'],
  ])
  expect(checkDocument(document, registry)).toEqual([
    { path: 'nodes.a', message: 'a cycle through pure nodes: a → b → a', node: 'a' },
  ])
})

test('a formatted document is the same whichever order its keys had', () => {
  const one = parseDocument({ wires: [], nodes: { b: { at: [1, 2], type: 'x/y' } }, format: 'spell/1' }).document
  const two = parseDocument({ format: 'spell/1', nodes: { b: { type: 'x/y', at: [1, 2] } }, wires: [] }).document
  expect(one && formatDocument(one)).toBe(two && formatDocument(two))
})

test('inputs are checked all at once, converted and filled in', () => {
  const of = interfaceOf(
    spell(
      {
        a: { type: 'flow/input', config: { name: 'text', type: 'string' } },
        b: { type: 'flow/input', config: { name: 'count', type: 'number' } },
        c: { type: 'flow/input', config: { name: 'also', default: null } },
      },
      [],
    ),
  )
  expect(checkInputs(of, { text: 5, count: '7' })).toEqual({ values: { text: '5', count: 7, also: null } })
  expect(checkInputs(of, { count: 'seven', other: 1 })).toEqual({
    problems: [
      { path: 'inputs.other', message: 'is not an input of this spell; it has text, count, also' },
      { path: 'inputs.text', message: 'is required (string)', node: 'a' },
      { path: 'inputs.count', message: 'expected number, got "seven"', node: 'b' },
    ],
  })
})
