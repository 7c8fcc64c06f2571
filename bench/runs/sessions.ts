import type { Goal, Result } from '../harness.ts'
import { atLeast, atMost, noGoal, toPartResult, toResult } from '../harness.ts'
import { ask } from '../mesh/commands.ts'
import { processorMicros } from '../mesh/processor.ts'
import { scaled } from '../mesh/scale.ts'
import { greeter } from '../start/account.ts'
import type { Program } from '../start/programs.ts'
import { openAccounts } from './systems.ts'
import type { System } from './systems.ts'

const ACCOUNTS = 5
const IN_FLIGHT = 100
const ROUNDS = 3
const ONE_MS = scaled(1_000, 300)
const MANY_MS = scaled(2_000, 500)
const BARE_MS = scaled(500, 200)
const ROWS = [1, 50, 500] as const

interface Found {
  readonly first: number[][]
  readonly end: number[][]
  readonly manyEnd: number[][]
  readonly perSecond: number[]
  /** Microseconds of processor time for each of many. */
  readonly micros: number[]
}
const nothing = (): Found => ({ first: [], end: [], manyEnd: [], perSecond: [], micros: [] })

/** Of what the floor is made of: how long each took, and rows a second by the size of the commit. */
interface Parts {
  readonly unary: number[][]
  readonly stream: number[][]
  readonly commit: number[][]
  readonly rows: Readonly<Record<number, number[]>>
}

/** A 3-node spell over sessions, durable: one in flight, and a hundred. */
export async function measureSessions(system: System, load: Program): Promise<Result[]> {
  const { url, floor } = system
  const accounts = await openAccounts(url, ACCOUNTS, greeter)
  const [ours, bare] = [nothing(), nothing()]
  const parts: Parts = { unary: [], stream: [], commit: [], rows: Object.fromEntries(ROWS.map(rows => [rows, []])) }
  for (let round = -1; round < ROUNDS; round++) {
    await ask(load, 'open', { url, kind: 'edge', accounts })
    await oneRound(load, system.pids, round < 0 ? nothing() : ours)
    await ask(load, 'open', { url: floor.url, kind: 'bare', accounts })
    await oneRound(load, floor.pids, round < 0 ? nothing() : bare)
    if (round >= 0) await measureParts(system, parts)
  }
  return [...toResults(system, ours, bare), ...toPartResults(system, ours, parts)]
}

async function oneRound(load: Program, pids: readonly number[], into: Found): Promise<void> {
  const one = await ask<{ first: number[]; end: number[] }>(load, 'one', { ms: ONE_MS })
  const given = { inFlight: IN_FLIGHT, ms: MANY_MS }
  const before = processorMicros(pids)
  const many = await ask<{ end: number[]; perSecond: number }>(load, 'many', given)
  into.first.push(one.first)
  into.end.push(one.end)
  into.manyEnd.push(many.end)
  into.perSecond.push(many.perSecond)
  into.micros.push((processorMicros(pids) - before) / many.end.length)
}

async function measureParts({ floor }: System, into: Parts): Promise<void> {
  if (!floor.edge || !floor.runner) return
  into.unary.push(await ask<number[]>(floor.edge, 'unary', { ms: BARE_MS }))
  into.stream.push(await ask<number[]>(floor.edge, 'stream', { ms: BARE_MS }))
  for (const rows of ROWS) {
    const { took, perSecond } = await ask<{ took: number[]; perSecond: number }>(floor.runner, 'commits', {
      ...{ rows, ms: BARE_MS },
    })
    into.rows[rows]?.push(perSecond)
    if (rows === 1) into.commit.push(took)
  }
}

function toResults({ name, floor }: System, ours: Found, bare: Found): Result[] {
  const row = (what: string, part: number, key: 'first' | 'end' | 'manyEnd', goal: Goal) =>
    toPartResult(
      `${what}, ${name}, p${part * 100}`,
      'ms',
      part,
      ours[key],
      { name: floor.name, blocks: bare[key] },
      goal,
    )
  const many = `session runs of 3 nodes, ${IN_FLIGHT} in flight`
  const against = { name: floor.name, values: bare.perSecond }
  return [
    row('session run of 3 nodes, one in flight', 0.5, 'end', atMost(1, 'ms')),
    row('session run of 3 nodes, one in flight', 0.99, 'end', atMost(3, 'ms')),
    toResult(`${many}, ${name}`, 'runs/s', ours.perSecond, against, atLeast(8_000, 'runs/s')),
    row(many, 0.99, 'manyEnd', noGoal),
    toResult(
      `${many}, ${name}: processor time of a run`,
      'µs',
      ours.micros,
      { name: floor.name, values: bare.micros },
      noGoal,
    ),
    row('run.start → first entry', 0.5, 'first', atMost(10, 'ms')),
    row('run.start → first entry', 0.99, 'first', atMost(40, 'ms')),
  ]
}

/** Against single parts of the floor, where they are processes. */
function toPartResults({ name }: System, ours: Found, parts: Parts): Result[] {
  if (parts.unary.length === 0) return []
  const one = `session run of 3 nodes, one in flight, ${name}, p50`
  const many = `session runs of 3 nodes, ${IN_FLIGHT} in flight, ${name}`
  const against = (part: string, blocks: number[][]) =>
    toPartResult(one, 'ms', 0.5, ours.end, { name: part, blocks }, atMost(1, 'ms'))
  return [
    against('gRPC stream round trip alone', parts.stream),
    against('gRPC unary call alone', parts.unary),
    against('PostgreSQL commit of 1 row alone', parts.commit),
    ...ROWS.map(rows =>
      toResult(
        many,
        'runs/s',
        ours.perSecond,
        { name: `PostgreSQL rows/s in commits of ${rows}`, values: parts.rows[rows] ?? [] },
        atLeast(8_000, 'runs/s'),
      ),
    ),
  ]
}
