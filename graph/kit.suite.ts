// What the engine's own tests run: a few node types and a host on real timers. The node library has its own tests.
import { defineNode, NodeFailure } from './define.ts'
import type { NodeServices, Registry } from './define.ts'
import { createDigest, digestText } from './digest.ts'
import type { NodeDocument, SpellDocument, StateDeclaration, Wire } from './document.ts'
import type { Chunk, Entry, TerminalEntry } from './journal.ts'
import type { JsonObject, Values } from './json.ts'
import type { Limits } from './limits.ts'
import { outsideTypes } from './kit-outside.suite.ts'
import type { Plan } from './plan.ts'
import { compile } from './plan.ts'
import { createRegistry } from './registry.ts'
import { replay } from './replay.ts'
import type { Observed, Run, RunHost, RunOptions } from './run.ts'
import { startRun } from './run.ts'

/** Calls of nodes that reach outside, in order: `<node> <activation key> <attempt's ordinal>`. */
export interface Calls {
  readonly made: string[]
}

/** Node types for tests. `calls` sees each execution that is not a replay. */
export function createKit(calls: Calls): Registry {
  let failures = new Map<string, number>()
  return createRegistry({
    'flow/start': defineNode({
      title: 'Start',
      about: '',
      kind: 'action',
      effect: 'pure',
      role: 'start',
      flow: { out: ['out'] },
    }),
    'flow/input': defineNode({
      title: 'Input',
      about: '',
      kind: 'pure',
      role: 'input',
      outputs: { value: { type: 'any' } },
    }),
    'flow/output': defineNode({
      title: 'Output',
      about: '',
      kind: 'action',
      effect: 'pure',
      role: 'output',
      inputs: { value: { type: 'any', required: true } },
      flow: { in: ['in'], out: ['out'] },
    }),
    'flow/exit': defineNode({
      title: 'Exit',
      about: '',
      kind: 'action',
      effect: 'pure',
      role: 'exit',
      flow: { in: ['in'] },
    }),
    'flow/branch': defineNode({
      title: 'Branch',
      about: '',
      kind: 'action',
      effect: 'pure',
      inputs: { condition: { type: 'boolean', required: true } },
      flow: { in: ['in'], out: ['yes', 'no'] },
      run: ({ condition }) => ({ pulse: condition ? 'yes' : 'no' }),
    }),
    'flow/join': defineNode({
      title: 'Join',
      about: '',
      kind: 'join',
      effect: 'pure',
      config: { type: 'object', properties: { mode: { type: 'string', enum: ['all', 'any'], default: 'all' } } },
      flow: { in: ['in'], out: ['out'] },
      waitsFor: ({ mode }) => mode,
    }),
    'flow/for-each': defineNode({
      title: 'For each',
      about: '',
      kind: 'scope',
      config: { type: 'object', properties: { concurrency: { type: 'integer', default: 1 } } },
      inputs: { list: { type: 'array', required: true }, result: { type: 'any', pull: 'after' } },
      outputs: {
        item: { type: 'any', inside: true },
        index: { type: 'number', inside: true },
        items: { type: 'array' },
        count: { type: 'number' },
      },
      flow: { in: ['in'], out: ['each', 'done'] },
      scope: ({ list }, { config }) => ({
        concurrency: config.concurrency,
        next: index => (index < list.length ? { item: list[index] ?? null, index } : undefined),
        end: results => ({ outputs: { items: results.map(one => one['result'] ?? null), count: results.length } }),
      }),
    }),
    'flow/while': defineNode({
      title: 'While',
      about: '',
      kind: 'scope',
      inputs: {
        initial: { type: 'any' },
        condition: { type: 'boolean', pull: 'before', required: true },
        next: { type: 'any', pull: 'after' },
      },
      outputs: { value: { type: 'any', inside: true }, last: { type: 'any' }, count: { type: 'number' } },
      flow: { in: ['in'], out: ['each', 'done'] },
      scope: ({ initial }) => ({
        concurrency: 1,
        next: (index, previous) => ({ value: (index === 0 ? initial : previous?.['next']) ?? null }),
        enter: ({ condition }) => condition === true,
        end: results => ({ outputs: { last: results.at(-1)?.['next'] ?? initial ?? null, count: results.length } }),
      }),
    }),
    'flow/sub-spell': defineNode({
      title: 'Sub-spell',
      about: '',
      kind: 'scope',
      role: 'sub-spell',
      config: {
        type: 'object',
        properties: {
          spell: { type: 'string', default: '' },
          inputs: { type: 'array', items: { type: 'string' }, default: [] },
          outputs: { type: 'array', items: { type: 'string' }, default: [] },
        },
      },
      flow: { in: ['in'], out: ['out'] },
      derive: ({ inputs, outputs }) => ({
        inputs: Object.fromEntries(inputs.map(name => [name, { type: 'any' }])),
        outputs: Object.fromEntries(outputs.map(name => [name, { type: 'any' }])),
      }),
    }),
    'test/add': defineNode({
      title: 'Add',
      about: '',
      kind: 'pure',
      inputs: { a: { type: 'number', default: 0 }, b: { type: 'number', default: 0 } },
      outputs: { sum: { type: 'number' } },
      run: ({ a, b }) => ({ outputs: { sum: a + b } }),
    }),
    'test/less': defineNode({
      title: 'Less',
      about: '',
      kind: 'pure',
      inputs: { a: { type: 'number', required: true }, b: { type: 'number', required: true } },
      outputs: { is: { type: 'boolean' } },
      run: ({ a, b }) => ({ outputs: { is: a < b } }),
    }),
    'test/step': defineNode({
      title: 'Step',
      about: 'Adds one, at once.',
      kind: 'action',
      effect: 'pure',
      inputs: { a: { type: 'any' } },
      outputs: { value: { type: 'any' } },
      flow: { in: ['in'], out: ['out'] },
      run: ({ a }) => ({ outputs: { value: typeof a === 'number' ? a + 1 : (a ?? 1) } }),
    }),
    'test/call': defineNode({
      title: 'Call',
      about: 'Adds one, later.',
      kind: 'action',
      effect: 'idempotent',
      config: { type: 'object', properties: { ms: { type: 'integer', default: 0 } } },
      inputs: { a: { type: 'number', default: 0 } },
      outputs: { value: { type: 'number' } },
      flow: { in: ['in'], out: ['out'] },
      async run({ a }, { config, node, idempotencyKey, sleep, log }) {
        calls.made.push(`${node} ${idempotencyKey}`)
        log('info', `got ${a}`)
        await sleep(config.ms)
        return { outputs: { value: a + 1 } }
      },
    }),
    'test/unsafe': defineNode({
      title: 'Unsafe',
      about: 'Must not be repeated.',
      kind: 'action',
      inputs: { a: { type: 'number', default: 0 } },
      outputs: { value: { type: 'number' } },
      flow: { in: ['in'], out: ['out'] },
      async run({ a }, { node, idempotencyKey, sleep }) {
        calls.made.push(`${node} ${idempotencyKey}`)
        await sleep(1)
        return { outputs: { value: a + 100 } }
      },
    }),
    'test/keyed': defineNode({
      title: 'Keyed',
      about: 'Calls something that knows its key.',
      kind: 'action',
      effect: 'idempotent',
      keyed: true,
      flow: { in: ['in'], out: ['out'] },
      async run(_inputs, { node, idempotencyKey, sleep }) {
        calls.made.push(`${node} ${idempotencyKey}`)
        await sleep(1)
      },
    }),
    'test/count': defineNode({
      title: 'Count',
      about: 'Emits 0 … n-1.',
      kind: 'action',
      effect: 'idempotent',
      inputs: { n: { type: 'number', default: 3 } },
      outputs: { i: { type: 'number' } },
      flow: { in: ['in'], out: ['each', 'done'] },
      async *run({ n }) {
        for (let i = 0; i < n; i++) {
          await Promise.resolve()
          yield { outputs: { i } }
        }
      },
    }),
    ...outsideTypes(calls),
    'test/fail': defineNode({
      title: 'Fail',
      about: 'Fails the first `times` times.',
      kind: 'action',
      effect: 'idempotent',
      config: {
        type: 'object',
        properties: { times: { type: 'integer', default: 1_000_000 }, later: { type: 'boolean', default: false } },
      },
      flow: { in: ['in'], out: ['out'] },
      outputs: { attempts: { type: 'number' } },
      run(_inputs, { config, idempotencyKey }) {
        const before = failures.get(idempotencyKey) ?? 0
        failures = new Map(failures).set(idempotencyKey, before + 1)
        const outcome = () => {
          if (before < config.times) throw new NodeFailure('BROKEN', `broken ${before + 1} times`)
          return { outputs: { attempts: before + 1 } }
        }
        return config.later ? Promise.resolve().then(outcome) : outcome()
      },
    }),
    'test/write': defineNode({
      title: 'Write',
      about: 'Appends to a list in the state.',
      kind: 'action',
      effect: 'idempotent',
      inputs: { value: { type: 'any', default: null } },
      flow: { in: ['in'], out: ['out'] },
      async run({ value }, { state }) {
        const list = state.get('list')
        await Promise.resolve()
        state.set('list', [...(Array.isArray(list) ? list : []), value])
      },
    }),
    'test/append': defineNode({
      title: 'Append',
      about: 'Appends to a list in the state, at once.',
      kind: 'action',
      effect: 'pure',
      inputs: { value: { type: 'any', default: null } },
      flow: { in: ['in'], out: ['out'] },
      run({ value }, { state }) {
        const list = state.get('list')
        state.set('list', [...(Array.isArray(list) ? list : []), value])
      },
    }),
    'test/read': defineNode({
      title: 'Read',
      about: '',
      kind: 'pure',
      outputs: { list: { type: 'any' } },
      run: (_, { state }) => ({ outputs: { list: state.get('list') ?? [] } }),
    }),
    'test/junk': defineNode({
      title: 'Junk',
      about: '',
      kind: 'action',
      effect: 'pure',
      outputs: { value: { type: 'any' } },
      flow: { in: ['in'], out: ['out'] },
      run: () => ({ outputs: { value: (() => 1) as never } }),
    }),
    'test/stuck': defineNode({
      title: 'Stuck',
      about: 'Never ends by itself.',
      kind: 'action',
      effect: 'idempotent',
      flow: { in: ['in'], out: ['out'] },
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    }),
  })
}

/** A document from what matters of it. */
export function spell(
  nodes: Record<string, NodeDocument>,
  wires: readonly Wire[],
  state: Record<string, StateDeclaration> = {},
): SpellDocument {
  return { format: 'spell/1', name: 'test', description: '', nodes, wires, state, notes: [] }
}

/** A host on real time. */
export const host: RunHost = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason as Error)
      })
    }),
  turn: () => new Promise(resolve => setImmediate(resolve)),
  services: {} as NodeServices,
  sandbox: { run: () => Promise.reject(new NodeFailure('NO_SANDBOX', 'there is none in this test')) },
  fetch: () => Promise.reject(new NodeFailure('NO_NETWORK', 'there is none in this test')),
}

/** Options of {@link execute}. */
export interface Execution {
  readonly inputs?: Values
  readonly state?: JsonObject
  readonly journal?: readonly Entry[]
  readonly limits?: Partial<Limits>
  readonly onChunk?: (chunk: Chunk) => void
  readonly observe?: (observed: Observed) => void
  readonly onStart?: (run: Run) => void
  readonly onEntry?: (entry: Entry, run: Run) => unknown
  readonly run?: string
  readonly host?: Partial<RunHost>
  readonly also?: Pick<RunOptions, 'pins' | 'recall' | 'breakpoints' | 'startAt' | 'fork'>
}

/** Runs a plan to its end; answers the whole journal, as it would be read from a database. */
export async function execute(
  plan: Plan,
  options: Execution = {},
): Promise<{ entries: Entry[]; terminal: TerminalEntry }> {
  const entries: Entry[] = [...(options.journal ?? [])]
  const digest = createDigest()
  const { onEntry } = options
  for (const entry of entries) digest.add(digestText(entry))
  const run = startRun({
    run: options.run ?? 'run-1',
    spell: 'spell-1',
    revision: 1,
    user: 'user-1',
    plan,
    inputs: options.inputs ?? {},
    seed: 7,
    host: { ...host, ...options.host },
    ...options.also,
    append: entry => {
      entries.push(JSON.parse(JSON.stringify(entry)) as Entry)
      if (onEntry) queueMicrotask(() => onEntry(entry, run))
      if (!('lastSeq' in entry)) digest.add(JSON.stringify(entry))
    },
    digest: entry => {
      digest.add(JSON.stringify(entry))
      return digest.hex()
    },
    ...(options.state ? { state: options.state } : {}),
    ...(options.journal ? { journal: options.journal } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.onChunk ? { chunk: options.onChunk } : {}),
    ...(options.observe ? { observe: options.observe } : {}),
  })
  options.onStart?.(run)
  return { terminal: await run.done, entries }
}

/** Compiles with the kit and runs. */
export async function executeSpell(
  document: SpellDocument,
  options: Execution & { library?: (name: string) => SpellDocument | undefined } = {},
): Promise<{ entries: Entry[]; terminal: TerminalEntry; calls: string[]; plan: Plan }> {
  const calls: Calls = { made: [] }
  const plan = compile(document, createKit(calls), options.library ? { library: options.library } : {})
  return { ...(await execute(plan, options)), calls: calls.made, plan }
}

/** The same, and replayed: the record must tell it entry for entry. `made`: what nodes did outside, in order, and `calls`: which nodes that were. */
export async function playSpell(document: SpellDocument, options: Execution = {}) {
  const { plan, entries, terminal, calls } = await executeSpell(document, options)
  const followed = await replay(plan, entries)
  if (followed.entries !== entries.length)
    throw new Error(`the replay followed ${followed.entries} of ${entries.length}`)
  return { plan, entries, terminal, made: calls, calls: calls.map(nodeOfCall), kinds: entries.map(({ kind }) => kind) }
}

const nodeOfCall = (call: string): string => call.split(' ', 1)[0] ?? call

/** What a run gave, or why it failed. */
export const outputsOf = (terminal: TerminalEntry) =>
  terminal.kind === 'run.failed' ? terminal.error : terminal.outputs
