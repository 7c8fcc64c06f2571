import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from '../harness.ts'
import { atMost, noGoal, toResult } from '../harness.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import type { Program } from '../start/programs.ts'
import type { Stage } from './stage.ts'

const SETTLE_MS = 3_000

/** What a process that answers holds with a thousand answers under way, each of which says a token now and then. */
export async function measureStreams({ completion, askers }: Stage): Promise<Result[]> {
  const count = scaled(1_000, 50)
  const idle = await residentMb(completion)
  await ask(askers.grpc, 'open', { count })
  const full = await residentMb(completion, false)
  const held = await residentMb(completion)
  await ask(askers.grpc, 'close')
  const after = await residentMb(completion)
  const bare = { name: 'the same process before', values: [idle] }
  return [
    toResult(`memory with ${count} open streams`, 'MB', [full], bare, atMost(300, 'MB')),
    toResult('of it for one stream', 'KB', [((held - idle) * 1024) / count], undefined, noGoal),
    toResult('memory after they were closed', 'MB', [after], bare, noGoal),
  ]
}

/** Resident memory, as the kernel counts it, some seconds from now; without what is garbage, where it is told to collect it. */
async function residentMb({ pid }: Program, collect = true): Promise<number> {
  if (collect) process.kill(pid, 'SIGUSR2')
  await sleep(SETTLE_MS)
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kb === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`)
  return Number(kb) / 1024
}
