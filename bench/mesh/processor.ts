import { readdirSync, readFileSync } from 'node:fs'

/** A tick of `/proc`'s clock, in microseconds. */
const TICK = 10_000

interface Process {
  readonly parent: number
  readonly ticks: number
}

/** Processor time so far of these processes and all that they have started and that still run, in microseconds. */
export function processorMicros(pids: readonly number[]): number {
  const all = new Map(readdirSync('/proc').flatMap(name => readProcess(name)))
  const isOne = (pid: number): boolean => pids.includes(pid) || (all.has(pid) && isOne(all.get(pid)?.parent ?? 0))
  return [...all].reduce((sum, [pid, { ticks }]) => sum + (isOne(pid) ? ticks * TICK : 0), 0)
}

function readProcess(name: string): readonly (readonly [number, Process])[] {
  if (!/^\d+$/.test(name)) return []
  try {
    // The name of the program, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]].map(Number)
    return [[Number(name), { parent, ticks: user + system }]]
  } catch {
    // It has just ended.
    return []
  }
}
