import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from '../harness.ts'
import { atMost, toResult } from '../harness.ts'
import { reasonOf } from '../mesh/attempt.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import type { Program } from '../start/programs.ts'
import { startHub } from './stage.ts'
import type { Stage } from './stage.ts'

/** With less, what a process has in reserve from its start hides them. */
const STEPS = [scaled(1_000, 400), scaled(2_000, 800), scaled(3_000, 1_200)] as const
/** How long a process gets to collect its garbage. */
const SETTLE_MS = 1_500

const HUBS = [
  { kind: 'uws', name: 'bare uWebSockets.js socket', socket: 'bare' },
  { kind: 'ws', name: 'bare ws socket', socket: 'bare' },
  { kind: 'socket.io', name: 'bare socket.io connection', socket: 'socket.io' },
  { kind: 'feathers', name: 'bare Feathers connection', socket: 'socket.io' },
] as const

/** What a session that does nothing holds in the process of the edge: the slope of its resident memory over sessions. */
export async function measureMemory(stage: Stage): Promise<Result[]> {
  const url = await stage.mesh.startEdge()
  const edge = stage.mesh.edges.pop()
  if (!edge) throw new Error('the edge has not started')
  const ours = await slope(stage, edge.program, { kind: 'edge', urls: [url.replace('http', 'ws')], watch: false })
  await edge.program.end()
  const results: Result[] = []
  for (const { kind, name, socket } of HUBS) {
    const found = await ofHub(stage, kind, socket).then(
      values => ({ values, failure: undefined }),
      (error: unknown) => ({ values: [], failure: reasonOf(error) }),
    )
    const what = 'idle session with one open spell, in the edge'
    results.push(toResult(what, 'KB', ours, { name, ...found }, atMost(8, 'KB')))
  }
  return results
}

async function ofHub(stage: Stage, kind: string, socket: string): Promise<number[]> {
  const hub = await startHub(stage, kind)
  try {
    return await slope(stage, hub, { kind: socket, urls: [hub.ready], watch: false })
  } finally {
    await hub.end()
  }
}

/** KB by socket: between the first and the second step, and between the second and the third. */
async function slope({ crowd }: Stage, program: Program, opening: object): Promise<number[]> {
  const found: number[] = []
  try {
    for (const count of STEPS) {
      await ask(crowd, 'open', { ...opening, count })
      // What starting it has left behind takes longer to go.
      found.push(await residentKb(program, found.length === 0 ? 4 : 2))
    }
  } finally {
    await ask(crowd, 'leave')
  }
  const [first = 0, second = 0, third = 0] = found
  return [(second - first) / (STEPS[1] - STEPS[0]), (third - second) / (STEPS[2] - STEPS[1])]
}

async function residentKb({ pid }: Program, collections: number): Promise<number> {
  for (let times = 0; times < collections; times++) {
    process.kill(pid, 'SIGUSR2')
    await sleep(SETTLE_MS / 2)
  }
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kb === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`)
  return Number(kb)
}
