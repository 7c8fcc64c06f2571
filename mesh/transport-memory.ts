import { abortable } from './abortable.ts'
import { ServedCall, toMetadata } from './call.ts'
import { cancelled, deadline } from './errors.ts'
import type { CodedError } from './errors.ts'
import type { Endpoint, Endpoints } from './endpoint.ts'
import type { Identity } from './identity.ts'
import type { Client, ClientCallOptions, Contract } from './service.ts'

/** How long a unary call may take where the caller does not say. */
export const DEFAULT_DEADLINE_MS = 5_000

/** A client of a service that runs in this process. Handlers and callers see the same shapes as over gRPC, but nothing is serialised. */
export function createMemoryClient<C extends Contract>(endpoints: Endpoints, own: Identity): Client<C> {
  const methods = Object.entries(endpoints).map(([key, endpoint]) => [key, createMethod(endpoint, own)])
  return Object.fromEntries(methods) as Client<C>
}

type ClientMethod = (request: unknown, options?: ClientCallOptions) => unknown

function createMethod(endpoint: Endpoint, own: Identity): ClientMethod {
  if (endpoint.method.responseStream) return (request, options = {}) => streamingCall(endpoint, request, options, own)
  return (request, options = {}) => unaryCall(endpoint, request, options, own)
}

function unaryCall(endpoint: Endpoint, request: unknown, options: ClientCallOptions, own: Identity): Promise<unknown> {
  if (options.signal?.aborted) return Promise.reject(cancelled())
  return new Promise((resolve, reject) => {
    const call = new ServedCall(options.caller ?? own, toMetadata(options.metadata))
    const { requests, leave } = toRequests(endpoint, request, call)
    const unwatch = watch(options, endpoint.method.requestStream ? undefined : DEFAULT_DEADLINE_MS, reason => {
      end()
      call.abort(reason)
      reject(reason)
    })
    const end = () => {
      unwatch()
      leave?.()
    }
    endpoint.answer(requests, call).then(
      response => {
        end()
        resolve(response)
      },
      (error: unknown) => {
        end()
        reject(error)
      },
    )
  })
}

/** Calls `stop` when the caller's signal aborts or the deadline passes, until the returned function is called. */
function watch(
  options: ClientCallOptions,
  fallbackMs: number | undefined,
  stop: (reason: CodedError) => void,
): () => void {
  const { signal, deadlineMs = fallbackMs } = options
  const onAbort = () => stop(cancelled())
  const timer = deadlineMs === undefined ? undefined : setTimeout(() => stop(deadline()), deadlineMs)
  const end = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
  signal?.addEventListener('abort', onAbort)
  return end
}

/** The request as the handler sees it, and what ends the caller's request stream when the call is over. */
function toRequests(endpoint: Endpoint, request: unknown, call: ServedCall): { requests: unknown; leave?: () => void } {
  const { method } = endpoint
  if (!method.requestStream) return { requests: method.requestType.fromPartial(request) }
  const requests = abortable(
    completed(request as AsyncIterable<unknown>, partial => method.requestType.fromPartial(partial)),
    call.signal,
  )
  return { requests, leave: () => void requests.return?.() }
}

async function* completed(
  partials: AsyncIterable<unknown>,
  complete: (partial: unknown) => unknown,
): AsyncGenerator<unknown> {
  for await (const partial of partials) yield complete(partial)
}

/** Like a gRPC stream it begins when it is first iterated. */
function streamingCall(
  endpoint: Endpoint,
  request: unknown,
  options: ClientCallOptions,
  own: Identity,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      let opened: OpenedStream | undefined
      const open = () => (opened ??= openStream(endpoint, request, options, own))
      return {
        next: () => open().next(),
        return: () => opened?.return() ?? Promise.resolve({ done: true, value: undefined }),
      }
    },
  }
}

interface OpenedStream {
  next(): Promise<IteratorResult<unknown>>
  return(): Promise<IteratorResult<unknown>>
}

function openStream(endpoint: Endpoint, request: unknown, options: ClientCallOptions, own: Identity): OpenedStream {
  const call = new ServedCall(options.caller ?? own, toMetadata(options.metadata))
  if (options.signal?.aborted) call.abort()
  const unwatch = watch(options, undefined, reason => call.abort(reason))
  const { requests, leave } = toRequests(endpoint, request, call)
  const responses = endpoint.stream(requests, call)
  let left = false
  const end = () => {
    unwatch()
    leave?.()
  }
  return {
    async next() {
      try {
        const result = await responses.next()
        if (result.done) end()
        return result
      } catch (error) {
        end()
        if (left) return { done: true, value: undefined }
        throw error
      }
    },
    async return() {
      left = true
      // First this: a handler that waits for a request must see the cancellation, not an orderly end.
      call.abort(cancelled())
      end()
      return { done: true, value: undefined }
    },
  }
}
