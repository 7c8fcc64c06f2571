import { readFileSync, writeFileSync } from 'node:fs'

/** When numbered events happened, as one process saw it, in microseconds of the shared clock; 0: not at all. */
export class Stamps {
  #times = new Float64Array(1 << 16)

  set(event: number, at: number): void {
    if (event >= this.#times.length) {
      const larger = new Float64Array(2 ** Math.ceil(Math.log2(event + 1)))
      larger.set(this.#times)
      this.#times = larger
    }
    this.#times[event] = at
  }

  write(file: string): void {
    writeFileSync(file, new Uint8Array(this.#times.buffer))
  }
}

/** From one process's times of events to another's, in milliseconds, of the events from `first` on that both saw; and how many the other did not see. */
export function readDelays(
  [begun, arrived]: readonly [string, string],
  first: number,
  count: number,
): { delays: number[]; missing: number } {
  const [before, after] = [readTimes(begun), readTimes(arrived)]
  const delays: number[] = []
  let missing = 0
  for (let event = first; event < first + count; event++) {
    const [from, to] = [before[event] ?? 0, after[event] ?? 0]
    if (from > 0 && to > 0) delays.push((to - from) / 1000)
    else missing++
  }
  return { delays, missing }
}

function readTimes(file: string): Float64Array {
  const bytes = readFileSync(file)
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
