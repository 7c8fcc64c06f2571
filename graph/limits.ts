/** What ends a run that does not end by itself (rule 12). */
export interface Limits {
  readonly activations: number
  /** Time in which the run is worked on: not while it waits or is paused, and not of a played run. */
  readonly wallClockMs: number
  /** Scopes within scopes. */
  readonly depth: number
  /** Of one activation's outputs, roughly the characters of their JSON. */
  readonly outputBytes: number
  /** Tokens in and out that nodes report as used, together. */
  readonly tokens: number
  /** What nodes report as spent, in US dollars. */
  readonly cost: number
}
export const DEFAULT_LIMITS: Limits = {
  activations: 10_000,
  wallClockMs: 900_000,
  depth: 32,
  outputBytes: 8_388_608,
  tokens: Infinity,
  cost: Infinity,
}
/** What bounds a run: what its starter says, over what is usual. A run that is played is meant to go on. */
export function limitsOf({ sources }: { readonly sources: readonly unknown[] }, given?: Partial<Limits>): Limits {
  const usual = sources.length > 0 ? PLAYED_LIMITS : DEFAULT_LIMITS
  return given ? { ...usual, ...given } : usual
}
/** So many times the activations. */
const PLAYED_FACTOR = 100
const PLAYED_LIMITS: Limits = { ...DEFAULT_LIMITS, activations: PLAYED_FACTOR * DEFAULT_LIMITS.activations }
/** Activations that may be ready or at work before sources are asked for no more. */
export const MOST_BUFFERED = 1_000
