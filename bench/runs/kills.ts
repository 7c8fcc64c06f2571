import { setTimeout as sleep } from 'node:timers/promises'
import { rounds } from '#nodes/examples.suite.ts'
import type { Result } from '../harness.ts'
import { atMost, noGoal, toPartResult, toResult } from '../harness.ts'
import { sharedMicros } from '../mesh/clock.ts'
import { ask } from '../mesh/commands.ts'
import type { Mesh } from '../mesh/mesh.ts'
import { scaled } from '../mesh/scale.ts'
import type { Program } from '../start/programs.ts'
import { openAccounts } from './systems.ts'
import type { System } from './systems.ts'

const ACCOUNTS = 12
const RUNS_OF_EACH = 2
const KILLS = scaled(4, 2)
const WITHIN_MS = 30_000
/** Edges look for runners every two seconds. */
const KNOWN_MS = 3_000

/** Runners are killed while runs are at work: how long until a run's next entry is at its client. Every entry is checked to follow the one before. */
export async function measureKills({ url, mesh }: System, load: Program): Promise<Result[]> {
  if (!mesh) throw new Error('there are no runners to kill')
  const accounts = await openAccounts(url, ACCOUNTS, rounds(2_000, 40))
  await addRunner(mesh)
  const back: number[] = []
  let stayed = 0
  for (let kill = 0; kill < KILLS; kill++) {
    await ask(load, 'open', { url, kind: 'edge', accounts })
    await ask(load, 'begin', { each: RUNS_OF_EACH })
    const began = sharedMicros()
    await mesh.runners.shift()?.program.end()
    const found = await ask<{ moved: number[]; stayed: number }>(load, 'moved', { began, withinMs: WITHIN_MS })
    back.push(...found.moved)
    stayed += found.stayed
    await ask(load, 'cancel')
    await addRunner(mesh)
  }
  const what = `runner killed, ${KILLS} times: its runs go on`
  return [
    toPartResult(`${what}, p50`, 's', 0.5, [back], undefined, noGoal),
    toPartResult(`${what}, p99`, 's', 0.99, [back], undefined, atMost(5, 's')),
    toResult('runs that were moved by these kills', 'runs', [back.length], undefined, noGoal),
    toResult('runs of the other runner, which went on', 'runs', [stayed], undefined, noGoal),
  ]
}

async function addRunner(mesh: Mesh): Promise<void> {
  await mesh.startRunner()
  await sleep(KNOWN_MS)
}
