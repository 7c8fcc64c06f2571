import { afterAll, beforeAll, describe, test } from '@jest/globals'
import type { JsonObject } from '#graph/json.ts'
import type { Graphs, RivetRunner, Short } from './kit.suite.ts'
import {
  boolean,
  createRivetRunner,
  ifNode,
  json,
  list,
  number,
  single,
  text,
  expectBoth as both,
} from './kit.suite.ts'

let runner: RivetRunner
beforeAll(async () => {
  runner = await createRivetRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())

const expectBoth = (graphs: Graphs, inputs: JsonObject, expected: JsonObject) => both(runner, graphs, inputs, expected)

describe('one node gives here what it gives in Rivet', () => {
  const cases: readonly (readonly [
    name: string,
    node: Short,
    ins: Readonly<Record<string, Short | undefined>>,
    outputs: JsonObject,
  ])[] = [
    ['text', text('a {{x}}, {{none}}.'), { x: text('b') }, { output: 'a b, .' }],
    [
      'text with braces',
      text('{"x": {{{x}}}, {{x}}}} \\{{x}} {{{literal}}} {{x | uppercase | trim}}{'),
      { x: text(' b') },
      { output: '{"x": {{x}}, {{x}}}} \\ b {{literal}} B{' },
    ],
    [
      'text with what YAML takes for its own',
      text('&a *b !c\n- [x, {y: 1}]\n# {{x}}'),
      { x: text('*x') },
      { output: '&a *b !c\n- [x, {y: 1}]\n# *x' },
    ],
    [
      'text with odd names',
      text('{{a b}} {{user.name}} {{this}} {{#if}}'),
      { 'a b': number(1), 'user.name': boolean(true), this: text('t'), '#if': text('') },
      { output: '1 true t ' },
    ],
    ['text of a list', text('{{x}}'), { x: list('string', ['a', 'b']) }, { output: 'a\nb' }],
    ['text of an object', text('{{x}}'), { x: json({ a: [1] }) }, { output: '{"a":[1]}' }],
    ['number', number(3), {}, { value: 3 }],
    ['rounded number', ['number', { value: 3.456, round: true, roundTo: 2 }], {}, { value: 3.46 }],
    ['number of a text', ['number', { useValueInput: true }], { input: text('12') }, { value: 12 }],
    ['boolean', boolean(true), {}, { value: true }],
    ['boolean of a text', ['boolean', { useValueInput: true }], { input: text('false') }, { value: false }],
    ['join', ['join', { joinString: ', ' }], { input1: text('a'), input2: text('b') }, { output: 'a, b' }],
    [
      'join of lists',
      ['join', { joinString: '\\n', flatten: true }],
      { input1: list('string', ['a', 'b']), input2: number(1) },
      { output: 'a\nb\n1' },
    ],
    [
      'join by an input',
      ['join', { useJoinStringInput: true, joinString: 'x' }],
      { input1: text('a'), input2: text('b'), joinString: text('-') },
      { output: 'a-b' },
    ],
    ['split', ['split', { delimiter: ',' }], { string: text('a, b,,c') }, { splitString: ['a', ' b', '', 'c'] }],
    ['split at lines', ['split', { delimiter: '\\n' }], { string: text('a\nb') }, { splitString: ['a', 'b'] }],
    [
      'split by a pattern',
      ['split', { delimiter: '[0-9]+', regex: true }],
      { string: text('a1b22c') },
      { splitString: ['a', 'b', 'c'] },
    ],
    ['compare texts', ['compare', { comparisonFunction: '==' }], { a: text('1'), b: number(1) }, { output: true }],
    [
      'compare unequal',
      ['compare', { comparisonFunction: '!=' }],
      { a: json({ a: 1 }), b: json({ a: 2 }) },
      { output: true },
    ],
    ['compare numbers', ['compare', { comparisonFunction: '<=' }], { a: number(9), b: number(10) }, { output: true }],
    ['xor', ['compare', { comparisonFunction: 'xor' }], { a: boolean(true), b: boolean(true) }, { output: false }],
    ['evaluate', ['evaluate', { operation: '^' }], { a: number(2), b: number(10) }, { output: 1024 }],
    ['evaluate one', ['evaluate', { operation: 'negate' }], { a: number(2) }, { output: -2 }],
    ['abs', ['evaluate', { operation: 'abs' }], { a: number(-2) }, { output: 2 }],
    [
      'object',
      ['object', { jsonTemplate: '{"a": "{{a}}", "b": {{b}}, "c": "{{b}}", "d": {{d}}}' }],
      { a: text('"x"\n'), b: json([1]) },
      { output: { a: '"x"\n', b: [1], c: '[1]', d: null } },
    ],
    ['empty object', ['object', { jsonTemplate: '{}' }], {}, { output: {} }],
    [
      'array',
      ['array', { flatten: true }],
      { input1: text('a'), input2: list('string', ['b', 'c']) },
      { output: ['a', 'b', 'c'], indices: [0, 1, 2], length: 3 },
    ],
    [
      'array of arrays',
      ['array', { flatten: false }],
      { input1: text('a'), input2: list('string', ['b', 'c']) },
      { output: ['a', ['b', 'c']], length: 2 },
    ],
    ['pop', ['pop', {}], { array: list('number', [1, 2, 3]) }, { lastItem: 3, restOfArray: [1, 2] }],
    [
      'pop at the front',
      ['pop', { fromFront: true }],
      { array: list('number', [1, 2, 3]) },
      { lastItem: 1, restOfArray: [2, 3] },
    ],
    ['slice', ['slice', { start: 1, count: 2 }], { input: list('number', [1, 2, 3, 4]) }, { output: [2, 3] }],
    [
      'slice by inputs',
      ['slice', { start: 0, useStartInput: true }],
      { input: list('number', [1, 2, 3]), start: number(2) },
      { output: [3] },
    ],
    [
      'filter',
      ['filter', {}],
      { array: list('string', ['a', 'b', 'c']), include: list('boolean', [true, false, true]) },
      { filtered: ['a', 'c'] },
    ],
    ['to JSON', ['toJson', { indented: true }], { data: json({ a: 1 }) }, { json: '{\n  "a": 1\n}' }],
    ['JSON in a text', ['extractJson', {}], { input: text('so: {"a": 1}.') }, { output: { a: 1 } }],
    ['no JSON in a text', ['extractJson', {}], { input: text('none') }, { noMatch: 'none' }],
    [
      'a pattern',
      ['extractRegex', { regex: '(\\w)=(\\d)' }],
      { input: text('a=1 b=2') },
      { output1: 'a', output2: '1', matches: ['a', 'b'], succeeded: true, failed: false },
    ],
    [
      'code blocks',
      ['extractMarkdownCodeBlocks', {}],
      { input: text('x\n```js\n1\n```\n```\n2\n```') },
      { firstBlock: '1\n', allBlocks: ['1\n', '2\n'], languages: ['js', ''] },
    ],
    ['no code blocks', ['extractMarkdownCodeBlocks', {}], { input: text('x') }, { allBlocks: [], languages: [] }],
    [
      'a path',
      ['extractObjectPath', { path: "$.a['b'][0]" }],
      { object: json({ a: { b: [5] } }) },
      { match: 5, all_matches: [5] },
    ],
    ['no path', ['extractObjectPath', { path: '$.x' }], { object: json({ a: 1 }) }, { all_matches: [] }],
    [
      'destructure',
      ['destructure', { paths: ['$.a', '$.b.c'] }],
      { object: json({ a: 1, b: { c: [2] } }) },
      { match_0: 1, match_1: [2] },
    ],
    ['match', ['match', { cases: ['^a', 'b$'] }], { input: text('ab') }, { case1: 'ab', case2: 'ab' }],
    [
      'match at most one',
      ['match', { cases: ['^a', 'b$'], exclusive: true }],
      { input: text('ab'), value: number(1) },
      { case1: 1 },
    ],
    ['match nothing', ['match', { cases: ['^a'] }], { input: text('b') }, { unmatched: 'b' }],
    ['if', ifNode, { if: text('x'), value: number(1) }, { output: 1 }],
    ['if not', ifNode, { if: text(''), value: number(1) }, { falseOutput: 1 }],
    ['if an empty list', ifNode, { if: list('string', []), value: number(1) }, { falseOutput: 1 }],
    ['if zero', ifNode, { if: number(0), value: number(1) }, { output: 1 }],
    ['if nothing', ifNode, { value: number(1) }, { falseOutput: 1 }],
    ['if without a value', ifNode, { if: boolean(true) }, {}],
    [
      'if/else',
      ['ifElse', { unconnectedControlFlowExcluded: true }],
      { if: boolean(false), true: number(1), false: number(2) },
      { output: 2 },
    ],
    [
      'if/else of a number',
      ['ifElse', { unconnectedControlFlowExcluded: true }],
      { if: number(5), true: number(1), false: number(2) },
      { output: 2 },
    ],
    [
      'if/else without one',
      ['ifElse', { unconnectedControlFlowExcluded: true }],
      { if: boolean(false), true: number(1) },
      {},
    ],
    ['coalesce', ['coalesce', {}], { input1: number(0), input2: number(2) }, { output: 0 }],
    ['race', ['raceInputs', {}], { input1: text('a') }, { result: 'a' }],
    ['passthrough', ['passthrough', {}], { input1: text('a'), input2: number(2) }, { output1: 'a', output2: 2 }],
    ['delay', ['delay', { delay: 1 }], { input1: text('a') }, { output1: 'a' }],
    [
      'code',
      [
        'code',
        {
          code: 'return { o: { type: "number", value: inputs.a.value + 1 }, t: { type: "string", value: inputs.b.type } } // end',
          inputNames: ['a', 'b', 'in'],
          outputNames: ['o', 't'],
        },
      ],
      { a: number(1), b: list('string', ['x']) },
      { o: 2, t: 'string[]' },
    ],
    [
      'code that leaves out',
      [
        'code',
        {
          code: 'return { out: { type: "control-flow-excluded", value: undefined }, error: { type: "any", value: inputs.in.value } }',
          inputNames: ['in'],
          outputNames: ['out', 'error'],
        },
      ],
      { in: number(1) },
      { error: 1 },
    ],
    ['a global', ['getGlobal', { id: 'g', dataType: 'string', onDemand: false }], {}, { value: '' }],
  ]
  test.each(cases)('%s', async (_, node, ins, outputs) => {
    await expectBoth(
      single(node, ins, Object.keys(node[0] === 'if' || node[0] === 'ifElse' ? { ...outputs, output: 0 } : outputs)),
      {},
      outputs,
    )
  })
})
