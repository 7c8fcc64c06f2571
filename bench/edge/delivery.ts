import { ask } from '../mesh/commands.ts'
import { processorMicros } from '../mesh/processor.ts'
import { scaled } from '../mesh/scale.ts'
import { readDelays } from '../mesh/stamps.ts'
import type { Result } from '../harness.ts'
import { atMost, noGoal, toPartResult, toResult } from '../harness.ts'
import { edgeUrls, startFloorEdge } from './stage.ts'
import type { Stage } from './stage.ts'

const ENTRIES_PER_SECOND = scaled(10_000)
const CHUNKS_PER_SECOND = scaled(50_000)
const WINDOW_MS = scaled(3_000, 1_000)
/** Of tokens, at once. */
const STREAMS = 1_000
const FLOOR = 'bare NATS → bare uWebSockets.js, the same events'

/** Delays by block, in milliseconds. */
export interface Delays {
  readonly entries: number[][]
  readonly chunks: number[][]
  readonly rates: number[]
  /** Until all sockets were back that had dropped at once. */
  readonly drops: number[]
}
export const noDelays = (): Delays => ({ entries: [], chunks: [], rates: [], drops: [] })

type Way = 'entries' | 'chunks'

/** Events to whoever is there, after a moment of warming up. */
export async function deliver(stage: Stage, into: Delays, rounds: number): Promise<void> {
  await once(stage, 'entries', WINDOW_MS / 3)
  for (let round = 0; round < rounds; round++) into.entries.push((await once(stage, 'entries', WINDOW_MS)).delays)
  await once(stage, 'chunks', WINDOW_MS / 3)
  for (let round = 0; round < rounds; round++) {
    const { delays, perSecond } = await once(stage, 'chunks', WINDOW_MS)
    into.chunks.push(delays)
    into.rates.push(perSecond)
  }
}

async function once({ driver, crowd, stamps, members }: Stage, way: Way, ms: number) {
  await ask(crowd, 'mark')
  const perSecond = way === 'entries' ? ENTRIES_PER_SECOND : CHUNKS_PER_SECOND
  const streams = Math.min(STREAMS, members)
  const sent = await ask<{ first: number; count: number; perSecond: number }>(driver, way, { perSecond, ms, streams })
  await ask(crowd, 'received', { count: sent.count, withinMs: 15_000 })
  await ask(crowd, 'stamps')
  const faults = await ask<string[]>(crowd, 'faults')
  if (faults.length > 0) throw new Error(`${faults.length} faults, the first: ${faults[0]}`)
  const { delays, missing } = readDelays(stamps, sent.first, sent.count)
  if (missing > 0) throw new Error(`${missing} of ${sent.count} events did not arrive`)
  return { delays, perSecond: sent.perSecond }
}

/** The same to sockets of the least that can pass them on. */
export async function deliverBare(stage: Stage, into: Delays): Promise<void> {
  const { crowd, members } = stage
  const floor = await startFloorEdge(stage)
  try {
    await ask(crowd, 'open', { kind: 'bare', urls: [floor.ready], count: members })
    await deliver(stage, into, 1)
    into.drops.push((await ask<{ ms: number }>(crowd, 'drop', { withinMs: 50_000 })).ms)
  } finally {
    await ask(crowd, 'leave')
    await floor.end()
  }
}

/** Opens a session for everybody, that watches its run. */
export async function openSessions(stage: Stage): Promise<Result[]> {
  const { crowd, members, mesh } = stage
  const before = processorMicros(mesh.pids())
  const { ms } = await ask<{ ms: number }>(crowd, 'open', { kind: 'edge', urls: edgeUrls(stage), count: members })
  const each = (processorMicros(mesh.pids()) - before) / members
  const what = `${members} sessions that each open a spell and watch a run`
  return [
    toResult(what, 'sessions/s', [(members / ms) * 1000], undefined, noGoal),
    toResult(`${what}: processor time of one, all processes`, 'µs', [each], undefined, noGoal),
  ]
}

export function toDeliveryResults({ members }: Stage, ours: Delays, bare: Delays): Result[] {
  const entries = `commit → client, ${members} sockets, ${ENTRIES_PER_SECOND} entries/s`
  const chunks = `token → client, ${CHUNKS_PER_SECOND}/s of ${Math.min(STREAMS, members)} streams`
  const row = (name: string, part: number, way: Way, goal = noGoal) =>
    toPartResult(`${name}, p${part * 100}`, 'ms', part, ours[way], { name: FLOOR, blocks: bare[way] }, goal)
  return [
    row(entries, 0.5, 'entries', atMost(4, 'ms')),
    row(entries, 0.99, 'entries', atMost(20, 'ms')),
    row(chunks, 0.5, 'chunks'),
    row(chunks, 0.99, 'chunks', atMost(15, 'ms')),
    toResult(`${chunks}: handed over`, 'tokens/s', ours.rates, { name: FLOOR, values: bare.rates }, noGoal),
  ]
}
