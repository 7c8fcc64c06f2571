import { CodedError, isCoded } from './errors.ts'
import type { Client, ClientCallOptions, Contract, Method } from './service.ts'

const WAITS_MS = [50, 200, 600, 1_200]
const NEVER_ARRIVED = /ECONNREFUSED|EHOSTUNREACH|ENOTFOUND|No connection established|Name resolution failed/

/**
 * Whether a failed call may be made again: nobody was there to take it, or it says in its contract (`idempotency_level`) that to make it twice is to make it once.
 */
export function mayRepeat(method: Method, error: unknown): boolean {
  if (!isCoded(error, 'UNAVAILABLE')) return false
  return isIdempotent(method) || neverArrived(error)
}

function isIdempotent({ options }: Method): boolean {
  return 'idempotencyLevel' in options && options.idempotencyLevel !== 'IDEMPOTENCY_UNKNOWN'
}

function neverArrived(error: CodedError): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (NEVER_ARRIVED.test(cause.message)) return true
  return false
}

/** The client, whose unary calls wait for a service that is being replaced: what may be repeated is tried again for about two seconds. */
export function withRetries<C extends Contract>(contract: C, client: Client<C>): Client<C> {
  const calls = client as unknown as Readonly<Record<string, UnaryCall>>
  return Object.fromEntries(
    Object.entries(contract.methods).map(([name, method]) => {
      const call = calls[name] as UnaryCall
      if (method.requestStream || method.responseStream) return [name, call]
      return [
        name,
        (request: object, options?: ClientCallOptions) => repeat(method, () => call(request, options), options),
      ]
    }),
  ) as unknown as Client<C>
}

type UnaryCall = (request: object, options?: ClientCallOptions) => Promise<unknown>

async function repeat(method: Method, call: () => Promise<unknown>, options: ClientCallOptions = {}): Promise<unknown> {
  for (const waitMs of WAITS_MS) {
    try {
      return await call()
    } catch (error) {
      if (options.signal?.aborted || !mayRepeat(method, error)) throw error
      await new Promise(resolve => setTimeout(resolve, waitMs * (0.5 + Math.random())))
    }
  }
  return call()
}
