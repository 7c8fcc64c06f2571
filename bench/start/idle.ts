import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from '../harness.ts'
import { atMost, noGoal, toResult } from '../harness.ts'
import { startPglite, startServer } from './boot.ts'
import type { Program, Workshop } from './programs.ts'

const SETTLE_MS = 10_000
// Long enough that the one collection of garbage after a start does not pass for what idling costs.
const WATCH_MS = 25_000
const BARE = 'bare Node that opened such a folder with PGlite'

interface Found {
  readonly mb: number[]
  readonly cpu: number[]
}

/** Memory and processor of processes that have nothing to do, 10 s after they were ready: after the first start in a folder and after a later one. */
export async function measureIdle(workshop: Workshop, folder: string, rounds = 1): Promise<Result[]> {
  const found = { first: empty(), again: empty(), bareFirst: empty(), bareAgain: empty() }
  const bareFolder = workshop.folder()
  const made = await startPglite(workshop, bareFolder)
  await made.stop()
  for (let round = 0; round < rounds; round++) {
    const programs = {
      first: await startServer(workshop, workshop.folder()),
      again: await startServer(workshop, folder),
      bareFirst: await startPglite(workshop, workshop.folder()),
      bareAgain: await startPglite(workshop, bareFolder),
    }
    await sleep(SETTLE_MS)
    const names = Object.keys(programs) as (keyof typeof programs)[]
    for (const name of names) found[name].mb.push(residentMb(programs[name]))
    const before = names.map(name => cpuMs(programs[name]))
    const began = performance.now()
    await sleep(WATCH_MS)
    const passed = performance.now() - began
    for (const [index, name] of names.entries())
      found[name].cpu.push(((cpuMs(programs[name]) - (before[index] ?? 0)) / passed) * 100)
    for (const name of names) await programs[name].stop()
  }
  const bare = (one: Found, key: keyof Found) => ({ name: BARE, values: one[key] })
  return [
    toResult('idle memory, folder of before', 'MB', found.again.mb, bare(found.bareAgain, 'mb'), atMost(400, 'MB')),
    toResult('idle memory, new folder', 'MB', found.first.mb, bare(found.bareFirst, 'mb'), noGoal),
    toResult('idle processor', '% of a core', found.again.cpu, undefined, atMost(1, '% of a core')),
  ]
}

const empty = (): Found => ({ mb: [], cpu: [] })

/** Resident memory, as the kernel counts it. */
function residentMb({ pid }: Program): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kb === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`)
  return Number(kb) / 1024
}

/** Time on a processor so far, of all threads. */
function cpuMs({ pid }: Program): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return (
    tasks.reduce(
      (sum, id) => sum + Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
      0,
    ) / 1e6
  )
}
