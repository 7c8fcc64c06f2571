import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Edge, RivetRunner, Short, ShortGraph } from './kit.suite.ts'
import { boolean, createRivetRunner, ifNode, output, project, runInRivet, text } from './kit.suite.ts'

let runner: RivetRunner
beforeAll(async () => {
  runner = await createRivetRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())

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
