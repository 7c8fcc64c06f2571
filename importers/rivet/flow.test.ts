import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { JsonObject } from '#graph/json.ts'
import type { Edge, Graphs, RivetRunner, Short, ShortGraph } from './kit.suite.ts'
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
} from './kit.suite.ts'

let runner: RivetRunner
beforeAll(async () => {
  runner = await createRivetRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())

/** Runs a project in Rivet and here: both give this. */
async function expectBoth(graphs: Graphs, inputs: JsonObject, expected: JsonObject) {
  const made = project(graphs)
  expect(await runInRivet(made, inputs)).toEqual(expected)
  expect((await runner.run(made, inputs)).outputs).toEqual(expected)
}

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

describe('any graph', () => {
  interface Kind {
    readonly short: Short
    readonly ins: readonly string[]
    readonly outs: readonly string[]
  }
  const kinds: readonly Kind[] = [
    { short: text('<{{a}}{{b}}>'), ins: ['a', 'b'], outs: ['output'] },
    { short: text('{{a}}'), ins: ['a'], outs: ['output'] },
    { short: ifNode, ins: ['if', 'value'], outs: ['output', 'falseOutput'] },
    { short: ['if', {}], ins: ['value', 'if'], outs: ['output', 'falseOutput'] },
    { short: ['ifElse', { unconnectedControlFlowExcluded: true }], ins: ['if', 'true', 'false'], outs: ['output'] },
    { short: ['coalesce'], ins: ['input1', 'input2', 'input3'], outs: ['output'] },
    { short: ['coalesce'], ins: ['conditional', 'input1', 'input2'], outs: ['output'] },
    { short: ['match', { cases: ['t', '<'] }], ins: ['input', 'value'], outs: ['case1', 'case2', 'unmatched'] },
    { short: ['join', { joinString: '+' }], ins: ['input1', 'input2'], outs: ['output'] },
    { short: ['array', { flatten: true }], ins: ['input1', 'input2'], outs: ['output'] },
    { short: ['passthrough'], ins: ['input1', 'input2'], outs: ['output1', 'output2'] },
    {
      short: [
        'code',
        { code: "return { o: inputs.a ?? { type: 'string', value: 'none' } }", inputNames: ['a'], outputNames: ['o'] },
      ],
      ins: ['a'],
      outs: ['o'],
    },
  ]
  const sources: readonly Kind[] = [
    { short: text('text'), ins: [], outs: ['output'] },
    { short: text(''), ins: [], outs: ['output'] },
    { short: boolean(true), ins: [], outs: ['value'] },
    { short: boolean(false), ins: [], outs: ['value'] },
  ]
  const steps = fc.array(
    fc.record({
      kind: fc.nat(kinds.length - 1),
      from: fc.array(fc.nat(1000), { minLength: 3, maxLength: 3 }),
      isWired: fc.array(fc.nat(5), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 9 },
  )

  /** Nodes that read earlier ones; every output of a node is an output of the graph. */
  const graphs = steps.map((all): ShortGraph => {
    const nodes: Record<string, Short> = {}
    const edges: Edge[] = []
    const ports: string[] = []
    const add = ({ short, outs }: Kind) => {
      const id = `n${Object.keys(nodes).length}`
      nodes[id] = short
      ports.push(...outs.map(port => `${id}.${port}`))
      return id
    }
    for (const source of sources) add(source)
    for (const { kind, from, isWired } of all) {
      const one = kinds[kind]
      if (!one) continue
      const known = [...ports]
      const id = add(one)
      one.ins.forEach((port, index) => {
        // Rivet itself fails without these, or has a value that JSON has not.
        const isRequired =
          ['match', 'join', 'array', 'passthrough'].includes(one.short[0]) ||
          (one.short[0] === 'coalesce' && port !== 'conditional') ||
          (port === 'value' && index === 0)
        if (isRequired || isWired[index] !== 0)
          edges.push([known[(from[index] ?? 0) % known.length] ?? '', `${id}.${port}`])
      })
    }
    ports.slice(4).forEach((port, index) => {
      nodes[`o${index}`] = output(port)
      edges.push([port, `o${index}.value`])
    })
    return { nodes, edges }
  })

  test('gives here what it gives in Rivet, and leaves out what Rivet leaves out', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async main => {
        const made = project({ main })
        expect((await runner.run(made)).outputs).toEqual(await runInRivet(made))
      }),
      { numRuns: 150 },
    )
  }, 120_000)
})
