import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { RunOptions } from './protocol.ts'

/** The start of a run as the runner's session takes it. Throws INVALID_ARGUMENT with every problem. */
export function toStart({ onDetach, state, limits, startAt = '', pins, breakpoints = [] }: RunOptions) {
  const problems: Problem[] = []
  if (typeof startAt !== 'string') problems.push({ path: 'options.startAt', message: 'expected a text' })
  if (!Array.isArray(breakpoints) || !breakpoints.every(one => typeof one === 'string'))
    problems.push({ path: 'options.breakpoints', message: 'expected a list of texts' })
  for (const [name, value] of Object.entries(limits ?? {}))
    if (typeof value !== 'number' || !(value >= 0))
      problems.push({ path: `options.limits.${name}`, message: 'expected a number from 0' })
  if (problems.length > 0) throw invalid(problems)
  const { activations = 0, wallClockMs = 0, tokens = 0, cost = 0 } = limits ?? {}
  return {
    onDetach: onDetach ?? '',
    ...(state === undefined ? {} : { state: toBytes(state) }),
    ...(limits === undefined ? {} : { limits: { activations, wallClockMs, tokens, cost } }),
    startAt,
    pins: toBytes(pins),
    breakpoints,
  }
}

/** JSON bytes; of nothing, none. */
export function toBytes(value: unknown): Uint8Array {
  return value === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(value))
}
