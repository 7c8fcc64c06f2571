import { fileURLToPath } from 'node:url'
import type { Result } from '../harness.ts'
import { atLeast, atMost, noGoal, toResult } from '../harness.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import type { Workshop } from '../start/programs.ts'

const KEEPER = fileURLToPath(new URL('./cache-keeper.ts', import.meta.url))
const ROUNDS = 9
const WAYS = { memory: 'in memory', grpc: 'through gRPC' } as const
const LEAST = { memory: 20_000, grpc: 3_000 }
const FLOORS = {
  memory: { command: 'bareMap', name: 'a bare lru-cache' },
  grpc: { command: 'bareGrpc', name: 'a bare gRPC call' },
}
const CALLERS = 1_000

/** Hits in a second of one core's time, of values that are in memory, called in one process and by gRPC with both ends on one thread; and a thousand callers of one computation. */
export async function measureCache(workshop: Workshop): Promise<Result[]> {
  const keeper = await workshop.start(KEEPER, [workshop.folder()])
  const ms = scaled(250, 50)
  const results: Result[] = []
  try {
    for (const way of ['memory', 'grpc'] as const) {
      const { command, name } = FLOORS[way]
      // Compilers warm up.
      await ask<number>(keeper, 'hits', { way, ms })
      const [ours, floor]: [number[], number[]] = [[], []]
      for (let round = 0; round < ROUNDS; round++) {
        floor.push(await ask<number>(keeper, command, { ms }))
        ours.push(await ask<number>(keeper, 'hits', { way, ms }))
      }
      const ratios = ours.map((value, round) => value / (floor[round] ?? Number.NaN))
      const goal = atLeast(LEAST[way], 'hits/s of a core')
      results.push(toResult(`cache hit, ${WAYS[way]}`, 'hits/s of a core', ours, { name, values: floor, ratios }, goal))
    }
    for (const way of ['memory', 'grpc'] as const) {
      const [times, took]: [number[], number[]] = [[], []]
      for (let round = 0; round < ROUNDS; round++) {
        const found = await ask<{ times: number; ms: number }>(keeper, 'computes', { way, callers: CALLERS })
        times.push(found.times)
        took.push(found.ms)
      }
      const what = `${CALLERS} callers of one value, ${WAYS[way]}`
      results.push(
        toResult(`${what}: computed`, 'times', [Math.max(...times)], undefined, atMost(1, 'times')),
        toResult(`${what}: all have it`, 'ms', took, undefined, noGoal),
      )
    }
  } finally {
    await keeper.stop()
  }
  return results
}
