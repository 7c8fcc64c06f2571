import { replayRun } from '#client/index.ts'
import type { Plan } from '#graph/plan.ts'
import { compareMemory, compareSpeed, LIMIT, PEERS } from '../engine/against.ts'
import { namesOf } from '../engine/contender.ts'
import { chain, loop, runInto, runOnce } from '../engine/kit.ts'
import { chainByHand } from '../engine/limit.ts'
import { ensurePeers } from '../engine/peers.ts'
import type { Result, Suite } from '../harness.ts'
import { atMost, noGoal, perSecond, toResult } from '../harness.ts'

const BY_HAND = 'by hand (async calls, an event each)'

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

/**
 * What a node costs in chains of all lengths, all of them in each round, and the dearest length against the cheapest. Once more with the
 * entries handed on instead of kept, and the start of a run taken off: that is how far the engine itself is from even.
 */
async function costPerNode(): Promise<Result[]> {
  const ways = {
    kept: (count: number, plan: Plan) => timeOf(count, () => runOnce(plan)),
    byHand: (names: readonly string[]) => timeOf(names.length, () => chainByHand(names)),
    handedOn: (count: number, plan: Plan) => timeOf(count, () => runInto(plan, {}, ignore)),
  }
  const one = chain(1)
  const lines = LENGTHS.map(count => ({
    count,
    plan: chain(count),
    names: namesOf(count),
    kept: none(),
    byHand: none(),
    handedOn: none(),
  }))
  for (let round = -2; round < ROUNDS; round++) {
    const start = await ways.handedOn(1, one)
    for (const line of lines) {
      const { count, plan, names } = line
      const [kept, byHand, handedOn] = [
        await ways.kept(count, plan),
        await ways.byHand(names),
        await ways.handedOn(count, plan),
      ]
      if (round < 0) continue
      line.kept.push(kept / count)
      line.byHand.push(byHand / count)
      line.handedOn.push((handedOn - start) / (count - 1))
    }
  }
  return [
    ...lines.map(({ count, kept, byHand }) =>
      toResult(
        `cost of a node in a chain of ${count.toLocaleString('en')}`,
        'ns',
        kept,
        { name: BY_HAND, values: byHand },
        noGoal,
      ),
    ),
    toResult(
      'cost of a node, dearest length against cheapest',
      'times',
      unevenness(lines.map(line => line.kept)),
      { name: BY_HAND, values: unevenness(lines.map(line => line.byHand)) },
      atMost(1.2, 'times (±20 %)'),
    ),
    toResult(
      'the same, entries handed on, without the start of the run',
      'times',
      unevenness(lines.map(line => line.handedOn)),
      undefined,
      noGoal,
    ),
  ]
}

const none = (): number[] => []
const ignore = () => undefined

/** Nanoseconds of one run. */
async function timeOf(count: number, work: () => Promise<unknown>): Promise<number> {
  return (1e9 / (await perSecond(async () => (await work(), count)))) * count
}

/** By round: the dearest against the cheapest. */
function unevenness(costs: readonly (readonly number[])[]): number[] {
  return Array.from({ length: ROUNDS }, (_, round) => {
    const all = costs.map(cost => cost[round] ?? Number.NaN)
    return Math.max(...all) / Math.min(...all)
  })
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
