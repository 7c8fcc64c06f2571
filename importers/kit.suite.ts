// Thoth documents in short, for tests: nodes by number, edges that stand at both ends. And what runs them: the real sandbox and the local model.
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { SpellDocument } from '#graph/document.ts'
import { checkInputs, interfaceOf } from '#graph/interface.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { embedded } from '#mesh/testing.ts'
import type { Outcome } from '#nodes/kit.suite.ts'
import { runSpell } from '#nodes/kit.suite.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import importer from './thoth.ts'

/** A node of a Rete document. */
export interface Foreign {
  readonly name: string
  readonly data?: JsonObject
  readonly position?: Json
}
/** From node and output to node and input. */
export type Edge = readonly [from: number, output: string, to: number, input: string]

/** A socket that a person added. */
export const own = (name: string, key = name): JsonObject => ({
  name,
  socketKey: key,
  taskType: 'output',
  socketType: 'anySocket',
})
/** The same for triggers. */
export const trigger = (name: string, key = name): JsonObject => ({
  name,
  socketKey: key,
  taskType: 'option',
  socketType: 'triggerSocket',
})

export const START: Foreign = { name: 'Module Trigger In', data: { name: 'default', socketKey: 'key-1' } }
export const input = (name: string, data: JsonObject = {}): Foreign => ({
  name: 'Universal Input',
  data: { name, ...data },
})
export const output = (name: string): Foreign => ({ name: 'Output', data: { name } })
/** A Code node: the body of its worker. */
export const code = (body: string, inputs: readonly string[], outputs: readonly string[]): Foreign => ({
  name: 'Code',
  data: {
    code: `\n// a comment\nfunction worker(inputs, data, state) {\n${body}\n}\n`,
    inputs: inputs.map(name => own(name)),
    outputs: outputs.map(name => own(name)),
  },
})

/** A `.thoth` document. */
export function thoth(
  nodes: Readonly<Record<number, Foreign>>,
  edges: readonly Edge[],
  more: JsonObject = {},
): JsonObject {
  const side = (id: string, at: 'from' | 'to') => {
    const sockets = new Map<string, Json[]>()
    for (const [from, output, to, input] of edges) {
      if (String(at === 'from' ? from : to) !== id) continue
      const connection: JsonObject = at === 'from' ? { node: to, input } : { node: from, output }
      const socket = at === 'from' ? output : input
      sockets.set(socket, [...(sockets.get(socket) ?? []), { ...connection, data: { pins: [] } }])
    }
    return Object.fromEntries(Array.from(sockets, ([name, connections]) => [name, { connections }]))
  }
  const chain = Object.fromEntries(
    Object.entries(nodes).map(([id, { name, data = {}, position = [0, Number(id) * 10] }]) => [
      id,
      { id: Number(id), name, data, position, inputs: side(id, 'to'), outputs: side(id, 'from') },
    ]),
  )
  return { id: 'x', name: 'a spell', chain: { id: 'demo@0.1.0', nodes: chain }, modules: [], gameState: {}, ...more }
}

/** A document: start (1), inputs from 10 on, one node (5) that is triggered, and an output (9) triggered by it. */
export function around(
  node: Foreign,
  ins: Readonly<Record<string, string>>,
  from: string,
  more: readonly Edge[] = [],
): JsonObject {
  const names = Object.keys(ins)
  return thoth(
    {
      1: START,
      5: node,
      9: output('output'),
      ...Object.fromEntries(names.map((name, index) => [10 + index, input(name)])),
    },
    [
      [1, 'trigger', 5, 'trigger'],
      [5, 'trigger', 9, 'trigger'],
      [5, from, 9, 'input'],
      ...names.map((name, index): Edge => [10 + index, 'output', 5, ins[name] ?? name]),
      ...more,
    ],
  )
}

/** Values that are none to careless code. */
export const EMPTY: readonly Json[] = ['', 0, false, null]

export interface Given {
  readonly state?: JsonObject
  /** Documents that `Spell` nodes call by these names. */
  readonly library?: Readonly<Record<string, JsonObject>>
}

/** Imports documents and runs them as the runner does: inputs checked, problems told. */
export interface ThothRunner extends AsyncDisposable {
  /** Rejects where the import, the inputs or the run fail. */
  run(foreign: JsonObject, inputs?: Values, given?: Given): Promise<Outcome>
  outputsOf(foreign: JsonObject, inputs?: Values, given?: Given): Promise<JsonObject>
}

export async function createThothRunner(): Promise<ThothRunner> {
  const sandbox = createSandbox({ processes: 1, timeoutMs: 5_000 })
  const system = await embedded({ services: ['completion'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const completion = system.as('user-1').client(CompletionServiceDefinition)
  let runs = 0
  const run: ThothRunner['run'] = async (foreign, passed = {}, { state, library = {} } = {}) => {
    const { document } = importer.convert(foreign)
    const spells = Object.fromEntries(
      Object.entries(library).map(([name, one]): [string, SpellDocument] => [name, importer.convert(one).document]),
    )
    const { values, problems } = checkInputs(interfaceOf(document), passed)
    if (problems) throw new Error(problems.map(({ path, message }) => `${path} ${message}`).join('; '))
    const outcome = await runSpell(document, {
      run: `run-${++runs}`,
      inputs: values,
      sandbox,
      services: { completion },
      library: name => spells[name],
      ...(state ? { state } : {}),
    })
    if (outcome.error) throw new Error(`${outcome.error.node}: ${outcome.error.code}: ${outcome.error.message}`)
    return outcome
  }
  return {
    run,
    outputsOf: async (...all) => (await run(...all)).outputs,
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]()
      await system.stop()
    },
  }
}
