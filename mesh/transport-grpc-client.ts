import type { Channel } from '@grpc/grpc-js'
import { ClientError, createChannel, createClient, Metadata } from 'nice-grpc'
import { LRUCache } from 'lru-cache'
import { abortable } from './abortable.ts'
import { decodeError } from './error-trailer.ts'
import { CodedError, cancelled, deadline, toCode, unavailable } from './errors.ts'
import { ERROR_TRAILER, GRPC_OPTIONS, toGrpcDefinition } from './grpc-options.ts'
import type { Identities, Identity } from './identity.ts'
import type { Client, ClientCallOptions, Contract, Method } from './service.ts'
import type { Metrics } from './telemetry.ts'
import { NO_TRACER, TRACEPARENT } from './trace.ts'
import type { Span, Tracer } from './trace.ts'
import { DEFAULT_DEADLINE_MS } from './transport-memory.ts'

const TOKEN_LIFE_MS = 300_000
const TOKEN_REUSE_MS = 240_000

/** Makes clients of services in other processes. One channel per address, for the life of the process. */
export interface GrpcClients {
  client<C extends Contract>(contract: C, address: string, own: Identity): Client<C>
  close(): void
}

export interface GrpcClientsOptions {
  readonly metrics?: Metrics
  readonly tracer?: Tracer
}

/** Opens nothing yet: a channel connects at its first call. */
export function createGrpcClients(identities: Pick<Identities, 'sign'>, options: GrpcClientsOptions = {}): GrpcClients {
  const channels = new Map<string, Channel>()
  const tokens = createTokens(identities)
  const observe = createObserver(options)
  return {
    client<C extends Contract>(contract: C, address: string, own: Identity) {
      const channel = channels.get(address) ?? createChannel(address, undefined, CHANNEL_OPTIONS)
      channels.set(address, channel)
      const raw = createClient(toGrpcDefinition(contract), channel) as unknown as RawClient
      const methods = Object.entries(contract.methods).map(([key, method]) => [
        key,
        toClientMethod(method, raw[key] as RawMethod, own, { tokens, begin: observe(contract, method) }),
      ])
      return Object.fromEntries(methods) as Client<C>
    },
    close() {
      for (const channel of channels.values()) channel.close()
      channels.clear()
    },
  }
}

/** Several addresses behind one name are used in turn. */
const CHANNEL_OPTIONS = {
  ...GRPC_OPTIONS,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
}

type RawClient = Readonly<Record<string, RawMethod>>
type RawMethod = (request: unknown, options: RawOptions) => Promise<unknown> & AsyncIterable<unknown>
interface RawOptions {
  readonly metadata: Metadata
  readonly signal: AbortSignal
  readonly onTrailer: (trailer: Metadata) => void
}
type Tokens = (identity: Identity) => Promise<string>

/** Signing takes longer than calling: a token serves all calls of one identity for some minutes. */
function createTokens(identities: Pick<Identities, 'sign'>): Tokens {
  const known = new LRUCache<string, Promise<string>>({ max: 10_000, ttl: TOKEN_REUSE_MS })
  return identity => {
    const key = `${identity.service} ${identity.user}`
    const found = known.get(key)
    if (found) return found
    const signed = identities.sign(identity, { audience: 'mesh', lifeMs: TOKEN_LIFE_MS })
    known.set(key, signed)
    signed.catch(() => known.delete(key))
    return signed
  }
}

/** What every call is made with. */
interface Outfit {
  readonly tokens: Tokens
  begin(): Begun
}

/** A call as the traces and metrics see it. */
interface Begun {
  readonly span: Span | undefined
  end(error?: unknown): void
}

/** Calls are counted by how they ended, which the other side does not know of those that never came there. Sessions have no span: what travels in them brings its own. */
function createObserver({ metrics, tracer = NO_TRACER }: GrpcClientsOptions) {
  const calls = metrics?.counter('rpc_client_calls_total', 'Calls made over gRPC, by service, method and code.', [
    'service',
    'method',
    'code',
  ])
  return (contract: Contract, method: Method) => {
    const path = `${contract.fullName}/${method.name}`
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': path }
    const traced = tracer.on && !(method.requestStream && method.responseStream)
    return (): Begun => {
      const span = traced ? tracer.start(path, { kind: 'client', attributes }) : undefined
      return {
        span,
        end(error) {
          const code = error === undefined ? 'OK' : error instanceof CodedError ? error.code : 'INTERNAL'
          calls?.add(1, { service: contract.fullName, method: method.name, code })
          span?.end(error)
        },
      }
    }
  }
}

function toClientMethod(method: Method, raw: RawMethod, own: Identity, outfit: Outfit) {
  if (method.responseStream)
    return (request: unknown, options: ClientCallOptions = {}) =>
      streamingCall(method, raw, request, options, own, outfit)
  return async (request: unknown, options: ClientCallOptions = {}) => {
    const call = openCall(options, method.requestStream ? undefined : DEFAULT_DEADLINE_MS)
    const begun = outfit.begin()
    try {
      const metadata = await toCallMetadata(options, call, own, outfit.tokens, begun.span)
      const { signal, onTrailer } = call
      const response = await raw(toRequest(method, request, signal), { metadata, signal, onTrailer })
      begun.end()
      return response
    } catch (error) {
      const coded = call.toCoded(error)
      begun.end(coded)
      throw coded
    } finally {
      call.end()
    }
  }
}

function streamingCall(
  method: Method,
  raw: RawMethod,
  request: unknown,
  options: ClientCallOptions,
  own: Identity,
  outfit: Outfit,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const call = openCall(options, undefined)
      const begun = outfit.begin()
      return abortable(responses(call, begun.span), call.signal, error => {
        if (error === undefined) call.abort(cancelled())
        call.end()
        begun.end(error)
      })
    },
  }
  async function* responses(call: OpenCall, span: Span | undefined): AsyncGenerator<unknown> {
    try {
      const metadata = await toCallMetadata(options, call, own, outfit.tokens, span)
      yield* raw(toRequest(method, request, call.signal), { metadata, signal: call.signal, onTrailer: call.onTrailer })
    } catch (error) {
      throw call.toCoded(error)
    }
  }
}

function toRequest(method: Method, request: unknown, signal: AbortSignal): unknown {
  return method.requestStream ? abortable(request as AsyncIterable<unknown>, signal) : request
}

async function toCallMetadata(
  { caller, metadata }: ClientCallOptions,
  call: OpenCall,
  own: Identity,
  tokens: Tokens,
  span: Span | undefined,
): Promise<Metadata> {
  const token = await tokens(caller ?? own)
  const sent = Metadata(metadata)
  sent.set('authorization', `Bearer ${token}`)
  if (span) sent.set(TRACEPARENT, span.traceparent)
  // The server then ends the call by itself too, should this side not come to it.
  if (call.endsAt !== undefined)
    sent.set('grpc-timeout', `${Math.min(Math.max(Math.ceil(call.endsAt - Date.now()), 1), 99_999_999)}m`)
  call.signal.throwIfAborted()
  return sent
}

/** `spell_runner` in `/spellmesh.spell_runner.v1.SpellRunnerService/GetRun`, as its folder is called. */
function serviceOf(path: string): string {
  return /^\/spellmesh\.(\w+)\./.exec(path)?.[1]?.replaceAll('_', '-') ?? 'a service'
}

type OpenCall = ReturnType<typeof openCall>

/** One call in flight: its signal joins the caller's with the deadline, and its errors become coded. */
function openCall({ signal, deadlineMs }: ClientCallOptions, fallbackMs: number | undefined) {
  const lastsMs = deadlineMs ?? fallbackMs
  const controller = new AbortController()
  let trailer: Metadata | undefined
  const onAbort = () => controller.abort(cancelled())
  const timer = lastsMs === undefined ? undefined : setTimeout(() => controller.abort(deadline()), lastsMs)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)
  return {
    signal: controller.signal,
    endsAt: lastsMs === undefined ? undefined : Date.now() + lastsMs,
    abort: (reason: CodedError) => controller.abort(reason),
    onTrailer: (received: Metadata) => {
      trailer = received
    },
    toCoded(error: unknown): unknown {
      if (controller.signal.aborted) return controller.signal.reason
      if (!(error instanceof ClientError)) return error
      const pieces = trailer?.getAll(ERROR_TRAILER)
      // Of the transport itself: its words are for operators, and tell addresses.
      if (toCode(error.code) === 'UNAVAILABLE' && !pieces?.length)
        return unavailable(`${serviceOf(error.path)} cannot be reached at the moment: try again`, { cause: error })
      return decodeError(toCode(error.code), error.details, pieces)
    },
    end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}
