import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { replayRun } from '#client/index.ts'
import { chain, fan, loop, runOnce } from '../engine/kit.ts'
import { chainByHand, fanByHand, loopByHand } from '../engine/limit.ts'
import type { Result, Suite } from '../harness.ts'
import { atMost, measure, median, noGoal, perSecond, quantile, ratioAtLeast, toResult } from '../harness.ts'

const byHand = 'by hand, async calls with one event object each'
const WINDOW_MS = 200
const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`)

/** Nodes per second against the limit, and what the engine costs beside. */
export const suite: Suite = {
  about: 'nodes per second with the journal in memory, against the same work written by hand in the same process',
  async run(report) {
    const [thousand, five] = [names(1000), names(5)]
    const list = Array.from({ length: 10_000 }, (_, i) => i)
    report(await nodesPerSecond('chain of 1,000', chain(1000), 1000, () => chainByHand(thousand)))
    report(await nodesPerSecond('fan 1 → 1,000 → 1', fan(1000), 1000, () => fanByHand(thousand)))
    report(await nodesPerSecond('loop 10,000 × 5', loop(5), 50_000, () => loopByHand(10_000, five), { list }))
    report(await startLatency())
    for (const result of await costPerNode()) report(result)
    report(memory())
    report(await replaying())
  },
}

function nodesPerSecond(
  name: string,
  plan: ReturnType<typeof chain>,
  nodes: number,
  limit: () => Promise<readonly unknown[]>,
  inputs = {},
) {
  return measure({
    name,
    unit: 'nodes/s',
    ours: () => perSecond(async () => ((await runOnce(plan, inputs)).length > nodes ? nodes : Number.NaN), WINDOW_MS),
    against: { name: byHand, measure: () => perSecond(async () => (await limit()).length, WINDOW_MS) },
    goal: ratioAtLeast(0.5),
  })
}

async function startLatency() {
  const plan = chain(3)
  const three = names(3)
  const microseconds = async (work: () => Promise<unknown>) => 1e6 / (await perSecond(async () => (await work(), 1)))
  return measure({
    name: 'a run of 3 nodes, from start to end',
    unit: 'µs',
    ours: () => microseconds(() => runOnce(plan)),
    against: { name: byHand, measure: () => microseconds(() => chainByHand(three)) },
    goal: atMost(5, 'µs'),
  })
}

const LENGTHS = [10, 100, 1000, 10_000, 100_000] as const
const ROUNDS = 9

/** What a node costs in chains of all lengths, all of them in each round, and the dearest length against the cheapest. */
async function costPerNode(): Promise<Result[]> {
  const lines = LENGTHS.map(count => ({
    count,
    plan: chain(count),
    names: names(count),
    ours: [] as number[],
    limit: [] as number[],
  }))
  const cost = async (count: number, work: () => Promise<unknown>) =>
    1e9 / (await perSecond(async () => (await work(), count)))
  for (let round = -2; round < ROUNDS; round++)
    for (const line of lines) {
      const ours = await cost(line.count, () => runOnce(line.plan))
      const limit = await cost(line.count, () => chainByHand(line.names))
      if (round < 0) continue
      line.ours.push(ours)
      line.limit.push(limit)
    }
  const unevenness = (key: 'ours' | 'limit') =>
    Array.from({ length: ROUNDS }, (_, round) => {
      const all = lines.map(line => line[key][round] ?? Number.NaN)
      return Math.max(...all) / Math.min(...all)
    })
  const medians = (key: 'ours' | 'limit') => {
    const all = lines.map(line => median(line[key]))
    return Math.max(...all) / Math.min(...all)
  }
  const even = toResult(
    'cost of a node, dearest length against cheapest',
    'times',
    [medians('ours')],
    { name: byHand, values: [medians('limit')] },
    atMost(1.2, 'times (±20 %)'),
  )
  const rounds = unevenness('ours')
  return [
    ...lines.map(({ count, ours, limit }) =>
      toResult(
        `cost of a node in a chain of ${count.toLocaleString('en')}`,
        'ns',
        ours,
        { name: byHand, values: limit },
        noGoal,
      ),
    ),
    { ...even, spread: [quantile(rounds, 0.1), quantile(rounds, 0.9)] },
  ]
}

function memory() {
  const script = fileURLToPath(new URL('../engine/memory.ts', import.meta.url))
  const raised = [1, 2, 3].map(() =>
    Number(
      execFileSync(process.execPath, ['--expose-gc', '--disable-warning=ExperimentalWarning', script], {
        encoding: 'utf8',
      }),
    ),
  )
  return toResult('memory of 100 runs of 1,000 nodes at once, above idle', 'MB', raised, undefined, atMost(150, 'MB'))
}

/** As the browser replays a run that has ended, with what every node read. */
async function replaying() {
  const plan = loop(5)
  const entries = await runOnce(plan, { list: Array.from({ length: 16_667 }, (_, i) => i) })
  const count = entries.length
  const times: number[] = []
  for (let round = 0; round < 9; round++) {
    const began = performance.now()
    const observed = await replayRun(plan, { entries })
    // Five steps each, and what is around them.
    if (observed.length < 5 * 16_667) throw new Error(`${observed.length} activations were replayed`)
    times.push(((performance.now() - began) / count) * 100_000)
  }
  return toResult(
    `replay of 100,000 entries by client/, in Node (measured over ${count.toLocaleString('en')})`,
    'ms',
    times,
    undefined,
    atMost(300, 'ms'),
  )
}
