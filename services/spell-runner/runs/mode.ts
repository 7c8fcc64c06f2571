import type { RunOptions } from '#graph/run.ts'

/** How a run was started, beside its inputs: kept with it, because whoever takes it up needs it again. */
export interface RunMode {
  readonly startAt?: string
  readonly pins?: NonNullable<RunOptions['pins']>
  readonly breakpoints?: readonly string[]
  /** The run that it branches off, and after which entry. */
  readonly fork?: { readonly run: string; readonly seq: number }
  /** Whose results it takes over: up to which entry (0: all), and from which node on not. */
  readonly recall?: { readonly run: string; readonly seq: number; readonly from?: string }
  /** The revision of each key of the state that it has read. */
  readonly reads?: Readonly<Record<string, number>>
}
