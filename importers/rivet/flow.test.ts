import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { JsonObject } from '#graph/json.ts'
import type { Graphs, RivetRunner, Short, ShortGraph } from './kit.suite.ts'
import {
  boolean,
  createRivetRunner,
  ifNode,
  input,
  list,
  number,
  output,
  project,
  runInRivet,
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

describe('what did not run', () => {
  const excluding: Short = ['ifElse', { unconnectedControlFlowExcluded: true }]
  const branches: ShortGraph = {
    nodes: {
      go: input('go', 'boolean'),
      v: input('v'),
      i: ifNode,
      yes: text('yes {{v}}'),
      no: text('no {{v}}'),
      more: text('{{a}}, {{b}}'),
      c: ['coalesce'],
      all: output('all'),
      left: output('left'),
      right: output('right'),
      both: output('both'),
    },
    edges: [
      ['go.data', 'i.if'],
      ['v.data', 'i.value'],
      ['i.output', 'yes.v'],
      ['i.falseOutput', 'no.v'],
      ['yes.output', 'c.input1'],
      ['no.output', 'c.input2'],
      ['c.output', 'all.value'],
      ['yes.output', 'left.value'],
      ['no.output', 'right.value'],
      ['yes.output', 'more.a'],
      ['v.data', 'more.b'],
      ['more.output', 'both.value'],
    ],
  }

  test.each([
    [true, { all: 'yes x', left: 'yes x', both: 'yes x, x' }],
    [false, { all: 'no x', right: 'no x' }],
  ] as const)('leaves out what reads it: an if that is %s', async (go, expected) =>
    expectBoth({ main: branches }, { go, v: 'x' }, expected),
  )

  test('is told through sub-graphs', async () => {
    const main: ShortGraph = {
      nodes: {
        s: ['subGraph', { graphId: 'sub', inputData: { v: { type: 'string', value: 'given' } } }],
        go: input('go', 'boolean'),
        c: excluding,
        t: boolean(true),
        d: text('default'),
        after: text('after {{x}}'),
        out: output('out'),
        other: output('other'),
      },
      edges: [
        ['go.data', 's.go'],
        ['s.right', 'after.x'],
        ['after.output', 'out.value'],
        ['s.left', 'c.if'],
        ['t.value', 'c.true'],
        ['d.output', 'c.false'],
        ['c.output', 'other.value'],
      ],
    }
    await expectBoth({ main, sub: branches }, { go: true }, { other: true })
    await expectBoth({ main, sub: branches }, { go: false }, { out: 'after no given', other: 'default' })
  })

  test('of nested ifs is what either left out', async () => {
    const main: ShortGraph = {
      nodes: {
        p: input('p', 'boolean'),
        q: input('q', 'boolean'),
        a: ifNode,
        b: ifNode,
        x: text('x'),
        t: text('{{v}}!'),
        c: ['coalesce'],
        d: text('default'),
        out: output('out'),
      },
      edges: [
        ['p.data', 'a.if'],
        ['x.output', 'a.value'],
        ['q.data', 'b.if'],
        ['a.output', 'b.value'],
        ['b.output', 't.v'],
        ['t.output', 'c.input1'],
        ['d.output', 'c.input2'],
        ['c.output', 'out.value'],
      ],
    }
    for (const p of [true, false])
      for (const q of [true, false]) await expectBoth({ main }, { p, q }, { out: p && q ? 'x!' : 'default' })
  })

  test('leaves an output to the other node of its name, here and for who calls the graph', async () => {
    const inner: ShortGraph = {
      nodes: {
        go: input('go', 'boolean'),
        v: input('v'),
        i: ifNode,
        no: text('not {{v}}'),
        first: output('out', 'string'),
        second: output('out', 'string'),
      },
      edges: [
        ['go.data', 'i.if'],
        ['v.data', 'i.value'],
        ['i.output', 'first.value'],
        ['i.falseOutput', 'no.v'],
        ['no.output', 'second.value'],
      ],
    }
    const main: ShortGraph = {
      nodes: {
        go: input('go', 'boolean'),
        v: text('x'),
        s: ['subGraph', { graphId: 'inner' }],
        again: text('{{r}}!'),
        said: output('said'),
      },
      edges: [
        ['go.data', 's.go'],
        ['v.output', 's.v'],
        ['s.out', 'again.r'],
        ['again.output', 'said.value'],
      ],
    }
    for (const go of [true, false]) {
      await expectBoth({ inner }, { go, v: 'x' }, { out: go ? 'x' : 'not x' })
      await expectBoth({ main, inner }, { go }, { said: go ? 'x!' : 'not x!' })
    }
  })

  test('a graph may call itself', async () => {
    const main: ShortGraph = {
      nodes: {
        n: input('n', 'number'),
        most: number(3),
        less: ['compare', { comparisonFunction: '<' }],
        i: ifNode,
        one: number(1),
        add: ['evaluate', { operation: '+' }],
        s: ['subGraph', { graphId: 'main' }],
        c: ['coalesce'],
        out: output('out'),
      },
      edges: [
        ['n.data', 'less.a'],
        ['most.value', 'less.b'],
        ['less.output', 'i.if'],
        ['n.data', 'i.value'],
        ['i.output', 'add.a'],
        ['one.value', 'add.b'],
        ['add.output', 's.n'],
        ['s.out', 'c.input1'],
        ['n.data', 'c.input2'],
        ['c.output', 'out.value'],
      ],
    }
    await expectBoth({ main }, { n: 0 }, { out: 3 })
  })

  test('may be a node that is disabled', async () => {
    const main: ShortGraph = {
      nodes: {
        a: ['text', { text: 'a' }, { disabled: true }],
        b: text('b {{a}}'),
        c: ['coalesce'],
        d: text('d'),
        left: output('left'),
        out: output('out'),
      },
      edges: [
        ['a.output', 'b.a'],
        ['b.output', 'c.input1'],
        ['d.output', 'c.input2'],
        ['b.output', 'left.value'],
        ['c.output', 'out.value'],
      ],
    }
    await expectBoth({ main }, {}, { out: 'd' })
  })
})

test('a person is asked', async () => {
  const made = project({
    main: {
      nodes: {
        u: ['userInput', { prompt: 'Your {{name}}?' }],
        t: text('<{{a}}>'),
        out: output('out'),
        all: output('all'),
      },
      edges: [
        ['u.output', 't.a'],
        ['t.output', 'out.value'],
        ['u.questionsAndAnswers', 'all.value'],
      ],
    },
  })
  const expected = { out: '<Ada>', all: ['Your {{name}}?\nAda'] }
  expect(await runInRivet(made, {}, 'Ada')).toEqual(expected)
  const { outputs, entries } = await runner.run(made, {}, { 'user-input-u': { text: 'Ada' } })
  expect(outputs).toEqual(expected)
  expect(entries.find(({ kind }) => kind === 'run.waiting')).toMatchObject({ prompt: 'Your {{name}}?' })
})

describe('rounds', () => {
  test('a node that is split runs once for every item', async () => {
    const split: Short = ['text', { text: '{{a}}-{{b}}' }, { isSplitRun: true, splitRunMax: 10 }]
    await expectBoth(
      single(split, { a: list('string', ['x', 'y', 'z']), b: text('1') }, ['output']),
      {},
      { output: ['x-1', 'y-1', 'z-1'] },
    )
    const most: Short = ['text', { text: '{{a}}' }, { isSplitRun: true, splitRunMax: 2, isSplitSequential: true }]
    await expectBoth(single(most, { a: list('string', ['x', 'y', 'z']) }, ['output']), {}, { output: ['x', 'y'] })
    const code: Short = [
      'code',
      {
        code: 'return { o: { type: "number", value: inputs.a.value * 2 }, p: { type: "string", value: "p" + inputs.a.value } }',
        inputNames: ['a'],
        outputNames: ['o', 'p'],
      },
      { isSplitRun: true },
    ]
    await expectBoth(single(code, { a: list('number', [1, 2]) }, ['o', 'p']), {}, { o: [2, 4], p: ['p1', 'p2'] })
  })

  test('a loop controller goes round until it is told not to', async () => {
    const main: ShortGraph = {
      nodes: {
        from: number(1),
        l: ['loopController', { maxIterations: 20 }],
        step: number(3),
        add: ['evaluate', { operation: '+' }],
        end: ['compare', { comparisonFunction: '<' }],
        most: number(10),
        t: text('{{n}} after {{i}}'),
        out: output('out'),
        last: output('last'),
      },
      edges: [
        ['from.value', 'l.input1Default'],
        ['l.output1', 'add.a'],
        ['step.value', 'add.b'],
        ['add.output', 'l.input1'],
        ['add.output', 'end.a'],
        ['most.value', 'end.b'],
        ['end.output', 'l.continue'],
        ['l.break', 'out.value'],
        ['l.break', 't.n'],
        ['most.value', 't.i'],
        ['t.output', 'last.value'],
      ],
    }
    await expectBoth({ main }, {}, { out: [10], last: '10 after 10' })
  })

  test('a loop may carry several values, read what is outside, stop at its most, and be read after', async () => {
    const main: ShortGraph = {
      nodes: {
        word: input('word'),
        none: text('none'),
        l: ['loopController', { maxIterations: 3, atMaxIterationsAction: 'break' }],
        add: text('{{all}}{{word}}{{i}};'),
        last: ['passthrough'],
        i: ifNode,
        yes: boolean(true),
        t: text('{{broke}} and {{inner}}'),
        out: output('out'),
        after: output('after'),
      },
      edges: [
        ['none.output', 'l.input1Default'],
        ['word.data', 'l.input2Default'],
        ['l.output1', 'add.all'],
        ['word.data', 'add.word'],
        ['l.iteration', 'add.i'],
        ['add.output', 'l.input1'],
        ['l.output2', 'last.input1'],
        ['last.output1', 'l.input2'],
        ['yes.value', 'i.if'],
        ['add.output', 'i.value'],
        ['i.output', 'l.continue'],
        ['l.break', 'out.value'],
        ['l.break', 't.broke'],
        ['add.output', 't.inner'],
        ['t.output', 'after.value'],
      ],
    }
    const list = ['nonew1;w2;w3;', 'w']
    await expectBoth({ main }, { word: 'w' }, { out: list, after: `${list.join('\n')} and ${list[0]}` })
  })

  test('a loop ends where what tells it to go on did not run', async () => {
    const main: ShortGraph = {
      nodes: {
        from: number(0),
        l: ['loopController', { maxIterations: 9 }],
        one: number(1),
        add: ['evaluate', { operation: '+' }],
        m: ['match', { cases: ['^[01]$'] }],
        out: output('out'),
      },
      edges: [
        ['from.value', 'l.input1Default'],
        ['l.output1', 'add.a'],
        ['one.value', 'add.b'],
        ['add.output', 'l.input1'],
        ['add.output', 'm.input'],
        ['m.case1', 'l.continue'],
        ['l.break', 'out.value'],
      ],
    }
    await expectBoth({ main }, {}, { out: [2] })
  })
})
