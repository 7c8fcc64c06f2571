import type { Entry } from './journal.ts'
import type { KnownEnd, KnownResult, Recall } from './known.ts'
import type { Json, Values } from './json.ts'
import type { Plan, PlanNode } from './plan.ts'
import { replay } from './replay.ts'
import type { ReplayOptions } from './replay.ts'

/**
 * What of an earlier run can be taken over into one of a changed spell: results of activations that have the same cause, the same node with the same config,
 * and read the same inputs. Nodes that may be recomputed freely are, but for those that have waited: nobody is asked again. `except`: nodes to run anew whatever
 * they read. `entries` may be a part of the journal.
 */
export async function recall(
  plan: Plan,
  entries: readonly Entry[],
  options: Pick<ReplayOptions, 'now' | 'turn'> & { readonly except?: ReadonlySet<string> } = {},
): Promise<Recall> {
  const { except, ...timing } = options
  const inputs = new Map<string, string>()
  await replay(plan, entries, {
    ...timing,
    observe: ({ activation, node, inputs: read }) => void inputs.set(`${activation} ${node}`, JSON.stringify(read)),
  })
  const results = new Map<string, Draft>()
  for (const entry of entries) if ('activation' in entry) note(results, entry)
  const configs = configsOf(plan, '', new Set())
  return (activation, path, node, read) => {
    const known = results.get(activation)
    if (!known || known.path !== path || except?.has(topOf(path))) return undefined
    if (node.effect === 'pure' && !known.waited) return undefined
    if (configs.get(path) !== configText(node)) return undefined
    return inputs.get(`${activation} ${path}`) === JSON.stringify(read) ? known : undefined
  }
}

type Draft = KnownResult & {
  readonly path: string
  readonly emissions: KnownEnd[]
  end: KnownEnd | undefined
  readonly writes: (readonly [key: string, value: Json])[]
  waited: boolean
}

function note(results: Map<string, Draft>, entry: Extract<Entry, { activation: string }>): void {
  const known = (): Draft => {
    const found = results.get(entry.activation)
    if (found) return found
    const made: Draft = { path: entry.node, emissions: [], end: undefined, writes: [], waited: false }
    results.set(entry.activation, made)
    return made
  }
  switch (entry.kind) {
    case 'node.emitted':
      known().emissions.push({ outputs: entry.outputs as Values, pulses: entry.pulses })
      return
    case 'node.ended': {
      const { outputs, pulses, usage } = entry
      known().end = { outputs: outputs as Values, pulses, ...(usage ? { usage } : {}) }
      return
    }
    case 'state.changed':
      known().writes.push([entry.key, entry.value])
      return
    case 'run.answered':
      known().waited = true
      return
    case 'node.failed':
      // What failed is tried again; of what an attempt wrote, nothing took effect.
      known().writes.length = 0
      return
    default:
  }
}

/** The node of the spell itself that this is, or is inside of. */
function topOf(path: string): string {
  return path.split('/', 1)[0] ?? path
}

function configText({ type, config }: PlanNode): string {
  return JSON.stringify([type.type, type.version ?? 1, config])
}

function configsOf(plan: Plan, prefix: string, above: ReadonlySet<Plan>, found = new Map<string, string>()) {
  if (above.has(plan)) return found
  for (const node of plan.nodes) {
    found.set(prefix + node.id, configText(node))
    if (node.inner) configsOf(node.inner, `${prefix}${node.id}/`, new Set([...above, plan]), found)
  }
  return found
}

/** A node and all that may depend on it: along flow and along data. Ids of the spell itself. */
export function downstreamOf(plan: Plan, id: string): ReadonlySet<string> {
  const readers = new Map<string, Set<string>>()
  for (const node of plan.nodes) {
    for (const { inputs } of [node.inputs, node.before, node.after])
      for (const { sources } of inputs)
        for (const source of sources)
          readers.set(source.node.id, (readers.get(source.node.id) ?? new Set()).add(node.id))
  }
  const byId = new Map(plan.nodes.map(node => [node.id, node]))
  const found = new Set([id])
  for (const at of found) {
    for (const wires of byId.get(at)?.wires.values() ?? []) for (const { target } of wires) found.add(target.id)
    for (const reader of readers.get(at) ?? []) found.add(reader)
  }
  return found
}
