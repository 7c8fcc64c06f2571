// What the engine suite runs: steps that cost next to nothing, so that what is measured is the engine.
import { defineNode } from '#graph/define.ts'
import type { NodeServices } from '#graph/define.ts'
import type { SpellDocument, NodeDocument, Wire } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { Values } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import type { Plan } from '#graph/plan.ts'
import { createRegistry } from '#graph/registry.ts'
import { startRun } from '#graph/run.ts'
import type { RunHost } from '#graph/run.ts'
import forEach from '#nodes/flow/for-each.ts'
import input from '#nodes/flow/input.ts'
import join from '#nodes/flow/join.ts'
import output from '#nodes/flow/output.ts'
import start from '#nodes/flow/start.ts'
import type { Wait } from './contender.ts'

const registry = registryWith(() => Promise.resolve())

function registryWith(wait: Wait) {
  return createRegistry({
    'flow/start': start,
    'flow/input': input,
    'flow/output': output,
    'flow/join': join,
    'flow/for-each': forEach,
    'bench/step': defineNode({
      title: 'Step',
      about: 'Adds one, at once.',
      kind: 'action',
      effect: 'pure',
      inputs: { value: { type: 'number', default: 0 } },
      outputs: { value: { type: 'number' } },
      flow: { in: ['in'], out: ['out'] },
      run: ({ value }) => ({ outputs: { value: value + 1 } }),
    }),
    'bench/later': defineNode({
      title: 'Later',
      about: 'Waits, then adds one.',
      kind: 'action',
      effect: 'idempotent',
      inputs: { value: { type: 'number', default: 0 } },
      outputs: { value: { type: 'number' } },
      flow: { in: ['in'], out: ['out'] },
      async run({ value }) {
        await wait(value)
        return { outputs: { value: value + 1 } }
      },
    }),
  })
}

const unused = () => Promise.reject(new Error('nothing in this suite reaches outside'))
export const host: RunHost = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal.reason as Error)
      }
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    }),
  turn: () => new Promise(resolve => setImmediate(resolve)),
  services: {} as NodeServices,
  sandbox: { run: unused },
  fetch: unused,
}

/** Runs a plan with its journal in memory; answers the journal. */
export async function runOnce(plan: Plan, inputs: Values = {}): Promise<Entry[]> {
  const journal: Entry[] = []
  await runInto(plan, inputs, entry => journal.push(entry))
  return journal
}

/** Runs a plan and hands its entries on. */
export async function runInto(plan: Plan, inputs: Values, append: (entry: Entry) => void): Promise<void> {
  const run = startRun({
    run: 'bench',
    spell: 'bench',
    revision: 1,
    user: 'bench',
    plan,
    inputs,
    seed: 1,
    append,
    host,
    limits: { activations: 10_000_000 },
  })
  const end = await run.done
  if (end.kind !== 'run.completed') throw new Error(`the run ended as ${JSON.stringify(end)}`)
}

/** `count` steps, one after the other; each waits before it answers, where there is something to wait for. */
export function chain(count: number, wait?: Wait): Plan {
  const nodes: Record<string, NodeDocument> = { start: { type: 'flow/start' } }
  const wires: Wire[] = []
  const type = wait ? 'bench/later' : 'bench/step'
  for (let i = 0; i < count; i++) {
    nodes[`s${i}`] = { type }
    wires.push([i === 0 ? 'start.out' : `s${i - 1}.out`, `s${i}.in`])
    if (i > 0) wires.push([`s${i - 1}.value`, `s${i}.value`])
  }
  return toPlan(nodes, wires, wait ? registryWith(wait) : registry)
}

/** One to `count` to one. */
export function fan(count: number): Plan {
  const nodes: Record<string, NodeDocument> = { start: { type: 'flow/start' }, all: { type: 'flow/join' } }
  const wires: Wire[] = []
  for (let i = 0; i < count; i++) {
    nodes[`s${i}`] = { type: 'bench/step', values: { value: i } }
    wires.push(['start.out', `s${i}.in`], [`s${i}.out`, 'all.in'])
  }
  return toPlan(nodes, wires)
}

/** A loop over a list, with `body` steps inside. */
export function loop(body: number): Plan {
  const nodes: Record<string, NodeDocument> = {
    start: { type: 'flow/start' },
    list: { type: 'flow/input', config: { name: 'list', type: 'array' } },
    each: { type: 'flow/for-each' },
  }
  const wires: Wire[] = [
    ['start.out', 'each.in'],
    ['list.value', 'each.list'],
    ['each.each', 's0.in'],
    ['each.item', 's0.value'],
  ]
  for (let i = 0; i < body; i++) {
    nodes[`s${i}`] = { type: 'bench/step' }
    if (i > 0) wires.push([`s${i - 1}.out`, `s${i}.in`], [`s${i - 1}.value`, `s${i}.value`])
  }
  return toPlan(nodes, wires)
}

function toPlan(nodes: Record<string, NodeDocument>, wires: readonly Wire[], types = registry): Plan {
  const document: SpellDocument = {
    format: 'spell/1',
    name: 'bench',
    description: '',
    nodes,
    wires,
    state: {},
    notes: [],
  }
  return compile(document, types)
}
