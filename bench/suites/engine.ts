import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { replay } from '#graph/replay.ts'
import { chain, fan, host, loop, runOnce } from '../engine/kit.ts'
import { chainByHand, fanByHand, loopByHand } from '../engine/limit.ts'
import type { Suite } from '../harness.ts'
import { atMost, measure, noGoal, perSecond, quantile, ratioAtLeast, toResult } from '../harness.ts'

const byHand = 'by hand, async calls with one event object each'
const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`)

/** Nodes per second against the limit, and what the engine costs beside. */
export const suite: Suite = {
  about: 'nodes per second with the journal in memory, against the same work written by hand in the same process',
  async run(report) {
    report(await nodesPerSecond('chain of 1,000', chain(1000), 1000, () => chainByHand(names(1000))))
    report(await nodesPerSecond('fan 1 → 1,000 → 1', fan(1000), 1000, () => fanByHand(names(1000))))
    const list = Array.from({ length: 10_000 }, (_, i) => i)
    report(await nodesPerSecond('loop 10,000 × 5', loop(5), 50_000, () => loopByHand(10_000, names(5)), { list }))
    report(await startLatency())
    for (const count of [10, 100, 1000, 10_000, 100_000]) report(await costPerNode(count))
    report(await evenness())
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
    ours: () => perSecond(async () => ((await runOnce(plan, inputs)).length > nodes ? nodes : Number.NaN)),
    against: { name: byHand, measure: () => perSecond(async () => (await limit()).length) },
    goal: ratioAtLeast(0.5),
  })
}

async function startLatency() {
  const plan = chain(3)
  const microseconds = async (work: () => Promise<unknown>) => 1e6 / (await perSecond(async () => (await work(), 1)))
  return measure({
    name: 'a run of 3 nodes, from start to end',
    unit: 'µs',
    ours: () => microseconds(() => runOnce(plan)),
    against: { name: byHand, measure: () => microseconds(() => chainByHand(names(3))) },
    goal: atMost(5, 'µs'),
  })
}

const costs = new Map<number, number>()

async function costPerNode(count: number) {
  const plan = chain(count)
  const result = await measure({
    name: `cost of a node in a chain of ${count.toLocaleString('en')}`,
    unit: 'ns',
    ours: async () => 1e9 / (await perSecond(async () => (await runOnce(plan), count))),
    goal: noGoal,
    rounds: 9,
  })
  costs.set(count, result.ours)
  return result
}

/** The dearest node of all chain lengths against the cheapest. */
async function evenness() {
  const all = [...costs.values()]
  return toResult(
    'cost of a node, dearest length against cheapest',
    'times',
    [Math.max(...all) / Math.min(...all)],
    undefined,
    atMost(1.2, 'times (±20 %)'),
  )
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

async function replaying() {
  const plan = loop(5)
  const journal = await runOnce(plan, { list: Array.from({ length: 16_667 }, (_, i) => i) })
  const entries = journal.length
  const turn = { now: host.now, turn: host.turn }
  const times: number[] = []
  for (let round = 0; round < 9; round++) {
    const began = performance.now()
    const { entries: followed } = await replay(plan, journal, turn)
    if (followed !== entries) throw new Error(`${followed} of ${entries} entries were followed`)
    times.push(((performance.now() - began) / entries) * 100_000)
  }
  return toResult(`replay of 100,000 entries (measured over ${entries.toLocaleString('en')})`, 'ms', times, undefined, {
    text: `≤ 300 ms (p90 ${quantile(times, 0.9).toFixed(0)})`,
    met: ours => ours <= 300,
  })
}
