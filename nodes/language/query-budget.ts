import { NodeFailure } from '#graph/define.ts'
import type { NodeContext } from '#graph/define.ts'

/** What lets others work. */
export type Turns = Pick<NodeContext, 'now' | 'sleep' | 'signal'>

/** What a query may use up, in all. */
export interface Budget {
  /** Counts work. Throws `TOO_LONG` and `TIMEOUT`. */
  spend(steps: number): void
  /** Lets others work, where that is due. */
  yield(): Promise<void> | undefined
  /** Refuses a value whose text would be too long. Throws `TOO_LONG`. */
  weigh(value: unknown): number
  /** A transformer changes a copy while its parts are being read: until it is done nothing is known of any value for long. */
  watchChanges(transformer: unknown): void
  /** The query is over: what is left of it must end, too. */
  close(): void
}

const MOST_STEPS = 1_000_000
const MOST_CHARACTERS = 4_000_000
const SLICE_MS = 8
const STEPS_PER_LOOK = 64

export function createBudget({ now, sleep, signal }: Turns, timeoutMs: number): Budget {
  const begun = now()
  let [steps, looked, since] = [0, 0, begun]
  let [isDue, isClosed] = [false, false]

  const turn = async () => {
    await sleep(0)
    signal.throwIfAborted()
    since = now()
    isDue = false
  }
  const spend = (count: number) => {
    steps += count
    if (isClosed) throw tooLong('the query is over')
    if (steps > MOST_STEPS) throw tooLong(`the query takes more than ${MOST_STEPS} steps`)
    if (steps - looked < STEPS_PER_LOOK) return
    looked = steps
    const at = now()
    isDue = at - since >= SLICE_MS
    if (at - begun > timeoutMs)
      throw new NodeFailure('TIMEOUT', `the query took longer than ${timeoutMs} ms`, { retry: false })
  }
  return {
    spend,
    close: () => void (isClosed = true),
    yield: () => (isDue ? turn() : undefined),
    ...createScale(spend),
  }
}

/** Tells how long the text of a value would be. Weights are kept: what is shared many times is looked at once, and counts each time. */
function createScale(spend: Budget['spend']): Pick<Budget, 'weigh' | 'watchChanges'> {
  let weights = new WeakMap<object, number>()
  let changing = 0
  const weighIn = (value: unknown, known: WeakMap<object, number>): number => {
    if (typeof value === 'string') return value.length + 2
    if (typeof value !== 'object' || value === null || isFunction(value)) return 5
    const before = known.get(value)
    if (before !== undefined) return before
    const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
    let weight = 2
    for (const part of parts) weight += weighIn(part, known) + 1
    if (!Array.isArray(value)) for (const key of Object.keys(value)) weight += key.length + 3
    known.set(value, weight)
    spend(1 + parts.length / 8)
    return weight
  }
  const weigh = (value: unknown): number => {
    const weight = weighIn(value, changing > 0 ? new WeakMap() : weights)
    if (weight > MOST_CHARACTERS) throw tooLong(`a value in the query is longer than ${MOST_CHARACTERS} characters`)
    return weight
  }
  return {
    weigh,
    watchChanges(transformer) {
      if (!isNative(transformer)) return
      const { implementation } = transformer
      transformer.implementation = async function (this: unknown, ...args: unknown[]) {
        changing++
        try {
          const result = await implementation.apply(this, args)
          weigh(result)
          return result
        } finally {
          changing--
          weights = new WeakMap()
        }
      }
    },
  }
}

/** A function as the evaluator keeps it. */
export interface Native {
  readonly _jsonata_function: true
  implementation(this: unknown, ...args: unknown[]): unknown
  readonly signature?: unknown
}

export function isNative(value: unknown): value is Native & { implementation: Native['implementation'] } {
  return typeof value === 'object' && value !== null && '_jsonata_function' in value
}

export function isFunction(value: unknown): boolean {
  return (
    typeof value === 'function' ||
    isNative(value) ||
    (typeof value === 'object' && value !== null && '_jsonata_lambda' in value)
  )
}

export function tooLong(message: string): NodeFailure {
  return new NodeFailure('TOO_LONG', message, { retry: false })
}
