import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled, CodedError, isCoded } from '#mesh/errors.ts'
import type { Found } from './catalogue.ts'
import type { Gate } from './gate.ts'
import type { ProviderNotice } from './provider.ts'

export interface AttemptsOptions {
  readonly gate: Gate
  /** How often a provider that failed is asked again. */
  readonly retries: number
  /** From 0 to 1. */
  readonly random: () => number
}

/** Asks a provider, in turn with others, and again where it fails before it has said anything. */
export type Attempts = <T extends object>(
  found: Pick<Found, 'id' | 'name' | 'provider' | 'call'>,
  ask: () => AsyncIterable<T>,
) => AsyncGenerator<T | ProviderNotice>

const MOMENT_MS = 1_000
const BASE_MS = 500
const MOST_MS = 8_000
/** A vendor that wants to be left alone for longer is given up. */
const MOST_RETRY_AFTER_MS = 60_000

export function createAttempts({ gate, retries, random }: AttemptsOptions): Attempts {
  return async function* attempt(found, ask) {
    const { name, call, provider } = found
    const lane = `${name} ${call.key === '' ? '' : createHash('sha256').update(call.key).digest('base64url')}`
    const user = call.options.caller?.user ?? ''
    for (let attempts = 0; ; attempts++) {
      let waitMs: number
      const leave = yield* enter(gate.enter(lane, user, call.signal), found.id)
      let hasSpoken = false
      try {
        for await (const part of ask()) {
          if (!('notice' in part)) hasSpoken = true
          yield part
        }
        return
      } catch (error) {
        if (hasSpoken || provider.retriesItself === true || attempts >= retries || !isPassing(error)) throw error
        const asked = retryAfterOf(error)
        if (asked !== undefined && asked > MOST_RETRY_AFTER_MS) throw told(error, asked)
        // Full jitter: many that failed at once do not come back at once.
        waitMs =
          asked === undefined ? random() * Math.min(MOST_MS, BASE_MS * 2 ** attempts) : asked * (1 + random() / 4)
        yield { notice: `"${found.id}" is asked again in ${(waitMs / 1_000).toFixed(1)} s: ${error.message}` }
      } finally {
        leave()
      }
      await pause(waitMs, call.signal)
    }
  }
}

/** Waits for its turn; a person is told of it where that takes longer than a moment. */
async function* enter(entering: Promise<() => void>, id: string): AsyncGenerator<ProviderNotice, () => void> {
  // Where there is room, it is settled already.
  let leave = await Promise.race([entering, Promise.resolve(undefined)])
  if (leave) return leave
  try {
    const moment = new AbortController()
    const slow = sleep(MOMENT_MS, true, { signal: moment.signal }).catch(() => false)
    const isSlow = await Promise.race([slow, entering.then(() => false)]).finally(() => moment.abort())
    if (isSlow) yield { notice: `"${id}" is asked in turn: others are before it` }
    return (leave = await entering)
  } finally {
    // Who left while waiting takes nobody's place.
    if (!leave)
      entering.then(
        done => done(),
        () => undefined,
      )
  }
}

/** What may be gone the next time. A silence has taken its time already; a budget does not come back by waiting. */
function isPassing(error: unknown): error is CodedError {
  return isCoded(error, 'UNAVAILABLE') || (isCoded(error, 'RESOURCE_EXHAUSTED') && error.reason !== 'BUDGET')
}

function retryAfterOf({ details }: CodedError): number | undefined {
  const ms = details?.['retryAfterMs']
  return typeof ms === 'number' && ms >= 0 ? ms : undefined
}

function told(error: CodedError, waitMs: number): CodedError {
  return new CodedError(error.code, `${error.message}; it wants to be asked again in ${Math.ceil(waitMs / 1_000)} s`, {
    ...(error.details ? { details: error.details } : {}),
  })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    throw isCoded(signal.reason) ? signal.reason : cancelled(undefined, { cause: error })
  }
}
