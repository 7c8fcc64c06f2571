// The contest: everybody does the same work, in turns, each in a process of its own.
import type { Goal, Result } from '../harness.ts'
import { atMost, noGoal, ratioAtLeast, ratioAtMost, toResult } from '../harness.ts'
import { stepsOf } from './contender.ts'
import type { Shape } from './contender.ts'
import { openFighter } from './contest.ts'
import type { Fighter } from './contest.ts'

export const OURS = 'ours'
export const LIMIT = 'by-hand'
export const PEERS = ['behave-graph', 'node-red', 'rete', 'rivet', 'langgraph'] as const

/** Who gets a tenth of the runs for the memory (what they hold is told for all), and shorter loops: others take milliseconds. */
const SLOW: ReadonlySet<string> = new Set(['rivet', 'langgraph'])
const ROUNDS = 21
const WINDOW_MS = 50
const WARM_UP_MS = 400
/** Who takes longer for its first run takes part in every seventh round. */
const SLOW_MS = 500
const PATIENCE_MS = 12_000
/** Of a busy machine: without us and the limit there is nothing to tell. */
const OWN_PATIENCE_MS = 90_000
const patienceFor = (id: string) => (id === OURS || id === LIMIT ? OWN_PATIENCE_MS : PATIENCE_MS)

interface Discipline {
  readonly name: string
  readonly shape: Shape
  /** For {@link SLOW}, who take seconds for that; a node costs them as much. */
  readonly smaller?: Shape
  readonly unit: 'nodes/s' | 'µs'
  readonly goal: Goal
}

const disciplines: readonly Discipline[] = [
  { name: 'chain of 1,000', shape: { kind: 'chain', count: 1000 }, unit: 'nodes/s', goal: ratioAtLeast(0.5) },
  { name: 'fan 1 → 1,000 → 1', shape: { kind: 'fan', count: 1000 }, unit: 'nodes/s', goal: ratioAtLeast(0.5) },
  {
    name: 'loop 10,000 × 5',
    shape: { kind: 'loop', count: 5, times: 10_000 },
    smaller: { kind: 'loop', count: 5, times: 400 },
    unit: 'nodes/s',
    goal: ratioAtLeast(0.5),
  },
  { name: 'a run of 3 nodes, start to end', shape: { kind: 'chain', count: 3 }, unit: 'µs', goal: atMost(5, 'µs') },
  { name: 'chain of 100,000', shape: { kind: 'chain', count: 100_000 }, unit: 'nodes/s', goal: ratioAtLeast(0.5) },
]

/** Speed of everybody who is here, one row per discipline and opponent. */
export async function compareSpeed(opponents: readonly string[], report: (result: Result) => void): Promise<void> {
  for (const discipline of disciplines) for (const result of await contest(discipline, opponents)) report(result)
}

/** One contender in one discipline. */
interface Lane {
  readonly fighter: Fighter
  readonly shape: Shape
  /** By round. */
  readonly values: number[]
  /** What it took to run it for the first time. */
  firstMs: number
  failure?: string
}

async function contest(discipline: Discipline, opponents: readonly string[]): Promise<Result[]> {
  const lanes: Lane[] = []
  try {
    for (const id of [OURS, ...opponents]) lanes.push(await openLane(id, discipline))
    for (let round = 0; round < ROUNDS; round++)
      // Who goes first moves on by one each round: what one leaves behind in the machine hits everybody alike.
      for (let i = 0; i < lanes.length; i++) {
        const lane = lanes[(i + round) % lanes.length]
        if (lane && (lane.firstMs < SLOW_MS || round % 7 === 0)) await race(lane, WINDOW_MS, round)
      }
  } finally {
    for (const { fighter } of lanes) await fighter.close()
  }
  return toResults(discipline, lanes)
}

async function openLane(id: string, { shape, smaller }: Discipline): Promise<Lane> {
  const chosen = smaller && SLOW.has(id) ? smaller : shape
  const lane: Lane = { fighter: await openFighter(id), shape: chosen, values: [], firstMs: 0 }
  await attempt(lane, async () => {
    lane.firstMs = await lane.fighter.ask({ ask: 'open', shape: chosen }, patienceFor(id))
    if (lane.firstMs < SLOW_MS) await race(lane, WARM_UP_MS, 0)
    lane.values.length = 0
  })
  return lane
}

function race(lane: Lane, forMs: number, round: number): Promise<void> {
  return attempt(lane, async () => {
    lane.values[round] = await lane.fighter.ask(
      { ask: 'speed', shape: lane.shape, forMs },
      patienceFor(lane.fighter.id),
    )
  })
}

/** One who fails is out. */
async function attempt(lane: Lane, work: () => Promise<void>): Promise<void> {
  if (lane.failure !== undefined) return
  try {
    await work()
  } catch (error) {
    lane.values.length = 0
    lane.failure = error instanceof Error ? error.message : String(error)
  }
}

function toResults({ name, unit, goal, shape }: Discipline, lanes: readonly Lane[]): Result[] {
  const inUnit = ({ values }: Lane) => (unit === 'µs' ? values.map(each => (stepsOf(shape) / each) * 1e6) : values)
  const [ours, ...others] = lanes
  if (!ours || ours.failure !== undefined) throw new Error(`${name}: our own run failed: ${ours?.failure}`)
  const own = inUnit(ours)
  const better = unit === 'µs' ? ratioAtMost(1) : ratioAtLeast(1)
  return others.map(other => {
    const theirs = inUnit(other)
    // Round by round: what slows the machine down slows both.
    const ratios = own.map((each, round) => each / (theirs[round] ?? Number.NaN)).filter(ratio => !Number.isNaN(ratio))
    const against = { name: other.fighter.name, values: present(theirs), failure: other.failure, ratios }
    return toResult(name, unit, present(own), against, other.fighter.id === LIMIT ? goal : better)
  })
}

/** Without the rounds that were sat out. */
const present = (values: readonly number[]) => values.filter(value => value !== undefined)

/** What runs hold: everybody in turns, each time in a fresh process. */
export async function compareMemory(opponents: readonly string[], report: (result: Result) => void): Promise<void> {
  // Nothing of a run is anywhere in rete: there is nothing to weigh.
  const ids = [OURS, ...opponents.filter(id => id !== 'rete')]
  for (const memory of memories) {
    const scales: Scale[] = ids.map(id => ({ id, name: '', values: [] }))
    for (let round = 0; round < MEMORY_ROUNDS; round++)
      for (const scale of scales) if (round === 0 || !SLOW.has(scale.id)) await weigh(scale, memory)
    const [ours, ...others] = scales
    if (!ours || ours.failure !== undefined) throw new Error(`${memory.name}: our own run failed: ${ours?.failure}`)
    for (const { id, name, values, failure } of others)
      report(
        toResult(
          memory.name,
          memory.unit,
          ours.values,
          { name, values, failure },
          id === LIMIT ? memory.goal : ratioAtMost(1),
        ),
      )
  }
}

const MEMORY_ROUNDS = 3

interface Scale {
  readonly id: string
  name: string
  readonly values: number[]
  failure?: string
}

async function weigh(scale: Scale, { question, factor }: (typeof memories)[number]): Promise<void> {
  const fighter = await openFighter(scale.id)
  scale.name = fighter.name
  try {
    const runs = SLOW.has(scale.id) ? question.runs / 10 : question.runs
    scale.values.push((await fighter.ask({ ...question, runs }, patienceFor(scale.id))) * factor(runs))
  } catch (error) {
    scale.failure = error instanceof Error ? error.message : String(error)
  } finally {
    await fighter.close()
  }
}

const memories = [
  {
    name: 'memory of 100 runs of 1,000 nodes at once, above idle',
    unit: 'MB',
    goal: atMost(150, 'MB'),
    question: { ask: 'raised', runs: 100, steps: 1000 },
    factor: (runs: number) => 100 / runs / 2 ** 20,
  },
  {
    name: 'memory of a run of 3 nodes that waits',
    unit: 'KB',
    goal: noGoal,
    question: { ask: 'waiting', runs: 5000 },
    factor: () => 1 / 1024,
  },
] as const
