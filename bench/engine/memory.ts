import { checkOutcome } from './contender.ts'
import type { Contender, Shape } from './contender.ts'

/** Bytes by which runs at once raise this process at their peak; every step waits for a turn of the event loop. */
export async function raisedByRuns(contender: Contender, runs: number, steps: number): Promise<number> {
  const shape: Shape = { kind: 'chain', count: steps }
  const turn = () => new Promise<void>(resolve => setImmediate(resolve))
  const few: Shape = { kind: 'chain', count: 10 }
  checkOutcome(few, await (await contender.open(few, turn))())
  const job = await contender.open(shape, turn)
  globalThis.gc?.()
  const idle = process.memoryUsage.rss()
  let peak = idle
  const look = () => (peak = Math.max(peak, process.memoryUsage.rss()))
  const timer = setInterval(look, 5)
  const outcomes = await Promise.all(Array.from({ length: runs }, async () => job()))
  clearInterval(timer)
  look()
  for (const outcome of outcomes) checkOutcome(shape, outcome)
  return peak - idle
}

/** Bytes that each of many runs of three steps holds while its second one waits for an answer; they then get it and end. */
export async function bytesPerWaitingRun(contender: Contender, runs: number): Promise<number> {
  const shape: Shape = { kind: 'chain', count: 3 }
  const waiting: (() => void)[] = []
  const wait = (value: number) =>
    value === 1 ? new Promise<void>(resolve => waiting.push(resolve)) : Promise.resolve()
  const job = await contender.open(shape, wait)
  await hold(job, 10)
  const before = heldBytes()
  const held = await hold(job, runs)
  const bytes = (held.bytes - before) / runs
  return bytes

  async function hold(start: typeof job, count: number) {
    const outcomes = Array.from({ length: count }, async () => start())
    while (waiting.length < count) await new Promise(resolve => setImmediate(resolve))
    const bytes = heldBytes()
    for (const resolve of waiting.splice(0)) resolve()
    for (const outcome of await Promise.all(outcomes)) checkOutcome(shape, outcome)
    return { bytes }
  }
}

function heldBytes(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
