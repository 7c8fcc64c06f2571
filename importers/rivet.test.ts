import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { GraphId, Project } from '@ironclad/rivet-core'
import { deserializeProject } from '@ironclad/rivet-core'
import { stringify } from 'yaml'
import type { SpellDocument } from '#graph/document.ts'
import { exportDocument } from './export.ts'
import { ImportError } from './importer.ts'
import type { RivetRunner, ShortGraph } from './rivet/kit.suite.ts'
import { createRivetRunner, fileOf, input, output, project } from './rivet/kit.suite.ts'
import { readProject } from './rivet/project.ts'
import importer from './rivet.ts'

let runner: RivetRunner
beforeAll(async () => {
  runner = await createRivetRunner()
})
afterAll(async () => runner[Symbol.asyncDispose]())

describe('models', () => {
  test('are asked with the text, or with the messages', async () => {
    const main: ShortGraph = {
      nodes: {
        who: input('who'),
        p: ['prompt', { type: 'user', promptText: 'Who is {{who}}?' }],
        rules: ['prompt', { type: 'system', promptText: 'Be brief.' }],
        all: ['assemblePrompt'],
        c: ['chat', { model: 'local/demo', temperature: 0, maxTokens: 50 }],
        d: ['chat', { model: 'gpt-4o-mini', temperature: 0.5, maxTokens: 1024 }],
        out: output('out'),
        again: output('again'),
        prompt: output('prompt'),
      },
      edges: [
        ['who.data', 'p.who'],
        ['rules.output', 'all.message1'],
        ['p.output', 'all.message2'],
        ['all.prompt', 'c.prompt'],
        ['c.response', 'd.prompt'],
        ['c.response', 'out.value'],
        ['d.response', 'again.value'],
        ['all.prompt', 'prompt.value'],
      ],
    }
    const { outputs, entries } = await runner.run(project({ main }), { who: 'Ada' })
    expect(outputs).toMatchObject({ out: expect.stringContaining('Ada'), again: expect.any(String) })
    expect(outputs['prompt']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Who is Ada?' },
    ])
    const asked = entries.flatMap(entry =>
      entry.kind === 'node.ended' && entry.node.startsWith('chat-') ? [entry.node] : [],
    )
    expect(asked).toEqual(['chat-c', 'chat-d'])
    const { report } = importer.convert(fileOf(project({ main })), {
      models: ['local/demo'],
      defaultModel: 'local/demo',
    })
    expect(report.nodes.find(({ node }) => node === 'chat-d')).toEqual({
      node: 'chat-d',
      component: 'chat',
      outcome: 'approximated',
      note: 'nobody lists the model "gpt-4o-mini" here: local/demo is used instead',
    })
    expect(report.nodes.find(({ node }) => node === 'chat-c')).toMatchObject({ outcome: 'mapped' })
  })
})

describe('a node with a condition', () => {
  const file = (go: boolean) => ({
    version: 4,
    data: {
      metadata: { id: 'p', title: 'P', description: '', mainGraphId: 'm' },
      graphs: {
        m: {
          metadata: { id: 'm', name: 'M', description: '' },
          nodes: {
            '[b]:boolean "B"': {
              visualData: '0/0/1/1',
              data: { value: go },
              outgoingConnections: ['value->"T" t/$if'],
            },
            '[t]:text "T"': {
              visualData: '9/0/1/1',
              data: { text: 'ran' },
              isConditional: true,
              outgoingConnections: ['output->"O" o/value', 'output->"C" c/input1'],
            },
            '[e]:text "E"': {
              visualData: '9/9/1/1',
              data: { text: 'else' },
              outgoingConnections: ['output->"C" c/input2'],
            },
            '[c]:coalesce "C"': { visualData: '19/0/1/1', outgoingConnections: ['output->"P" p/value'] },
            '[o]:graphOutput "O"': { visualData: '29/0/1/1', data: { id: 'out', dataType: 'string' } },
            '[p]:graphOutput "P"': { visualData: '29/9/1/1', data: { id: 'all', dataType: 'string' } },
          },
        },
      },
    },
  })
  test.each([
    [true, { out: 'ran', all: 'ran' }],
    [false, { all: 'else' }],
  ] as const)('that is %s', async (go, expected) => {
    expect((await runner.run(stringify(file(go)))).outputs).toEqual(expected)
    expect(importer.recognises(file(go))).toBe(true)
    expect(importer.convert(file(go)).document.origin).toEqual({ format: 'rivet', document: file(go) })
  })
})

test('a project goes back as it came, or with what was changed in its main graph', () => {
  const made = project({
    main: {
      nodes: {
        a: input('in'),
        t: ['text', { text: 'Hello {{x}}' }, { title: 'Greeting' }],
        c: ['chat', { model: 'gpt-4o', temperature: 0.5, maxTokens: 100 }],
        s: ['subGraph', { graphId: 'sub' }],
        n: ['comment', { text: 'Look', height: 50 }],
        o: output('out'),
      },
      edges: [
        ['a.data', 't.x'],
        ['t.output', 'c.prompt'],
        ['c.response', 's.q'],
        ['s.r', 'o.value'],
      ],
    },
    sub: { nodes: { q: input('q'), r: output('r') }, edges: [['q.data', 'r.value']] },
  })
  const file = fileOf(made)
  const spell = importer.convert(file, { models: [] }).document
  expect(exportDocument(spell, [importer])).toEqual({ format: 'rivet', document: file, notes: [] })
  const greeting = spell.nodes['text-t']
  const [note] = spell.notes
  const changed: SpellDocument = {
    ...spell,
    name: 'Renamed',
    notes: [{ ...note, text: 'Look here' }],
    nodes: {
      ...spell.nodes,
      'text-t': {
        ...greeting,
        type: 'text/template',
        title: 'A "new" one',
        config: { template: 'Bye {{x}}, {{x}}' },
        at: [(greeting?.at?.[0] ?? 0) + 10, 500],
      },
      'chat-c': { ...spell.nodes['chat-c'], type: 'ai/complete', config: { model: '', temperature: 1, maxTokens: 7 } },
    },
  }
  const { document, notes } = exportDocument(changed, [importer])
  expect(notes).toEqual([])
  const [back] = deserializeProject(document)
  expect(back.metadata.title).toBe('Renamed')
  const nodes = Object.fromEntries(back.graphs['main' as GraphId]?.nodes.map(node => [node.id, node]) ?? [])
  expect(nodes['t']).toMatchObject({
    title: 'A "new" one',
    data: { text: 'Bye {{x}}, {{x}}' },
    visualData: { x: 310, y: 500 },
  })
  expect(nodes['c']).toMatchObject({ data: { model: 'gpt-4o', temperature: 1, maxTokens: 7 } })
  expect(nodes['n']).toMatchObject({ data: { text: 'Look here', height: 50 } })
  const connections = made.graphs['main' as GraphId]?.connections ?? []
  expect(new Set(back.graphs['main' as GraphId]?.connections)).toEqual(new Set(connections))
  const again = importer.convert(document, { models: [] }).document
  const { 'sub-graph-s': called, ...rest } = changed.nodes
  expect(again).toMatchObject({ name: 'Renamed', notes: changed.notes, wires: changed.wires, nodes: rest })
  expect(again.nodes['sub-graph-s']).toMatchObject({ at: called?.at, config: { spell: 'Renamed · Graph sub' } })
  const large = { ...made, metadata: { ...made.metadata, description: 'x'.repeat(2_100_000) } }
  const origin = importer.convert(fileOf(large)).document
  expect(exportDocument({ ...origin, name: 'Large' }, [importer]).document).toBe(
    fileOf({ ...large, metadata: { ...large.metadata, title: 'Large' } }),
  )
})

describe('the file', () => {
  const full = project({
    main: {
      nodes: {
        a: input('in'),
        'b"': ['text', { text: '{{x/y}} {{z}}' }, { title: 'A "title" -> with/all', description: 'said' }],
        c: ['comment', { text: 'Look', height: 50 }],
        s: ['subGraph', { graphId: 'other' }],
        e: ['getEmbedding', { model: 'm', deep: [{ a: 1 }] }],
        o: output('out'),
        p: ['text', { text: 'p' }, { disabled: true, isSplitRun: true, splitRunMax: 5, isSplitSequential: true }],
      },
      edges: [
        ['a.data', 'b".z'],
        ['b".output', 's.q'],
        ['s.r', 'o.value'],
        ['a.data', 'e.input'],
        ['p.output', 'nobody.in'],
      ],
    },
    other: { nodes: { q: input('q'), r: output('r') }, edges: [['q.data', 'r.value']] },
  })
  const plain = (made: Project) => ({
    title: made.metadata.title,
    description: made.metadata.description,
    main: made.metadata.mainGraphId,
    graphs: Object.values(made.graphs).map(({ metadata, nodes, connections }) => ({
      id: metadata?.id,
      name: metadata?.name,
      nodes: nodes.map(node => ({
        id: node.id,
        type: node.type,
        title: node.title,
        data: node.data,
        at: [node.visualData.x, node.visualData.y],
        width: node.visualData.width,
        split: node.isSplitRun ? { most: node.splitRunMax, isSequential: node.isSplitSequential ?? false } : undefined,
        isDisabled: node.disabled ?? false,
        isConditional: false,
      })),
      edges: connections.map(({ outputNodeId, outputId, inputNodeId, inputId }) => ({
        from: outputNodeId,
        output: outputId,
        to: inputNodeId,
        input: inputId,
      })),
    })),
  })
  const ours = (file: string) => {
    const { title, description, main, graphs } = readProject(file)
    return {
      title,
      description,
      main,
      graphs: graphs.map(({ id, name, nodes, edges }) => ({
        id,
        name,
        nodes,
        edges,
      })),
    }
  }

  test('of version 4 is read as Rivet reads it', () => {
    const file = fileOf(full)
    expect(ours(file)).toEqual(plain(deserializeProject(file)[0]))
    expect(importer.recognises(file)).toBe(true)
  })

  test('of version 3 is read as Rivet reads it', () => {
    const node = (id: string, type: string, data: object, outgoingConnections: readonly string[]) => ({
      id,
      type,
      title: type,
      description: '',
      visualData: '1.5/-2/300/null',
      isSplitRun: false,
      data,
      outgoingConnections,
    })
    const file = stringify({
      version: 3,
      data: {
        metadata: { id: 'p', title: 'Old', description: 'd', mainGraphId: 'm' },
        graphs: {
          m: {
            metadata: { id: 'm', name: 'M', description: '' },
            nodes: {
              t: node('t', 'text', { text: 'x' }, ['output->"graphOutput" o/value']),
              o: node('o', 'graphOutput', { id: 'out', dataType: 'string' }, []),
            },
          },
        },
      },
    })
    const said = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      expect(ours(file)).toEqual(plain(deserializeProject(file)[0]))
    } finally {
      said.mockRestore()
    }
    expect(importer.recognises(file)).toBe(true)
  })

  test('becomes a spell for each graph, with a report of every node', () => {
    const { document, report, spells } = importer.convert(fileOf(full))
    expect(document).toMatchObject({
      name: 'A project',
      description: 'of tests',
      notes: [{ text: 'Look' }],
      origin: { format: 'rivet', document: fileOf(full) },
    })
    expect(spells?.map(one => one.document.name)).toEqual(['A project · Graph other'])
    expect(document.nodes['sub-graph-s']?.config).toMatchObject({
      spell: 'A project · Graph other',
      inputs: ['q'],
      outputs: ['r'],
    })
    expect(document.nodes['get-embedding-e']).toMatchObject({
      type: 'missing/getEmbedding',
      config: { deep: [{ a: 1 }] },
    })
    expect(report.nodes.map(({ node, outcome }) => [node, outcome])).toEqual([
      ['graph-input-a', 'mapped'],
      ['text-b', 'mapped'],
      ['get-embedding-e', 'missing'],
      ['graph-output-o', 'mapped'],
      ['sub-graph-s', 'mapped'],
    ])
    expect(report.notes).toEqual([
      'the project has 2 graphs: the others are spells, too: "A project · Graph other"',
      'the edge text-p.output → nobody.in was left out: there is no node "nobody"',
      '1 comment is a note on the canvas here',
      '"text" (text-p) is disabled: it and what follows from it alone never run',
    ])
  })

  test('that is none is refused with the reason', () => {
    const problems = (value: unknown) => {
      try {
        importer.convert(value)
        return 'imported'
      } catch (error) {
        return error instanceof ImportError ? error.problems.map(({ path, message }) => `${path}: ${message}`) : error
      }
    }
    for (const much of [`data: ${'['.repeat(20_000)}`, `data: ${'&a '.repeat(100_000)}`, '- a\n'.repeat(500_000)])
      expect(problems(much)).toEqual([': has too many parts, or anchors, aliases or tags: Rivet writes none'])
    expect(problems('version: 4\ndata: [')).toEqual([expect.stringMatching(/^: is not YAML: /)])
    expect(problems('version: 2\ndata:\n  graphs: {}\n')).toEqual([
      'version: expected version 3 or 4, got 2: open the project in Rivet and save it again',
    ])
    expect(
      problems(
        stringify({
          version: 4,
          data: { graphs: { m: { nodes: { x: 5, '[y]:text ""': { data: 1, outgoingConnections: [7] } } } } },
        }),
      ),
    ).toEqual([
      'data.metadata: expected an object',
      'data.graphs.m.nodes.x: expected an object',
      'data.graphs.m.nodes.[y]:text "".data: expected an object',
      'data.graphs.m.nodes.[y]:text "".outgoingConnections[0]: expected a text such as output->"Title" node/input',
    ])
    expect(
      problems(
        `a: &a [x, x]\n${Array.from({ length: 30 }, (_, index) => `b${index}: &b${index} [*${index === 0 ? 'a' : `b${index - 1}`}, *${index === 0 ? 'a' : `b${index - 1}`}]`).join('\n')}`,
      ),
    ).toEqual([expect.stringContaining('anchors, aliases or tags')])
  })
})
