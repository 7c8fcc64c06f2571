import { abortable } from './abortable.ts'
import type { ServedCall } from './call.ts'
import { CodedError, internal } from './errors.ts'
import type { Log } from './log.ts'
import type { Contract, Method } from './service.ts'
import { toUnfitInput } from './sql-input.ts'
import type { Metrics } from './telemetry.ts'
import { inSpan, streamWithin, TRACEPARENT } from './trace.ts'
import type { SpanOptions, Tracer } from './trace.ts'

/** One method of a service that runs here, as every transport serves it: errors are coded, calls are counted. */
export interface Endpoint {
  readonly method: Method
  /** Whether it answers callers without identity. */
  readonly open: boolean
  /** For methods with one response: a whole message. Rejects only with coded errors. */
  answer(request: unknown, call: ServedCall): Promise<unknown>
  /** For methods with a stream of responses. It ends when the call aborts, and its handler's generator with it; then `onEnd` is told. */
  stream(request: unknown, call: ServedCall, onEnd?: (error: unknown) => void): AsyncIterableIterator<unknown>
}
/** The endpoints of a service by method name. */
export type Endpoints = Readonly<Record<string, Endpoint>>

export interface EndpointOptions {
  /** The service's folder name. */
  readonly service: string
  readonly contract: Contract
  readonly open: readonly string[]
  readonly handlers: Readonly<Record<string, unknown>>
  readonly log: Log
  readonly metrics: Metrics
  readonly tracer?: Tracer
}

/** Makes the endpoints of a started service. Throws when a method of the contract has no handler. */
export function createEndpoints(options: EndpointOptions): Endpoints {
  const { service, contract, open, handlers } = options
  const missing = Object.keys(contract.methods).filter(key => typeof handlers[key] !== 'function')
  if (missing.length > 0) throw new Error(`the service "${service}" has no handler for ${missing.join(', ')}`)
  const unknown = open.filter(key => !contract.methods[key])
  if (unknown.length > 0)
    throw new Error(`the service "${service}" opens methods that its contract does not have: ${unknown.join(', ')}`)
  const { tracer } = options
  const entries = Object.entries(contract.methods).map(([key, method]) => {
    const endpoint = createEndpoint(options, key, method)
    return [key, tracer?.on ? withSpans(endpoint, `${contract.fullName}/${method.name}`, tracer) : endpoint]
  })
  return Object.fromEntries(entries) as Endpoints
}

type Handler = (request: unknown, call: ServedCall) => unknown

function createEndpoint(options: EndpointOptions, key: string, method: Method): Endpoint {
  const handler = (options.handlers[key] as Handler).bind(options.handlers)
  const observe = createObserver(options, method)
  const toCoded = createErrorMapper(options, method)
  return {
    method,
    open: options.open.includes(key),
    async answer(request, call) {
      const startedAt = performance.now()
      try {
        const response: unknown = method.responseType.fromPartial(await handler(request, call))
        observe.ended('OK', startedAt)
        return response
      } catch (error) {
        const coded = toCoded(error, call)
        observe.ended(coded.code, startedAt)
        throw coded
      }
    },
    stream(request, call, onEnd) {
      const startedAt = performance.now()
      observe.opened()
      return abortable(responsesOf(method, handler, request, call, toCoded), call.signal, error => {
        observe.closed()
        onEnd?.(error)
        observe.ended(error instanceof CodedError ? error.code : 'OK', startedAt)
      })
    },
  }
}

/** The same with a span for each call, but for those that last as long as a session: what travels there brings its own. */
function withSpans(endpoint: Endpoint, path: string, tracer: Tracer): Endpoint {
  const { method } = endpoint
  if (method.requestStream && method.responseStream) return endpoint
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': path }
  const optionsOf = (call: ServedCall): SpanOptions => {
    const parent = call.metadata.get(TRACEPARENT)
    return { kind: 'server', attributes, ...(parent === undefined ? {} : { parent }) }
  }
  return {
    ...endpoint,
    answer: (request, call) => inSpan(tracer, path, optionsOf(call), () => endpoint.answer(request, call)),
    stream(request, call) {
      const span = tracer.start(path, optionsOf(call))
      const responses = tracer.within(span, () => endpoint.stream(request, call, error => span.end(error)))
      return streamWithin(tracer, span, responses)
    },
  }
}

async function* responsesOf(
  method: Method,
  handler: Handler,
  request: unknown,
  call: ServedCall,
  toCoded: ErrorMapper,
): AsyncGenerator<unknown> {
  try {
    for await (const response of handler(request, call) as AsyncIterable<unknown>)
      yield method.responseType.fromPartial(response)
  } catch (error) {
    throw toCoded(error, call)
  }
}

type ErrorMapper = (error: unknown, call: ServedCall) => CodedError

function createErrorMapper({ service, log }: EndpointOptions, method: Method): ErrorMapper {
  return (error, call) => {
    if (error instanceof CodedError) return error
    if (call.reason && isAbort(error)) return call.reason
    const unfit = toUnfitInput(error)
    if (unfit) return unfit
    log.error({ error, service, method: method.name }, 'a handler failed')
    return internal('internal', { cause: error })
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function createObserver({ service, metrics }: EndpointOptions, method: Method) {
  const labels = { service, method: method.name }
  const calls = metrics.counter('rpc_calls_total', 'Calls served, by service, method and code.', [
    'service',
    'method',
    'code',
  ])
  const seconds = metrics.histogram('rpc_seconds', 'How long unary calls took.', BUCKETS, ['service', 'method'])
  const streams = metrics.gauge('rpc_streams', 'Streams open now.', ['service', 'method'])
  return {
    ended(code: string, startedAt: number) {
      calls.add(1, { ...labels, code })
      if (!method.responseStream) seconds.observe((performance.now() - startedAt) / 1000, labels)
    },
    opened: () => streams.add(1, labels),
    closed: () => streams.add(-1, labels),
  }
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
