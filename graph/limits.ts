/** What ends a run that does not end by itself (rule 12). */
export interface Limits {
  readonly activations: number
  /** From the start of the run; while it is parked no time counts. */
  readonly wallClockMs: number
  /** Scopes within scopes. */
  readonly depth: number
  /** Of one activation's outputs, roughly the characters of their JSON. */
  readonly outputBytes: number
}
export const DEFAULT_LIMITS: Limits = { activations: 10_000, wallClockMs: 900_000, depth: 32, outputBytes: 1_048_576 }
