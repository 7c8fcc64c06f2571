import type { ComputeRequest, ComputeKey } from '#gen/spellmesh/cache/v1/cache.ts'
import { CodedError, deadline, invalid } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Call } from '#mesh/service.ts'
import { checkValue, readKey, readTtl } from './key.ts'
import type { Key } from './key.ts'
import type { Tally } from './tally.ts'
import type { Turn, Turns } from './turns.ts'
import type { Values } from './values.ts'

/** What one caller of Compute is answered: the value, or that it is its turn. */
export type ComputeAnswer =
  | { readonly step: { readonly $case: 'value'; readonly value: Uint8Array } }
  | { readonly step: { readonly $case: 'turn'; readonly value: object } }

export interface ComputeOptions {
  readonly values: Values
  readonly turns: Turns
  readonly tally: Tally
  readonly log: Log
  readonly usualTtlMs: number
  readonly valueBytes: number
  /** How long one caller may take; then it is the next one's turn. */
  readonly turnMs: number
}

type Steps = AsyncIterator<ComputeRequest>

/** One caller's conversation. */
export async function* compute(
  requests: AsyncIterable<ComputeRequest>,
  { caller, signal }: Call,
  options: ComputeOptions,
): AsyncGenerator<ComputeAnswer> {
  const steps = requests[Symbol.asyncIterator]()
  const asked = await readFirst(steps)
  const key = readKey(caller, asked)
  const { values, turns, tally } = options
  const taken = (await values.get(key))?.value ?? (await turns.take(key, signal))
  if (taken instanceof Uint8Array) {
    tally.hit(key.owner, key.namespace)
    return yield { step: { $case: 'value', value: Buffer.from(taken) } }
  }
  tally.miss(key.owner, key.namespace)
  try {
    yield { step: { $case: 'turn', value: {} } }
    await conclude(taken, steps, key, readTtl(asked.ttlMs, options.usualTtlMs), options)
  } finally {
    // Who fails or leaves lets the next one have it.
    taken.pass()
  }
}

async function readFirst(steps: Steps): Promise<ComputeKey> {
  const first = await steps.next()
  if (first.done || first.value.step?.$case !== 'key') throw invalid('a computation begins with its key')
  return first.value.step.value
}

/** Takes what the caller says once it has computed. */
async function conclude(turn: Turn, steps: Steps, key: Key, ttlMs: number, options: ComputeOptions): Promise<void> {
  const said = await within(steps.next(), options.turnMs)
  const step = said.done ? undefined : said.value.step
  switch (step?.$case) {
    case 'value': {
      checkValue(step.value, options.valueBytes)
      const value = Buffer.from(step.value)
      try {
        await options.values.set(key, value, ttlMs)
      } finally {
        // Where it cannot be kept, those who wait have it all the same.
        turn.done(value)
      }
      return
    }
    case 'failed':
      options.log.debug({ namespace: key.namespace, why: step.value }, 'a computation failed: the next one is told')
      return
    case 'key':
    case undefined:
      throw invalid('whose turn it is says the value, or that it failed')
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(tooLate(ms)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

const tooLate = (ms: number): CodedError =>
  deadline(`nothing was computed within ${ms} ms (CACHE_TURN_MS): it is the next one's turn`)
