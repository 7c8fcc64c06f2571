import type { Channel } from '@grpc/grpc-js'
import { ClientError, createChannel, createClient, Metadata } from 'nice-grpc'
import { LRUCache } from 'lru-cache'
import { abortable } from './abortable.ts'
import { decodeError } from './error-trailer.ts'
import { CodedError, cancelled, deadline, toCode } from './errors.ts'
import { ERROR_TRAILER, GRPC_OPTIONS, toGrpcDefinition } from './grpc-options.ts'
import type { Identities, Identity } from './identity.ts'
import type { Client, ClientCallOptions, Contract, Method } from './service.ts'
import { DEFAULT_DEADLINE_MS } from './transport-memory.ts'

const TOKEN_LIFE_MS = 300_000
const TOKEN_REUSE_MS = 240_000

/** Makes clients of services in other processes. One channel per address, for the life of the process. */
export interface GrpcClients {
  client<C extends Contract>(contract: C, address: string, own: Identity): Client<C>
  close(): void
}

/** Opens nothing yet: a channel connects at its first call. */
export function createGrpcClients(identities: Pick<Identities, 'sign'>): GrpcClients {
  const channels = new Map<string, Channel>()
  const tokens = createTokens(identities)
  return {
    client<C extends Contract>(contract: C, address: string, own: Identity) {
      const channel = channels.get(address) ?? createChannel(address, undefined, CHANNEL_OPTIONS)
      channels.set(address, channel)
      const raw = createClient(toGrpcDefinition(contract), channel) as unknown as RawClient
      const methods = Object.entries(contract.methods).map(([key, method]) => [
        key,
        toClientMethod(method, raw[key] as RawMethod, own, tokens),
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

function toClientMethod(method: Method, raw: RawMethod, own: Identity, tokens: Tokens) {
  if (method.responseStream)
    return (request: unknown, options: ClientCallOptions = {}) =>
      streamingCall(method, raw, request, options, own, tokens)
  return async (request: unknown, options: ClientCallOptions = {}) => {
    const call = openCall(options, method.requestStream ? undefined : DEFAULT_DEADLINE_MS)
    try {
      const metadata = await toCallMetadata(options, call, own, tokens)
      return await raw(toRequest(method, request, call.signal), {
        metadata,
        signal: call.signal,
        onTrailer: call.onTrailer,
      })
    } catch (error) {
      throw call.toCoded(error)
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
  tokens: Tokens,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const call = openCall(options, undefined)
      return abortable(responses(call), call.signal, error => {
        if (error === undefined) call.abort(cancelled())
        call.end()
      })
    },
  }
  async function* responses(call: OpenCall): AsyncGenerator<unknown> {
    try {
      const metadata = await toCallMetadata(options, call, own, tokens)
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
): Promise<Metadata> {
  const token = await tokens(caller ?? own)
  const sent = Metadata(metadata)
  sent.set('authorization', `Bearer ${token}`)
  // The server then ends the call by itself too, should this side not come to it.
  if (call.endsAt !== undefined)
    sent.set('grpc-timeout', `${Math.min(Math.max(Math.ceil(call.endsAt - Date.now()), 1), 99_999_999)}m`)
  call.signal.throwIfAborted()
  return sent
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
      return decodeError(toCode(error.code), error.details, trailer?.getAll(ERROR_TRAILER))
    },
    end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}
