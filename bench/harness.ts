/** One line of a suite's answer, as `--json` writes it. */
export interface Result {
  readonly name: string
  readonly unit: string
  /** Median of all rounds. */
  readonly ours: number
  /** What it stands against, measured in the same rounds; null where there is nothing to compare with. */
  readonly against: { readonly name: string; readonly value: number } | null
  /** ours / against. */
  readonly ratio: number | null
  readonly goal: string
  readonly met: boolean
  /** From the 10th to the 90th part of a hundred of our rounds. */
  readonly spread: readonly [number, number]
}

/** A suite: one file under `suites/`, which exports it by this name. */
export interface Suite {
  readonly about: string
  run(report: (result: Result) => void): Promise<void>
}

/** A goal, in words and as a question. `ratio`: of {@link Result.ratio}; else of {@link Result.ours}. */
export interface Goal {
  readonly text: string
  readonly met: (ours: number, ratio: number | null) => boolean
}

export const ratioAtLeast = (least: number): Goal => ({
  text: `ratio ≥ ${least}`,
  met: (_ours, ratio) => ratio !== null && ratio >= least,
})
export const atMost = (most: number, unit: string): Goal => ({ text: `≤ ${most} ${unit}`, met: ours => ours <= most })
export const atLeast = (least: number, unit: string): Goal => ({
  text: `≥ ${least} ${unit}`,
  met: ours => ours >= least,
})
export const noGoal: Goal = { text: 'none set', met: () => true }

export interface Measurement {
  readonly name: string
  readonly unit: string
  /** Answers one round's value. */
  readonly ours: () => Promise<number> | number
  readonly against?: { readonly name: string; readonly measure: () => Promise<number> | number }
  readonly goal: Goal
  readonly rounds?: number
  /** Rounds that only warm up. */
  readonly warmUp?: number
}

/** Measures ours and what it stands against in turns, so that both see the same machine; answers medians. */
export async function measure({
  name,
  unit,
  ours,
  against,
  goal,
  rounds = 15,
  warmUp = 3,
}: Measurement): Promise<Result> {
  const own: number[] = []
  const other: number[] = []
  for (let round = -warmUp; round < rounds; round++) {
    // Who goes first alternates: the second finds a warmer machine and the first one's garbage.
    const [first, second] = round % 2 === 0 ? [ours, against?.measure] : [against?.measure, ours]
    const values = [await first?.(), await second?.()]
    if (round < 0) continue
    const [mine, theirs] = first === ours ? values : values.reverse()
    if (mine !== undefined) own.push(mine)
    if (theirs !== undefined) other.push(theirs)
  }
  return toResult(name, unit, own, against && { name: against.name, values: other }, goal)
}

/** The line for values that were measured elsewhere. */
export function toResult(
  name: string,
  unit: string,
  ours: readonly number[],
  against: { name: string; values: readonly number[] } | undefined,
  goal: Goal,
): Result {
  const value = median(ours)
  const other = against && { name: against.name, value: median(against.values) }
  const ratio = other ? value / other.value : null
  return {
    name,
    unit,
    ours: value,
    against: other ?? null,
    ratio,
    goal: goal.text,
    met: goal.met(value, ratio),
    spread: [quantile(ours, 0.1), quantile(ours, 0.9)],
  }
}

/** The line for one part of all samples, e.g. 0.99; its spread is that of the same part of each block. */
export function toPartResult(
  name: string,
  unit: string,
  part: number,
  blocks: readonly (readonly number[])[],
  against: { name: string; blocks: readonly (readonly number[])[] } | undefined,
  goal: Goal,
): Result {
  const partOf = (all: readonly (readonly number[])[]) => quantile(all.flat(), part)
  const other = against && { name: against.name, values: [partOf(against.blocks)] }
  const parts = blocks.map(block => quantile(block, part))
  return {
    ...toResult(name, unit, [partOf(blocks)], other, goal),
    spread: [quantile(parts, 0.1), quantile(parts, 0.9)],
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which this part of all values lies; linear between neighbours. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** How many times a second `work` can be done, with what it answers counted as that many times; runs for at least `ms`. */
export async function perSecond(work: () => Promise<number> | number, ms = 80): Promise<number> {
  let done = 0
  const began = performance.now()
  let passed = 0
  while (passed < ms) {
    done += await work()
    passed = performance.now() - began
  }
  return (done / passed) * 1000
}
