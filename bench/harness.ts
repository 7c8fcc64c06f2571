/** One line of a suite's answer, as `--json` writes it. */
export interface Result {
  readonly name: string
  readonly unit: string
  /** Median of all rounds. */
  readonly ours: number
  /** What it stands against, measured in the same rounds; null where there is nothing to compare with. */
  readonly against: Against | null
  /** ours / against. */
  readonly ratio: number | null
  /** Of the ratios of single rounds, where ours and theirs were measured in the same rounds. */
  readonly ratioSpread?: readonly [number, number]
  readonly goal: string
  readonly met: boolean
  /** The least and the greatest of our rounds; of twenty or more, their 10th and 90th percentile. */
  readonly spread: readonly [number, number]
}

/** What a result stands against. */
export interface Against {
  readonly name: string
  /** Median; null: it could not do it. */
  readonly value: number | null
  readonly spread?: readonly [number, number]
  /** Why it could not do it. */
  readonly failure?: string
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
  /** Met without a number against who could not do it at all. */
  readonly ofRatio?: true
}

export const ratioAtLeast = (least: number): Goal => ({
  text: `ratio ≥ ${least}`,
  met: (_ours, ratio) => ratio !== null && ratio >= least,
  ofRatio: true,
})
export const ratioAtMost = (most: number): Goal => ({
  text: `ratio ≤ ${most}`,
  met: (_ours, ratio) => ratio !== null && ratio <= most,
  ofRatio: true,
})
export const atMost = (most: number, unit: string): Goal => ({ text: `≤ ${most} ${unit}`, met: ours => ours <= most })
export const atLeast = (least: number, unit: string): Goal => ({
  text: `≥ ${least} ${unit}`,
  met: ours => ours >= least,
})
export const noGoal: Goal = { text: 'none set', met: () => true }

/** What {@link toResult} takes of an opponent. */
export interface Opponent {
  readonly name: string
  readonly values: readonly number[]
  readonly failure?: string | undefined
  /** By round, where ours and theirs were measured in the same rounds: their median is the ratio, not that of the medians. */
  readonly ratios?: readonly number[]
}

/** The line for values measured in turns: medians. */
export function toResult(
  name: string,
  unit: string,
  ours: readonly number[],
  against: Opponent | undefined,
  goal: Goal,
): Result {
  const value = median(ours)
  const other = against && toAgainst(against)
  const ratios = against?.failure === undefined ? (against?.ratios ?? []) : []
  const ratio = ratios.length > 0 ? median(ratios) : other?.value ? value / other.value : null
  return {
    name,
    unit,
    ours: value,
    against: other ?? null,
    ratio,
    goal: goal.text,
    met:
      Number.isFinite(value) && (goal.met(value, ratio) || (goal.ofRatio === true && against?.failure !== undefined)),
    spread: spreadOf(ours),
    ...(ratios.length > 0 ? { ratioSpread: spreadOf(ratios) } : {}),
  }
}

/** The line for what could not be measured. */
export function failed(name: string, why: string): Result {
  const nothing = Number.NaN
  const against = { name: 'not measured', value: null, failure: why }
  return {
    name,
    unit: '',
    ours: nothing,
    against,
    ratio: null,
    goal: 'measured',
    met: false,
    spread: [nothing, nothing],
  }
}

function toAgainst({ name, values, failure }: Opponent): Against {
  if (failure !== undefined) return { name, value: null, failure }
  return { name, value: median(values), spread: spreadOf(values) }
}

function spreadOf(values: readonly number[]): [number, number] {
  return values.length < 20
    ? [Math.min(...values), Math.max(...values)]
    : [quantile(values, 0.1), quantile(values, 0.9)]
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
