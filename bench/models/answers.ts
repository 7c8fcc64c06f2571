import type { Goal, Result } from '../harness.ts'
import { median, quantile, ratioAtLeast, toResult } from '../harness.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import type { Stage } from './stage.ts'
import type { Way } from './ways.ts'

const ROUNDS = 9
const WAYS: readonly Way[] = ['bare', 'memory', 'grpc']
const OURS = { memory: 'in memory', grpc: 'over gRPC' } as const
const BARE = 'the openai package'
const MOST_ADDED_MS = 2

/** What was measured in each round. */
type ByWay = Record<Way, number[][]>

/** Time to the first token and tokens a second, of completion and of the openai package alone: one stream, and a hundred at once. */
export async function measureAnswers(stage: Stage): Promise<Result[]> {
  const tokens = scaled(20_000, 200)
  // Compilers and connections warm up.
  await inTurns(stage, 2, 'all', { streams: 100, tokens: tokens / 100 })
  const firsts = await inTurns(stage, ROUNDS, 'firsts', { count: scaled(60, 10) })
  const among = { streams: 100, tokens: 50, rounds: 3 }
  const firstsAmong = await inTurns(stage, Math.ceil(ROUNDS / 2), 'firstsAmong', among)
  const alone = await inTurns(stage, ROUNDS, 'all', { streams: 1, tokens })
  const hundred = await inTurns(stage, ROUNDS, 'all', { streams: 100, tokens: (tokens * 2) / 100 })
  return [
    ...toRows('first token, 1 stream', 'ms', firsts, addsAtMost),
    // What it takes while nothing else is in the way, on a machine that is not quiet.
    ...toRows('first token, 1 stream, p10', 'ms', firsts, addsAtMost, 0.1),
    ...toRows('first token, among 100 streams of 50 tokens/s', 'ms', firstsAmong, addsAtMost),
    ...toRows('first token, among 100 streams of 50 tokens/s, p10', 'ms', firstsAmong, addsAtMost, 0.1),
    ...toRows('1 stream', 'tokens/s', alone, () => ratioAtLeast(0.9)),
    ...toRows('100 streams', 'tokens/s', hundred, () => ratioAtLeast(0.9)),
  ]
}

/** The same of all ways, in turns; whoever goes first moves on. */
async function inTurns({ askers }: Stage, rounds: number, command: string, given: object): Promise<ByWay> {
  const found: ByWay = { bare: [], memory: [], grpc: [] }
  for (let round = 0; round < rounds; round++)
    for (const [index] of WAYS.entries()) {
      const way = WAYS[(index + round) % WAYS.length] ?? 'bare'
      found[way].push([await ask<number | number[]>(askers[way], command, given)].flat())
    }
  return found
}

function toRows(what: string, unit: string, found: ByWay, goal: (bare: number) => Goal, part = 0.5): Result[] {
  const valuesOf = (way: Way) => found[way].map(values => quantile(values, part))
  const bare = valuesOf('bare')
  return (['memory', 'grpc'] as const).map(way => {
    const ours = valuesOf(way)
    const ratios = ours.map((value, round) => value / (bare[round] ?? Number.NaN))
    return toResult(`${what}, ${OURS[way]}`, unit, ours, { name: BARE, values: bare, ratios }, goal(median(bare)))
  })
}

function addsAtMost(bare: number): Goal {
  return { text: `≤ ${MOST_ADDED_MS} ms more`, met: ours => ours - bare <= MOST_ADDED_MS }
}
