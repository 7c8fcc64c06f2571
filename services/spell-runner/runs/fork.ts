import type { Entry, RunStarted } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { JsonObject, Values } from '#graph/json.ts'
import type { Plan } from '#graph/plan.ts'
import { DivergenceError, replay } from '#graph/replay.ts'
import { CodedError, invalid, notFound } from '#mesh/errors.ts'
import type { CompiledSpell } from '../spells/plans.ts'
import type { ActiveOptions } from './active.ts'
import { recallOf } from './stored.ts'
import type { StoredRun } from './stored.ts'

/** How to branch off. */
export interface ForkOptions {
  /** The last entry that is taken over. 0: all that applies. */
  readonly seq: number
  /** Run this node and what depends on it anew. Empty: nothing in particular. */
  readonly from: string
  /** The spell to go on with, where it is another. */
  readonly changed?: { readonly compiled: CompiledSpell }
}

/** How a run that branches off begins. */
export interface ForkBeginning {
  readonly how: 'followed' | 'recalled'
  readonly options: Pick<ActiveOptions, 'inputs' | 'state' | 'prefix' | 'recall' | 'mode' | 'seed'>
}

/**
 * Works out how a run branches off another. Where the spell, as it is now, follows the journal up to the entry, that part of the journal becomes the new run's
 * beginning. Where it does not, or a node is to run anew, the new run starts from its beginning and takes over results where they apply.
 */
export async function planFork(
  base: StoredRun,
  id: string,
  { seq, from, changed }: ForkOptions,
): Promise<ForkBeginning> {
  const { entries, row, compiled } = base
  const [started] = entries
  if (started?.kind !== 'run.started') throw notFound(`the run "${row.id}" has no journal`)
  // After the end of a run nothing comes; after the last entry of one that goes on, something does.
  const most = entries.filter(entry => !isTerminal(entry)).length
  if (seq > most)
    throw new CodedError(
      'OUT_OF_RANGE',
      `a run of ${entries.length} entries branches off after one of 1 to ${most}, not ${seq}`,
    )
  const plan = changed?.compiled.plan ?? compiled.plan
  if (from !== '' && !plan.nodes.some(node => node.id === from))
    throw invalid([{ path: 'from', message: `there is no node "${from}"` }])
  const common = { inputs: started.inputs as Values, state: started.state, seed: started.seed }
  const fork = { run: row.id, seq: seq > 0 ? seq : entries.length }
  if (seq > 0 && from === '' && (!changed || (await follows(plan, entries.slice(0, seq))))) {
    const prefix = entries
      .slice(0, seq)
      .map(entry => (entry === started ? renamed(started, id, fork) : withoutAim(entry)))
    return { how: 'followed', options: { ...common, prefix, mode: { fork } } }
  }
  const wanted = { seq, ...(from === '' ? {} : { from }) }
  return {
    how: 'recalled',
    options: {
      ...common,
      recall: await recallOf(compiled, entries, wanted),
      mode: {
        fork,
        recall: { run: row.id, ...wanted },
        ...(started.startAt === undefined ? {} : { startAt: started.startAt }),
      },
    },
  }
}

/** What the entry says that begins the new run. */
function renamed(started: RunStarted, run: string, fork: { run: string; seq: number }): RunStarted {
  return { ...started, run, fork }
}

/** Where a run is to stop is its own: a branch has its own breakpoints. */
function withoutAim(entry: Entry): Entry {
  if (entry.kind !== 'run.resumed') return entry
  const { step: _, breakpoints: __, ...rest } = entry
  return rest
}

async function follows(plan: Plan, entries: readonly Entry[]): Promise<boolean> {
  try {
    await replay(plan, entries, {
      now: () => performance.now(),
      turn: () => new Promise(resolve => setImmediate(resolve)),
    })
    return true
  } catch (error) {
    if (error instanceof DivergenceError) return false
    throw error
  }
}

/** The pins that name a node, and the names of the others. Refuses what is not of their shape. */
export function readPins(
  given: unknown,
  plan: Plan,
): {
  pins: Record<string, { outputs: JsonObject; pulses?: readonly string[] }> | undefined
  ignored: readonly string[]
} {
  if (given === undefined) return { pins: undefined, ignored: [] }
  const problems: { path: string; message: string }[] = []
  if (!isRecord(given)) throw invalid([{ path: 'pins', message: 'expected an object' }])
  for (const [node, pin] of Object.entries(given)) {
    const path = `pins.${node}`
    if (!isRecord(pin) || !isRecord(pin['outputs'])) {
      problems.push({ path, message: 'expected {outputs, pulses?} with an object of outputs' })
      continue
    }
    const { pulses } = pin
    if (pulses !== undefined && !(Array.isArray(pulses) && pulses.every(pulse => typeof pulse === 'string')))
      problems.push({ path: `${path}.pulses`, message: 'expected a list of flow outputs' })
  }
  if (problems.length > 0) throw invalid(problems)
  const names = new Set(pathsOf(plan))
  const all = Object.entries(given)
  const known = all.filter(([node]) => names.has(node))
  return {
    pins: known.length > 0 ? (Object.fromEntries(known) as never) : undefined,
    ignored: all.filter(([node]) => !names.has(node)).map(([node]) => node),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function* pathsOf(plan: Plan, prefix = '', above: readonly Plan[] = []): Generator<string> {
  if (above.includes(plan)) return
  for (const node of plan.nodes) {
    yield prefix + node.id
    if (node.inner) yield* pathsOf(node.inner, `${prefix}${node.id}/`, [...above, plan])
  }
}
