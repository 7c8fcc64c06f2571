import type { RunOptions } from '#graph/run.ts'
import { invalid } from '#mesh/errors.ts'

const MOST_BREAKPOINTS = 1_000
const LONGEST_PATH = 2_000

/** Refuses breakpoints that nobody has set by hand: they are kept with the run. */
export function checkBreakpoints(breakpoints: readonly string[]): void {
  if (breakpoints.length > MOST_BREAKPOINTS)
    throw invalid([{ path: 'breakpoints', message: `at most ${MOST_BREAKPOINTS}, not ${breakpoints.length}` }])
  const long = breakpoints.findIndex(path => path.length > LONGEST_PATH)
  if (long >= 0) throw invalid([{ path: `breakpoints[${long}]`, message: `is longer than ${LONGEST_PATH} characters` }])
}

/** How a run was started, beside its inputs: kept with it, because whoever takes it up needs it again. */
export interface RunMode {
  readonly startAt?: string
  readonly pins?: NonNullable<RunOptions['pins']>
  readonly breakpoints?: readonly string[]
  /** The run that it branches off, and after which entry. */
  readonly fork?: { readonly run: string; readonly seq: number }
  /** Whose results it takes over: up to which entry (0: all), and from which node on not. */
  readonly recall?: { readonly run: string; readonly seq: number; readonly from?: string }
  /** What started it, as traces know it: whoever takes it up goes on there. */
  readonly traceparent?: string
  /** The revision of each key of the state that it has read. */
  readonly reads?: Readonly<Record<string, number>>
}

/** How a run began that branches off another, by its mode as it is stored: with that one's journal, or with its results. Empty: it does not. */
export function howOf(stored: string): '' | 'followed' | 'recalled' {
  const { fork, recall } = JSON.parse(stored) as RunMode
  if (!fork) return ''
  return recall ? 'recalled' : 'followed'
}
