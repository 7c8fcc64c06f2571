import type { Entry, Usage } from '#graph/journal.ts'
import type { Timeline } from '#graph/timeline.ts'
import { formatMoney, formatTokens } from './money.ts'

/** What was used of models, by a node or by a run. */
export interface Spending {
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** US dollars; without calls whose price nobody knows. */
  readonly cost: number
  /** Calls whose price nobody knows. */
  readonly unpriced: number
  /** Calls of the built-in demo model. */
  readonly demo: number
  /** Those that answered, the first one first. */
  readonly models: readonly string[]
}

const NOTHING: Spending = {
  ...{ calls: 0, inputTokens: 0, outputTokens: 0, cost: 0, unpriced: 0, demo: 0, models: [] },
}

/** One after each end that used something: its number, and the sum so far. */
type Sums = { readonly seq: number; readonly sum: Spending }[]

interface Known {
  read: number
  readonly byPath: Map<string, Sums>
}
const known = new WeakMap<Timeline, Known>()

/** What the node at `path` has used by entry `seq`, in all of its activations and, of a sub-spell, within it; with an empty path: the whole run. Undefined: nothing. */
export function spendingOf(timeline: Timeline, path: string, seq: number): Spending | undefined {
  const found = known.get(timeline) ?? { read: 0, byPath: new Map<string, Sums>() }
  known.set(timeline, found)
  for (; found.read < timeline.entries.length; found.read++) {
    const entry = timeline.entries[found.read]
    if (entry) note(found.byPath, entry)
  }
  const sums = found.byPath.get(path)
  return sums?.findLast(one => one.seq <= seq)?.sum
}

function note(byPath: Known['byPath'], entry: Entry): void {
  // What was taken over from before was not paid again.
  if (entry.kind !== 'node.ended' || !entry.usage || entry.cached) return
  const parts = entry.node.split('/')
  for (let count = 0; count <= parts.length; count++) {
    const path = parts.slice(0, count).join('/')
    const sums = byPath.get(path) ?? []
    byPath.set(path, sums)
    sums.push({ seq: entry.seq, sum: add(sums.at(-1)?.sum ?? NOTHING, entry.usage) })
  }
}

function add(sum: Spending, { inputTokens = 0, outputTokens = 0, cost, model }: Usage): Spending {
  const isDemo = model?.startsWith('local/') ?? false
  return {
    calls: sum.calls + 1,
    inputTokens: sum.inputTokens + inputTokens,
    outputTokens: sum.outputTokens + outputTokens,
    cost: sum.cost + (cost ?? 0),
    unpriced: sum.unpriced + (cost === undefined && !isDemo ? 1 : 0),
    demo: sum.demo + (isDemo ? 1 : 0),
    models: model === undefined || sum.models.includes(model) ? sum.models : [...sum.models, model],
  }
}

/** What it cost, in a word or two: the built-in model is a demo, and an unknown price is not nothing. */
export function costInWords({
  calls,
  cost,
  unpriced,
  demo = 0,
}: Pick<Spending, 'calls' | 'cost' | 'unpriced'> & { readonly demo?: number }): string {
  if (calls > 0 && demo === calls) return 'free demo'
  if (unpriced === 0) return cost === 0 ? 'free' : formatMoney(cost)
  return cost === 0 ? 'price unknown' : `${formatMoney(cost)} and more`
}

/** Tokens in and out, in a few characters; empty where it is not tokens that are counted. */
export function tokensInWords({ inputTokens, outputTokens }: Pick<Spending, 'inputTokens' | 'outputTokens'>): string {
  if (inputTokens + outputTokens === 0) return ''
  return `${formatTokens(inputTokens)} → ${formatTokens(outputTokens)} tokens`
}
