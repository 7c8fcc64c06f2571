import { NodeFailure } from './define.ts'
import type { NodeResult } from './define.ts'
import type { Failure } from './journal.ts'
import type { Json, Values } from './json.ts'
import type { Limits } from './limits.ts'
import { show } from './schema.ts'

/** Nothing, shared. */
export const NO_VALUES: Values = Object.freeze({})
/** No pulses, shared. */
export const NO_PULSES: readonly string[] = Object.freeze([])

/** Refuses outputs that a journal could not hold as they are: only JSON, not too large. Throws {@link NodeFailure}. */
export function checkOutputs(outputs: unknown, limitBytes: number): Values {
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs))
    throw new NodeFailure('BAD_OUTPUT', `answered ${show(outputs)} instead of outputs by name`, { retry: false })
  let size = 0
  for (const name in outputs) {
    const value: unknown = (outputs as Record<string, unknown>)[name]
    if (typeof value === 'string') size += value.length
    else if (typeof value === 'object' && value !== null) size += sizeOf(value, name, 0, limitBytes)
    else if (typeof value === 'number' ? !Number.isFinite(value) : value !== null && typeof value !== 'boolean')
      throw refused(name, value)
  }
  if (size > limitBytes) throw tooLarge(limitBytes)
  return outputs as Values
}

/** Roughly the characters of a value's JSON. */
function sizeOf(value: object, name: string, depth: number, limitBytes: number): number {
  if (depth > 64)
    throw new NodeFailure('BAD_OUTPUT', `output "${name}" is nested deeper than 64 levels`, { retry: false })
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) throw refused(name, value)
  let size = 2
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) size += sizeOf(inner, name, depth + 1, limitBytes)
    else if (typeof inner === 'string') size += inner.length + 2
    else if (inner === null || typeof inner === 'boolean' || (typeof inner === 'number' && Number.isFinite(inner)))
      size += 4
    else throw refused(name, inner)
    if (size > limitBytes) throw tooLarge(limitBytes)
  }
  return size
}

function refused(name: string, value: unknown): NodeFailure {
  const what =
    typeof value === 'number' ? String(value) : typeof value === 'object' ? 'an object that is not plain' : show(value)
  return new NodeFailure('BAD_OUTPUT', `output "${name}" holds ${what}, which JSON cannot`, { retry: false })
}

function tooLarge(limitBytes: number): NodeFailure {
  return new NodeFailure('OUTPUT_TOO_LARGE', `the outputs are larger than ${limitBytes} bytes`, { retry: false })
}

/** A failure as entries hold it, from whatever a node threw. */
export function toFailure(error: unknown, node: string): Failure {
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code
    return {
      code: typeof code === 'string' && /^[A-Z][A-Z_]*$/.test(code) ? code : 'ERROR',
      message: error.message || error.name,
      node,
    }
  }
  return { code: 'ERROR', message: typeof error === 'string' ? error : show(error), node }
}

/** Whether another attempt could help. */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof NodeFailure) || error.retry
}

/** Whether what a node's `run` gave is an answer at once, a promise, or a stream of results. */
export function kindOfAnswer(answer: unknown): 'now' | 'later' | 'stream' {
  if (typeof answer !== 'object' || answer === null) return 'now'
  if (typeof (answer as { then?: unknown }).then === 'function') return 'later'
  return Symbol.asyncIterator in answer ? 'stream' : 'now'
}

/** A copy without what cannot be in JSON: for logs, whose values nobody computes with. */
export function toLogValue(value: Json | undefined): Json | undefined {
  try {
    return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json)
  } catch {
    return show(value)
  }
}

/** A pure node failed while it was evaluated for a consumer. */
export class PureFailure extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** A node's outputs, checked. */
export function readOutputs(result: NodeResult | undefined | void, { outputBytes }: Limits): Values {
  if (typeof result !== 'object' && result !== undefined)
    throw new NodeFailure('BAD_OUTPUT', `answered ${show(result)} instead of a result`, { retry: false })
  return result?.outputs === undefined ? NO_VALUES : checkOutputs(result.outputs, outputBytes)
}

/** The pulses that a node's answer fires: those that it names, else its usual ones. */
export function readPulses(result: NodeResult | undefined | void, usual: readonly string[]): readonly string[] {
  const pulse = result?.pulse
  if (pulse === undefined) return usual
  if (typeof pulse === 'string') return [pulse]
  if (Array.isArray(pulse) && pulse.every(one => typeof one === 'string')) return pulse
  throw new NodeFailure('BAD_OUTPUT', `fires ${show(pulse)} instead of flow outputs by name`, { retry: false })
}
