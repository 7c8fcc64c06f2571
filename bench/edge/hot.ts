import type { Result } from '../harness.ts'
import { atLeast, toResult } from '../harness.ts'
import { reasonOf } from '../mesh/attempt.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import type { Program } from '../start/programs.ts'
import { edgeUrls, startHub } from './stage.ts'
import type { Stage } from './stage.ts'

const WATCHERS = scaled(1_000, 20)
const PER_TURN = 20
/** How far events may be ahead of a client: as much as an edge keeps for a socket before it lets it lag is more. */
const AHEAD = 400
const ROUNDS = 3
const MS = scaled(2_000, 500)

/** Whom the same is asked, and how many entries of it take about a second or two. */
const HUBS = [
  { kind: 'uws', name: 'bare uWebSockets.js publish, 20 in a turn', socket: 'bare', entries: 6_000 },
  { kind: 'ws', name: 'ws', socket: 'bare', entries: 400 },
  { kind: 'socket.io', name: 'socket.io', socket: 'socket.io', entries: 400 },
  { kind: 'feathers', name: 'Feathers on socket.io', socket: 'socket.io', entries: 200 },
] as const

/** One run that everybody watches: deliveries a second. */
export async function measureHot(stage: Stage): Promise<Result[]> {
  const ours = await measureOurs(stage)
  const results: Result[] = []
  for (const { kind, name, socket, entries } of HUBS) {
    const found = await measureHub(stage, kind, socket, entries).then(
      values => ({ values, failure: undefined }),
      (error: unknown) => ({ values: [], failure: reasonOf(error) }),
    )
    const what = `one hot run, ${WATCHERS} watchers`
    results.push(toResult(what, 'deliveries/s', ours, { name, ...found }, atLeast(1_000_000, 'deliveries/s')))
  }
  return results
}

async function measureOurs(stage: Stage): Promise<number[]> {
  const { crowd, driver } = stage
  const rates: number[] = []
  const last = edgeUrls(stage).slice(-1)
  const index = 0
  try {
    await ask(crowd, 'open', { kind: 'edge', urls: last, count: WATCHERS, one: index, stamps: false })
    await ask(crowd, 'progress', { every: 40, by: 'bus' })
    for (let round = 0; round < ROUNDS; round++) rates.push(await rateOf(stage, driver, { index, entries: 800 }))
  } finally {
    await ask(crowd, 'leave')
  }
  return rates
}

async function measureHub(stage: Stage, kind: string, socket: string, entries: number): Promise<number[]> {
  const { crowd } = stage
  const hub = await startHub(stage, kind)
  const rates: number[] = []
  try {
    await ask(crowd, 'open', { kind: socket, urls: [hub.ready], count: WATCHERS, stamps: false })
    await ask(crowd, 'progress', { every: 40, by: 'socket' })
    for (let round = 0; round < ROUNDS; round++) rates.push(await rateOf(stage, hub, { entries }))
  } finally {
    await ask(crowd, 'leave')
    await hub.end()
  }
  return rates
}

/** Sends a little, to learn how much takes the time that is measured; then that. */
async function rateOf({ crowd }: Stage, source: Program, given: { index?: number; entries: number }): Promise<number> {
  const first = await send(crowd, source, given)
  const entries = Math.ceil(((first / WATCHERS) * MS) / 1000 / PER_TURN) * PER_TURN
  return send(crowd, source, { ...given, entries })
}

async function send(crowd: Program, source: Program, given: { index?: number; entries: number }): Promise<number> {
  await ask(crowd, 'mark')
  const sending = ask<{ began: number }>(source, 'hot', { perTurn: PER_TURN, ahead: AHEAD, ...given })
  const count = given.entries * WATCHERS
  const [{ began }, { at }] = await Promise.all([
    sending,
    ask<{ at: number }>(crowd, 'received', { count, withinMs: 30_000 }),
  ])
  const faults = await ask<string[]>(crowd, 'faults')
  if (faults.length > 0) throw new Error(`${faults.length} faults, the first: ${faults[0]}`)
  return (count / (at - began)) * 1e6
}
