// Rivet projects in short, made and run by Rivet's own code; and what runs them here: the real engine, the real sandbox and the local model.
import type {
  DataValue,
  ProcessEvents,
  GraphId,
  NodeConnection,
  NodeId,
  PortId,
  Project,
  ProjectId,
  ChartNode,
} from '@ironclad/rivet-core'
import { expect } from '@jest/globals'
import { coreCreateProcessor, serializeProject } from '@ironclad/rivet-core'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { SpellDocument } from '#graph/document.ts'
import { checkDocument } from '#graph/check.ts'
import { checkInputs, interfaceOf } from '#graph/interface.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { embedded } from '#mesh/testing.ts'
import type { Outcome } from '#nodes/kit.suite.ts'
import { registry, runSpell } from '#nodes/kit.suite.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import importer from '../rivet.ts'

/** A node of a graph: its type, its data, and what else it may say of itself. */
export type Short = readonly [type: string, data?: JsonObject, more?: Partial<ChartNode>]
/** `node.output` to `node.input`. */
export type Edge = readonly [from: string, to: string]
export interface ShortGraph {
  readonly nodes: Readonly<Record<string, Short>>
  readonly edges?: readonly Edge[]
}

/** Graphs by id; the first is the main one. */
export type Graphs = Readonly<Record<string, ShortGraph>>

/** A project of graphs by id; the first is the main one. */
export function project(graphs: Readonly<Record<string, ShortGraph>>): Project {
  const [main] = Object.keys(graphs)
  return {
    metadata: {
      id: 'project-1' as ProjectId,
      title: 'A project',
      description: 'of tests',
      mainGraphId: main as GraphId,
    },
    plugins: [],
    graphs: Object.fromEntries(
      Object.entries(graphs).map(([id, { nodes, edges = [] }]) => [
        id,
        {
          metadata: { id: id as GraphId, name: `Graph ${id}`, description: '' },
          nodes: Object.entries(nodes).map(([key, [type, data = {}, more = {}]], index) => ({
            id: key as NodeId,
            type,
            title: type,
            data,
            visualData: { x: index * 300, y: 50, width: 200 },
            ...more,
          })),
          connections: edges.map(([from, to]): NodeConnection => {
            const [[outputNodeId, outputId], [inputNodeId, inputId]] = [ends(from), ends(to)]
            return {
              outputNodeId: outputNodeId as NodeId,
              outputId: outputId as PortId,
              inputNodeId: inputNodeId as NodeId,
              inputId: inputId as PortId,
            }
          }),
        },
      ]),
    ),
  }
}

function ends(text: string): [string, string] {
  const dot = text.indexOf('.')
  return [text.slice(0, dot), text.slice(dot + 1)]
}

export const input = (id: string, dataType = 'string', more: JsonObject = {}): Short => [
  'graphInput',
  { id, dataType, ...more },
]
export const output = (id: string, dataType = 'any'): Short => ['graphOutput', { id, dataType }]
export const text = (value: string): Short => ['text', { text: value }]
export const ifNode: Short = ['if', { unconnectedControlFlowExcluded: true }]

/** One node: constants into its inputs, an output of the graph for each output named. */
export function single(node: Short, ins: Readonly<Record<string, Short | undefined>>, outs: readonly string[]): Graphs {
  const given = Object.entries(ins).flatMap(([port, short]) => (short ? [[port, short] as const] : []))
  return {
    main: {
      nodes: {
        it: node,
        ...Object.fromEntries(given.map(([, short], index) => [`in${index}`, short])),
        ...Object.fromEntries(outs.map((port, index): [string, Short] => [`out${index}`, output(port)])),
      },
      edges: [
        ...given.map(([port, [type]], index): Edge => [`in${index}.${OUT[type] ?? 'output'}`, `it.${port}`]),
        ...outs.map((port, index): Edge => [`it.${port}`, `out${index}.value`]),
      ],
    },
  }
}
const OUT: Readonly<Record<string, string>> = { number: 'value', boolean: 'value', graphInput: 'data' }
export const number = (value: number): Short => ['number', { value }]
export const boolean = (value: boolean): Short => ['boolean', { value }]
export const json = (value: unknown): Short => ['object', { jsonTemplate: JSON.stringify(value) }]
export const list = (dataType: string, value: readonly unknown[]): Short =>
  input(`a list of ${value.join()}`, `${dataType}[]`, { defaultValue: value as never })

/** The file that Rivet writes. */
export const fileOf = (made: Project): string => String(serializeProject(made))

/** The outputs of a run in Rivet: without those that did not run, and without what it counts. */
export async function runInRivet(made: Project, inputs: JsonObject = {}, answer = ''): Promise<JsonObject> {
  const { run } = coreCreateProcessor(made, {
    inputs: inputs as Record<string, string>,
    onUserInput: ({ callback }: ProcessEvents['userInput']) => callback({ type: 'string[]', value: [answer] }),
    openAiKey: '',
    openAiOrganization: '',
    openAiEndpoint: '',
    recordingPlaybackLatency: 0,
    pluginEnv: {},
    pluginSettings: {},
  } as unknown as Parameters<typeof coreCreateProcessor>[1])
  const outputs = (await run()) as Record<string, DataValue>
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, { type, value }]): [string, Json][] =>
      type === 'control-flow-excluded' || value === undefined || name === 'cost'
        ? []
        : [[name, JSON.parse(JSON.stringify(value)) as Json]],
    ),
  )
}

/** Imports projects and runs them as the runner does. */
export interface RivetRunner extends AsyncDisposable {
  /** `answers`: what a person says, by the node that asks. */
  run(made: Project | string, inputs?: Values, answers?: Readonly<Record<string, Json>>): Promise<Outcome>
}

export async function createRivetRunner(): Promise<RivetRunner> {
  const sandbox = createSandbox({ processes: 1, timeoutMs: 5_000 })
  const system = await embedded({ services: ['completion'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const completion = system.as('user-1').client(CompletionServiceDefinition)
  return {
    async run(made, passed = {}, answers = {}) {
      const { document, spells = [] } = importer.convert(typeof made === 'string' ? made : fileOf(made), {
        models: ['local/demo'],
      })
      const library = new Map<string, SpellDocument>(
        [document, ...spells.map(one => one.document)].map(one => [one.name, one]),
      )
      for (const one of library.values()) {
        const [problem] = checkDocument(one, registry)
        if (problem) throw new Error(`${one.name}: ${problem.path}: ${problem.message}`)
      }
      const { values, problems } = checkInputs(interfaceOf(document), passed)
      if (problems) throw new Error(problems.map(({ path, message }) => `${path} ${message}`).join('; '))
      const outcome = await runSpell(document, {
        inputs: values,
        sandbox,
        services: { completion },
        library: name => library.get(name),
        answers: Object.entries(answers).map(([node, value]) => ({ node, value })),
      })
      if (outcome.error) throw new Error(`${outcome.error.node}: ${outcome.error.code}: ${outcome.error.message}`)
      return outcome
    },
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]()
      await system.stop()
    },
  }
}

/** Runs a project in Rivet and here; both must give this. */
export async function expectBoth(
  runner: RivetRunner,
  graphs: Graphs,
  inputs: JsonObject,
  expected: JsonObject,
): Promise<void> {
  const made = project(graphs)
  expect(await runInRivet(made, inputs)).toEqual(expected)
  expect((await runner.run(made, inputs)).outputs).toEqual(expected)
}
