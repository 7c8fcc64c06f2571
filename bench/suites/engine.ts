import { replayRun } from '#client/index.ts'
import { compareMemory, compareSpeed, LIMIT, PEERS } from '../engine/against.ts'
import { namesOf } from '../engine/contender.ts'
import { chain, loop, runOnce } from '../engine/kit.ts'
import { chainByHand } from '../engine/limit.ts'
import { ensurePeers } from '../engine/peers.ts'
import type { Result, Suite } from '../harness.ts'
import { atMost, median, noGoal, perSecond, quantile, toResult } from '../harness.ts'

const byHand = 'by hand'

/** Nodes per second against the limit and the peers, and what the engine costs beside. */
export const suite: Suite = {
  about: 'the engine with its journal in memory, against the same work written by hand and by the peers, in turns',
  async run(report) {
    // Rivet is a development dependency of the project: it is always here.
    const opponents = [LIMIT, ...((await ensurePeers()) ? PEERS : PEERS.filter(id => id === 'rivet'))]
    await compareSpeed(opponents, report)
    await compareMemory(opponents, report)
    for (const result of await costPerNode()) report(result)
    report(await replaying())
  },
}

const LENGTHS = [10, 100, 1000, 10_000, 100_000] as const
const ROUNDS = 9

/** What a node costs in chains of all lengths, all of them in each round, and the dearest length against the cheapest. */
async function costPerNode(): Promise<Result[]> {
  const lines = LENGTHS.map(count => ({
    count,
    plan: chain(count),
    names: namesOf(count),
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
