// What all who are measured have in common. Every step adds one to what it is given; nothing else is worked.

/** What is run: `count` steps in a row; one to `count` to one; a loop of `times` rounds over `count` steps in a row. */
export type Shape =
  | { readonly kind: 'chain'; readonly count: number }
  | { readonly kind: 'fan'; readonly count: number }
  | { readonly kind: 'loop'; readonly count: number; readonly times: number }

/** What one run did: how many steps ended, as its record or else a counter tells, and what the last one answered. */
export interface Outcome {
  readonly steps: number
  readonly last: unknown
}

/** One run, from its start to its end. */
export type Job = () => Promise<Outcome> | Outcome

/** What a step waits for before it answers; absent, steps answer at once. */
export type Wait = (value: number) => Promise<void>

export interface Contender {
  /** With its version, and what it keeps of a run. */
  readonly name: string
  /** Whether runs of one job may overlap: where they may not, a host must make everything once per run. */
  readonly overlaps: boolean
  /** Makes everything that is made once, however often it then runs. */
  open(shape: Shape, wait?: Wait): Promise<Job> | Job
}

export const stepsOf = (shape: Shape): number => shape.count * (shape.kind === 'loop' ? shape.times : 1)

/** A fan's step starts from its own index, a loop's first from the number of the round, a chain's first from nothing. */
export const lastOf = (shape: Shape): number => (shape.kind === 'loop' ? shape.times - 1 + shape.count : shape.count)

/** Refuses a run that did not do all the work. */
export function checkOutcome(shape: Shape, { steps, last }: Outcome): void {
  if (steps !== stepsOf(shape) || last !== lastOf(shape))
    throw new Error(
      `expected ${stepsOf(shape)} steps and ${lastOf(shape)} from the last; got ${steps} and ${JSON.stringify(last)}`,
    )
}

export const namesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${i}`)
