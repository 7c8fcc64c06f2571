import http2 from 'node:http2'
import { createServer, Metadata, ServerError } from 'nice-grpc'
import type { CallContext } from 'nice-grpc'
import { ServedCall } from './call.ts'
import { abortable } from './abortable.ts'
import { encodeError, toStatusText } from './error-trailer.ts'
import { CodedError, cancelled, deadline, toStatusNumber, unauthenticated } from './errors.ts'
import type { Endpoint, Endpoints } from './endpoint.ts'
import { ERROR_TRAILER, GRPC_OPTIONS, toGrpcDefinition } from './grpc-options.ts'
import type { Identities, Identity } from './identity.ts'
import type { Contract } from './service.ts'

/** What a server serves. */
export interface Served {
  readonly contract: Contract
  readonly endpoints: Endpoints
}

/** A gRPC server that runs until it is closed. */
export interface GrpcServer {
  /** 0 for a Unix socket. */
  readonly port: number
  /** Waits until the calls in flight have ended, at most so long, then closes. */
  close(withinMs: number): Promise<void>
}

/**
 * How long a connection is used for new calls. A caller resolves the name of a service again when its connection goes: so it finds processes that were added
 * since. Calls and streams that are open stay.
 */
const CONNECTION_AGE_MS = 300_000

/**
 * Node's HTTP/2 server ends a connection on which more than some 33 streams a second are left early. Here that is nothing unusual: people stop reading, and one
 * connection carries all of them. grpc-js passes no such option on, so it is added where its servers are made.
 */
const RESETS = { streamResetBurst: 1_000_000, streamResetRate: 1_000_000 }
const makeServer = http2.createServer
http2.createServer = ((options: object, ...rest: []) =>
  makeServer({ ...RESETS, ...options }, ...rest)) as typeof makeServer

/** Serves at `host:port` (port 0: a free one) or `unix:///path`. Every method but the open ones needs a mesh token. */
export async function openGrpcServer(
  address: string,
  services: readonly Served[],
  identities: Pick<Identities, 'verify'>,
  connectionAgeMs = CONNECTION_AGE_MS,
): Promise<GrpcServer> {
  const server = createServer({ ...GRPC_OPTIONS, 'grpc.max_connection_age_ms': connectionAgeMs })
  const calls = createTally()
  for (const { contract, endpoints } of services) {
    const methods = Object.entries(endpoints).map(([key, endpoint]) => [key, toMethod(endpoint, identities, calls)])
    server.add(toGrpcDefinition(contract), Object.fromEntries(methods))
  }
  const port = await server.listen(address)
  return {
    port,
    async close(withinMs) {
      const late = AbortSignal.timeout(withinMs)
      await Promise.race([calls.idle(), aborted(late)])
      if (!late.aborted) await Promise.race([server.shutdown(), aborted(late)])
      server.forceShutdown()
    },
  }
}

/** Counts what is in flight. */
function createTally() {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    begin: () => void (count += 1),
    end() {
      count -= 1
      if (count > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    },
    idle: () => (count === 0 ? Promise.resolve() : new Promise<void>(resolve => void waiting.push(resolve))),
  }
}
type Tally = ReturnType<typeof createTally>

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )
}

function toMethod(endpoint: Endpoint, identities: Pick<Identities, 'verify'>, calls: Tally) {
  if (endpoint.method.responseStream) {
    return async function* (request: unknown, context: CallContext) {
      calls.begin()
      try {
        const call = await openCall(endpoint, context, identities)
        let unreadable: CodedError | undefined
        yield* endpoint.stream(
          toRequest(endpoint, request, call, error => (unreadable = error)),
          call,
        )
        // Whatever the handler made of it.
        if (unreadable) throw unreadable
      } catch (error) {
        throw toServerError(error, context)
      } finally {
        calls.end()
      }
    }
  }
  return async (request: unknown, context: CallContext) => {
    calls.begin()
    try {
      const call = await openCall(endpoint, context, identities)
      return await endpoint.answer(toRequest(endpoint, request, call, ignore), call)
    } catch (error) {
      throw toServerError(error, context)
    } finally {
      calls.end()
    }
  }
}

type OnUnreadable = (error: CodedError) => void
const ignore: OnUnreadable = () => {}

/** A stream of requests ends when the call does, whatever the connection tells. */
function toRequest({ method }: Endpoint, request: unknown, call: ServedCall, onUnreadable: OnUnreadable): unknown {
  if (!method.requestStream) return readable(request, onUnreadable)
  return abortable(untilCancelled(request as AsyncIterable<unknown>, call, onUnreadable), call.signal)
}

/** Bytes that are no request arrive as the error to answer with. */
function readable(request: unknown, onUnreadable: OnUnreadable): unknown {
  if (!(request instanceof CodedError)) return request
  onUnreadable(request)
  throw request
}

/** When a caller is gone, grpc-js first ends its stream as if all were said, then tells of the cancellation. */
async function* untilCancelled(
  requests: AsyncIterable<unknown>,
  call: ServedCall,
  onUnreadable: OnUnreadable,
): AsyncGenerator<unknown> {
  for await (const request of requests) yield readable(request, onUnreadable)
  await new Promise(resolve => setImmediate(resolve))
  call.signal.throwIfAborted()
}

async function openCall(
  endpoint: Endpoint,
  context: CallContext,
  identities: Pick<Identities, 'verify'>,
): Promise<ServedCall> {
  const metadata = readMetadata(context.metadata)
  const call = new ServedCall(await identify(endpoint, metadata.get('authorization'), identities), metadata)
  const endsAt = Date.now() + (readTimeout(metadata.get('grpc-timeout')) ?? Infinity)
  const stop = () => call.abort(Date.now() >= endsAt ? deadline() : cancelled())
  if (context.signal.aborted) stop()
  else context.signal.addEventListener('abort', stop, { once: true })
  return call
}

async function identify(
  endpoint: Endpoint,
  authorization: string | undefined,
  identities: Pick<Identities, 'verify'>,
): Promise<Identity> {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  if (token) return identities.verify(token, 'mesh')
  if (endpoint.open) return NOBODY
  throw unauthenticated('the call carries no mesh token')
}

const NOBODY: Identity = { user: '', service: '' }

function readMetadata(metadata: Metadata): ReadonlyMap<string, string> {
  const read = new Map<string, string>()
  for (const [name, values] of metadata) if (!name.endsWith('-bin')) read.set(name, values.join(', '))
  return read
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 }

/** `grpc-timeout` as the gRPC protocol writes it: up to eight digits and a unit. */
function readTimeout(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text ?? '') ?? []
  return digits === undefined ? undefined : Number(digits) * (UNIT_MS[unit] ?? 1)
}

function toServerError(error: unknown, context: CallContext): Error {
  if (!(error instanceof CodedError)) return error instanceof Error ? error : new Error(String(error))
  context.trailer.set(ERROR_TRAILER, encodeError(error))
  return new ServerError(toStatusNumber(error.code), toStatusText(error.message))
}
