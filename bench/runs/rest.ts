import { fileURLToPath } from 'node:url'
import type { Result } from '../harness.ts'
import { atLeast, atMost, noGoal, toPartResult, toResult } from '../harness.ts'
import { reasonOf } from '../mesh/attempt.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import { greeter } from '../start/account.ts'
import type { Program, Workshop } from '../start/programs.ts'
import { requestText } from './http-lines.ts'
import { openAccounts } from './systems.ts'
import type { System } from './systems.ts'

const NODE_RED = fileURLToPath(new URL('./node-red.ts', import.meta.url))
const ACCOUNTS = 5
const CONNECTIONS = 100
const ROUNDS = 3
const MS = scaled(1_500, 500)
const PER_SECOND = scaled(2_000, 100)
const GREETING = 'Hello world'

interface Asked {
  readonly took: number[]
  readonly perSecond: number
}
interface Target {
  readonly name: string
  readonly url: string
  readonly asked: readonly string[]
  readonly expected: string
  readonly rates: number[]
  readonly many: number[][]
  readonly one: number[][]
}

/** The same spell by REST, which waits for its end. */
export async function measureRest(workshop: Workshop, system: System, load: Program): Promise<Result[]> {
  const accounts = await openAccounts(system.url, ACCOUNTS, greeter)
  const asked = accounts.map(({ token, spell }) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    return requestText('POST', `${system.url}/v1/spells/${spell}/runs`, headers, '{"inputs":{}}')
  })
  const ours = toTarget('ours', system.url, asked, `"greeting":"${GREETING}"`)
  const livez = toTarget('GET /livez of the same server', system.url, [requestText('GET', `${system.url}/livez`, {})])
  const peer = await startNodeRed(workshop)
  const targets = [ours, livez, ...(typeof peer === 'string' ? [] : [peer.target])]
  for (let round = -1; round < ROUNDS; round++) for (const target of targets) await measure(load, target, round < 0)
  await connect(load, ours)
  const paced: number[][] = []
  for (let round = 0; round < ROUNDS; round++) {
    const given = { perSecond: PER_SECOND, ms: MS, expected: ours.expected }
    paced.push((await ask<{ took: number[] }>(load, 'pace', given)).took)
  }
  if (typeof peer !== 'string') await peer.program.end()
  return toResults(system, [ours, livez], typeof peer === 'string' ? peer : peer.target, paced)
}

const toTarget = (name: string, url: string, asked: readonly string[], expected = ''): Target => ({
  ...{ name, url, asked, expected, rates: [], many: [], one: [] },
})

const connect = (load: Program, { url, asked }: Target) =>
  ask(load, 'connect', { url, asked, connections: CONNECTIONS })

async function measure(load: Program, target: Target, isWarmUp: boolean): Promise<void> {
  await connect(load, target)
  const { expected } = target
  const given = { ms: isWarmUp ? MS / 2 : MS, expected }
  const many = await ask<Asked>(load, 'ask', { ...given, connections: CONNECTIONS })
  const one = await ask<Asked>(load, 'ask', { ...given, ms: MS / 4, connections: 1 })
  if (isWarmUp) return
  target.rates.push(many.perSecond)
  target.many.push(many.took)
  target.one.push(one.took)
}

function toResults(
  { name }: System,
  [ours, livez]: readonly [Target, Target],
  peer: Target | string,
  paced: number[][],
): Result[] {
  const many = `REST runs of 3 nodes, ${CONNECTIONS} in flight, ${name}`
  const one = `REST run of 3 nodes, one at a time, ${name}`
  const goal = atLeast(4_000, 'runs/s')
  const red = 'Node-RED, nothing durable'
  return [
    toResult(many, 'runs/s', ours.rates, { name: livez.name, values: livez.rates }, goal),
    typeof peer === 'string'
      ? toResult(many, 'runs/s', ours.rates, { name: red, values: [], failure: peer }, goal)
      : toResult(many, 'runs/s', ours.rates, { name: red, values: peer.rates }, goal),
    toPartResult(`${many}, p99`, 'ms', 0.99, ours.many, { name: livez.name, blocks: livez.many }, noGoal),
    toPartResult(`${one}, p50`, 'ms', 0.5, ours.one, { name: livez.name, blocks: livez.one }, noGoal),
    toPartResult(
      `REST run at ${PER_SECOND}/s, from when it was due, ${name}, p99`,
      'ms',
      0.99,
      paced,
      undefined,
      atMost(25, 'ms'),
    ),
  ]
}

/** Answers why not, where it does not start. */
async function startNodeRed(workshop: Workshop): Promise<{ program: Program; target: Target } | string> {
  try {
    const program = await workshop.start(NODE_RED)
    const asked = [requestText('GET', `${program.ready}/run`, {})]
    return { program, target: toTarget('Node-RED', program.ready, asked, GREETING) }
  } catch (error) {
    return reasonOf(error)
  }
}
