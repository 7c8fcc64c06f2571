import type { Result } from '../harness.ts'
import { atMost, noGoal, toPartResult, toResult } from '../harness.ts'
import { sharedMicros } from '../mesh/clock.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import { edgeUrls } from './stage.ts'
import type { Stage } from './stage.ts'

const MISSED = scaled(10_000, 3_000)
const REJOINS = 5
const WITHIN_MS = 50_000
/** Of an edge that is killed. */
const CLIENTS = scaled(1_000, 20)
/** Entries that go on while sockets are away. */
const PER_SECOND = scaled(2_000)

interface Back {
  readonly ms: number
  readonly each: readonly number[]
  readonly tries: number
}

/** All sockets drop at once, while entries go on. */
export async function measureDrop(stage: Stage, bareMs: readonly number[]): Promise<Result[]> {
  const { ms, each } = await whileGoing(stage, () => ask<Back>(stage.crowd, 'drop', { withinMs: WITHIN_MS }))
  const what = `${stage.members} sockets dropped at once`
  const bare = { name: 'bare uWebSockets.js sockets, connected again', values: bareMs.map(one => one / 1000) }
  return [
    toResult(`${what}: all resumed without a gap`, 's', [ms / 1000], bare, atMost(10, 's')),
    toPartResult(`${what}: p50`, 'ms', 0.5, [each], undefined, noGoal),
  ]
}

/** The edge is killed; clients go to another one. */
export async function measureKilledEdge(stage: Stage): Promise<Result[]> {
  const { crowd, mesh } = stage
  await ask(crowd, 'shrink', { count: CLIENTS })
  await ask(crowd, 'settled', { withinMs: WITHIN_MS })
  const [first] = mesh.edges
  if (!first || mesh.edges.length < 2) throw new Error('there must be two edges')
  const { ms, each } = await whileGoing(stage, async () => {
    const began = sharedMicros()
    const back = ask<Back>(crowd, 'back', { began, withinMs: WITHIN_MS })
    await first.program.end()
    return back
  })
  mesh.edges.shift()
  const what = `edge killed, ${CLIENTS} clients go to another one`
  return [
    toResult(`${what}: all back without a gap`, 's', [ms / 1000], undefined, atMost(6, 's')),
    toPartResult(`${what}: p50`, 'ms', 0.5, [each], undefined, noGoal),
  ]
}

async function whileGoing(stage: Stage, work: () => Promise<Back>): Promise<Back> {
  const { crowd, driver } = stage
  await ask(crowd, 'mark')
  const going = ask(driver, 'entries', { perSecond: PER_SECOND, ms: 5_000 })
  const back = await work()
  await going
  const faults = await ask<string[]>(crowd, 'faults')
  if (faults.length > 0) throw new Error(`${faults.length} faults, the first: ${faults[0]}`)
  return back
}

/** A client of the SDK that was away, and missed many entries of the run that it follows. */
export async function measureRejoin(stage: Stage): Promise<Result[]> {
  const { crowd, driver, members, mesh } = stage
  const url = mesh.edges.at(-1)?.url ?? edgeUrls(stage)[0] ?? ''
  const index = members - 1
  const times: number[] = []
  const reads: number[] = []
  await ask(crowd, 'follow', { url, index })
  for (let round = 0; round < REJOINS; round++) {
    await ask(crowd, 'cut')
    const { last } = await ask<{ last: number }>(driver, 'bulk', { index, entries: MISSED })
    times.push(await ask<number>(crowd, 'rejoin', { last }))
    reads.push(await ask<number>(driver, 'read', { index, after: last - MISSED }))
  }
  const floor = { name: 'PostgreSQL: the same entries in one query', values: reads }
  return [toResult(`rejoin with ${MISSED} missed entries, by client/`, 'ms', times, floor, atMost(200, 'ms'))]
}
