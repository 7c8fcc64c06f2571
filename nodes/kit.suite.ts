// Runs the node library in real graphs: parsed, planned, run by the engine, with every value over a wire.
import { checkDocument } from '#graph/check.ts'
import type { NodeDefinition, NodeServices, Sandbox } from '#graph/define.ts'
import { NodeFailure } from '#graph/define.ts'
import type { NodeDocument, Problem, SpellDocument, StateDeclaration, Wire } from '#graph/document.ts'
import type { Chunk, Entry, Failure } from '#graph/journal.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import type { Limits } from '#graph/limits.ts'
import { parseDocument } from '#graph/parse.ts'
import { compile } from '#graph/plan.ts'
import { createRegistry, socketsOfType } from '#graph/registry.ts'
import type { Run, RunHost } from '#graph/run.ts'
import { startRun } from '#graph/run.ts'
import { discoverRecord } from '#mesh/discover.ts'

/** All node types, as every host loads them. */
export const registry = createRegistry(await discoverRecord<NodeDefinition>(new URL('./', import.meta.url)))

/** What a run may be given beside its document. */
export interface Given {
  /** Its id, which is in its keys: another one for each run that calls a real service. */
  readonly run?: string
  readonly inputs?: Values
  readonly state?: JsonObject
  readonly services?: Partial<NodeServices>
  readonly sandbox?: Sandbox
  readonly limits?: Partial<Limits>
  readonly library?: (reference: string) => SpellDocument | undefined
  readonly fetch?: RunHost['fetch']
  /** Absent: always the same. */
  readonly seed?: number
  /** What is recorded already: the run goes on from there. */
  readonly journal?: readonly Entry[]
  /** What a person says, in the order of the questions. */
  readonly answers?: readonly Said[]
  /** What is sent to its sources: each as soon as all before it has been worked on. A run that then still listens is stopped. */
  readonly messages?: readonly Sent[]
  /** Whoever is asked about an interrupted node says: again. */
  readonly retries?: boolean
  /** Sees each entry as it happens. */
  onEntry?(entry: Entry, run: Run): void
}
/** An answer to what a node asks. */
export interface Said {
  readonly node: string
  readonly value: Json
}
/** A message to the sources of a name. */
export interface Sent {
  readonly name: string
  readonly message: Json
}

/** What came of a run. */
export interface Outcome {
  readonly status: 'completed' | 'failed' | 'cancelled'
  readonly outputs: JsonObject
  readonly state: JsonObject
  readonly error?: Failure
  readonly entries: readonly Entry[]
  readonly chunks: readonly Chunk[]
  /** Flow outputs that a node fired, in order. */
  pulses(node: string): readonly string[]
}

/** A document from what matters of it, through the parser. */
export function spell(
  nodes: Record<string, NodeDocument>,
  wires: readonly Wire[],
  state: Record<string, StateDeclaration> = {},
): SpellDocument {
  const { document, problems } = parseDocument({ format: 'spell/1', name: 'test', nodes, wires, state })
  if (!document) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('; '))
  return document
}

/** Plans and runs a document. */
export async function runSpell(document: SpellDocument, given: Given = {}): Promise<Outcome> {
  const plan = compile(document, registry, given.library ? { library: given.library } : {})
  const entries: Entry[] = []
  const chunks: Chunk[] = []
  const outside = createOutside(given)
  const run = startRun({
    run: given.run ?? 'run-1',
    spell: 'spell-1',
    revision: 1,
    user: 'user-1',
    plan,
    inputs: given.inputs ?? {},
    seed: given.seed ?? 7,
    host: hostOf(given),
    append(entry) {
      entries.push(JSON.parse(JSON.stringify(entry)) as Entry)
      outside.saw(entry)
    },
    chunk: chunk => chunks.push(chunk),
    ...(given.state ? { state: given.state } : {}),
    ...(given.journal ? { journal: given.journal } : {}),
    ...(given.limits ? { limits: given.limits } : {}),
  })
  outside.meet(run)
  const terminal = await run.done
  const { outputs = {}, state = {} } = terminal.kind === 'run.failed' ? {} : terminal
  return {
    status: STATUS[terminal.kind],
    outputs,
    state,
    ...(terminal.kind === 'run.failed' ? { error: terminal.error } : {}),
    entries,
    chunks,
    pulses: node =>
      entries.flatMap(entry =>
        (entry.kind === 'node.ended' || entry.kind === 'node.emitted') && entry.node === node ? entry.pulses : [],
      ),
  }
}

const STATUS = { 'run.completed': 'completed', 'run.failed': 'failed', 'run.cancelled': 'cancelled' } as const

/** The people and programs around a run. */
function createOutside({ answers = [], messages = [], retries = false, onEntry }: Given) {
  const [said, sent] = [[...answers], [...messages]]
  const before: Entry[] = []
  let met: Run | undefined
  /** Looks after the engine has done all that it can. */
  const look = (run: Run) =>
    setImmediate(() => {
      const lost = run.waits.find(({ reason }) => reason === 'interrupted')
      const open = run.waits.find(({ reason }) => reason === 'question')
      const at = said.findIndex(({ node }) => node === open?.node)
      if (retries && lost) run.answer(lost.activation, { choice: 'retry' })
      else if (open && at >= 0) {
        const [answer] = said.splice(at, 1)
        run.answer(open.activation, { choice: 'answer', value: answer?.value ?? null })
      } else if (run.standing === 'listening') {
        const message = sent.shift()
        if (message) run.send(message.name, message.message)
        else run.cancel('stopped')
      }
    })
  return {
    saw(entry: Entry) {
      if (!met) return void before.push(entry)
      onEntry?.(entry, met)
      look(met)
    },
    meet(run: Run) {
      met = run
      for (const entry of before) onEntry?.(entry, run)
      look(run)
    },
  }
}

function hostOf({ services, sandbox, fetch }: Given): RunHost {
  return {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason as Error)
        })
      }),
    turn: () => new Promise(resolve => setImmediate(resolve)),
    services: (services ?? {}) as NodeServices,
    sandbox: sandbox ?? { run: () => Promise.reject(new NodeFailure('NO_SANDBOX', 'there is none in this test')) },
    fetch: fetch ?? (() => Promise.reject(new NodeFailure('NO_NETWORK', 'there is none in this test'))),
  }
}

/** One node in a spell around it: what each input is given comes over a wire, each output named goes to one of the spell. */
export interface Single extends Omit<Given, 'inputs'> {
  readonly config?: JsonObject
  readonly inputs?: Values
  /** Literals of the node. */
  readonly values?: Values
  /** Absent: all that the node has. */
  readonly outputs?: readonly string[]
}

/** The spell that {@link runNode} runs: the node is `it`. */
export function around(type: string, { config = {}, inputs = {}, values, outputs }: Single): SpellDocument {
  const definition = registry.get(type)
  if (!definition) throw new Error(`there is no node type "${type}"`)
  const { flow, outputs: all } = socketsOfType(definition, config)
  const fires = flow.in.includes('in') || definition.kind === 'source'
  const shown = outputs ?? Object.keys(all).filter(name => name !== 'failure' && all[name]?.inside !== true)
  const given = Object.keys(inputs)
  const nodes: Record<string, NodeDocument> = {
    start: { type: 'flow/start' },
    it: { type, config, ...(values ? { values } : {}) },
    ...Object.fromEntries(
      given.map((name, index): [string, NodeDocument] => [`in-${index}`, { type: 'flow/input', config: { name } }]),
    ),
    ...Object.fromEntries(
      shown.map((name, index): [string, NodeDocument] => [`out-${index}`, { type: 'flow/output', config: { name } }]),
    ),
  }
  // Outputs are read one after the other, in the flow: one that none reaches would be left out where it has no value.
  const after = fires ? ['done', 'out', 'answered'].find(name => flow.out.includes(name)) : undefined
  const first = fires ? after && `it.${after}` : 'start.out'
  const wires: Wire[] = [
    ...(flow.in.includes('in') ? [['start.out', 'it.in'] as const] : []),
    ...(first === undefined
      ? []
      : shown.map((_, index): Wire => [index === 0 ? first : `out-${index - 1}.out`, `out-${index}.in`])),
    ...given.map((name, index): Wire => [`in-${index}.value`, `it.${name}`]),
    ...shown.map((name, index): Wire => [`it.${name}`, `out-${index}.value`]),
  ]
  return spell(nodes, wires)
}

/** Runs one node. */
export async function runNode(type: string, single: Single = {}): Promise<Outcome> {
  return runSpell(around(type, single), { ...single, inputs: single.inputs ?? {} })
}

/** What one node gives. Fails where the run does. */
export async function outputsOf(type: string, single: Single = {}): Promise<JsonObject> {
  const { outputs, error } = await runNode(type, single)
  if (error) throw new Error(`${error.code}: ${error.message}`)
  return outputs
}

/** What is wrong with a node under a config, by path below the node. */
export function problemsOf(type: string, config: Json, values?: JsonObject): readonly Omit<Problem, 'node'>[] {
  const node = { type, config, ...(values ? { values } : {}) } as NodeDocument
  const document: SpellDocument = {
    format: 'spell/1',
    name: '',
    description: '',
    nodes: { it: node },
    wires: [],
    state: {},
    notes: [],
  }
  return checkDocument(document, registry).map(({ path, message }) => ({
    path: path.replace(/^nodes\.it\./, ''),
    message,
  }))
}
