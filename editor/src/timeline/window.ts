/** A stretch of time, milliseconds since 1970. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Nothing of a run is shorter than what a pixel can show then. */
const SHORTEST_MS = 2

/** Makes a part of `whole` longer (factor above 1) or shorter around a moment, which keeps its place on the screen. Undefined: all of it. */
export function zoomed(part: Range, whole: Range, around: number, factor: number): Range | undefined {
  const length = Math.max(SHORTEST_MS, (part.to - part.from) * factor)
  if (length >= whole.to - whole.from) return undefined
  const share = (around - part.from) / Math.max(1e-9, part.to - part.from)
  return within({ from: around - share * length, to: around + (1 - share) * length }, whole)
}

/** Moves a part of `whole` by some time. */
export function moved({ from, to }: Range, whole: Range, by: number): Range {
  return within({ from: from + by, to: to + by }, whole)
}

/** A part of the same length in which a moment can be seen. */
export function showing(part: Range, whole: Range, moment: number): Range {
  const { from, to } = part
  if (moment >= from && moment <= to) return part
  return moved(part, whole, moment - (from + to) / 2)
}

function within({ from, to }: Range, whole: Range): Range {
  const by = from < whole.from ? whole.from - from : to > whole.to ? whole.to - to : 0
  return { from: Math.max(whole.from, from + by), to: Math.min(whole.to, to + by) }
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5]

/** Round moments of a range, counted from `origin`: at most `most`. */
export function ticksOf({ from, to }: Range, origin: number, most: number): readonly number[] {
  const step = STEPS.find(one => (to - from) / one <= most) ?? 36e5 * Math.ceil((to - from) / 36e5 / most)
  const first = Math.ceil((from - origin) / step) * step
  const ticks: number[] = []
  for (let at = first; at <= to - origin; at += step) ticks.push(origin + at)
  return ticks
}
