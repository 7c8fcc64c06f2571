import { Hono } from 'hono'
import { notFound } from '#mesh/errors.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import type { Tracer } from '#mesh/trace.ts'
import type { Files } from './files.ts'
import { addKnowledge } from './knowledge.ts'
import type { KnowledgeOptions } from './knowledge.ts'
import { describeRest } from './openapi.ts'
import { errorReply, errorText, jsonReply } from './replies.ts'
import { addRest } from './rest.ts'
import type { EdgeApp } from './rest.ts'
import { addRuns } from './runs.ts'
import { traced } from './traced.ts'
import type { RunOptions } from './runs.ts'

export interface HttpOptions extends Omit<RunOptions & KnowledgeOptions, 'onStream'> {
  readonly metrics: Metrics
  readonly tracer: Tracer
  readonly files: Files
  readiness(): Promise<Readonly<Record<string, boolean>>>
}

/** Everything that the edge answers over HTTP. */
export interface HttpApp {
  /** Never rejects. */
  answer(request: Request, address: string): Promise<Response>
  /** Requests in work, and streams of events. */
  inFlight(): number
}

export function createHttpApp(options: HttpOptions): HttpApp {
  const { metrics, files, log, draining } = options
  const app: EdgeApp = new Hono()
  const requests = metrics.counter('http_requests_total', 'HTTP requests answered', ['method', 'status'])
  const seconds = metrics.histogram(
    'http_request_seconds',
    'time to the head of the answer',
    [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
  )
  const fetch = traced(app, options.tracer)
  addDoors(app, options)
  let inFlight = 0
  const onStream = (change: 1 | -1) => void (inFlight += change)
  addRuns(app, { ...options, onStream })
  addKnowledge(app, { ...options, onStream })
  addRest(app, options)
  app.on(['GET', 'HEAD'], '/*', async (context, next) => {
    const { pathname } = new URL(context.req.raw.url)
    return pathname.startsWith('/v1/') ? next() : ((await files.reply(pathname, context.req.raw)) ?? next())
  })
  app.notFound(context =>
    jsonReply(
      errorText(
        notFound(`there is no ${context.req.method} ${new URL(context.req.raw.url).pathname}: see /openapi.json`),
      ),
      404,
    ),
  )
  app.onError(error => errorReply(error, log))
  return {
    inFlight: () => inFlight,
    async answer(request, address) {
      const before = performance.now()
      inFlight++
      try {
        const reply = await fetch(request, address)
        reply.headers.set('x-content-type-options', 'nosniff')
        // The next request on this connection would find nobody.
        if (draining.aborted) reply.headers.set('connection', 'close')
        requests.add(1, {
          method: METHODS.has(request.method) ? request.method : 'OTHER',
          status: String(reply.status),
        })
        return reply
      } catch (error) {
        return errorReply(error, log)
      } finally {
        inFlight--
        seconds.observe((performance.now() - before) / 1000)
      }
    },
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])

/** What operators and their programs ask for. */
function addDoors(app: EdgeApp, { metrics, contracts, clients, readiness }: HttpOptions): void {
  const description = JSON.stringify(
    describeRest(contracts, rule => clients[rule.rpc.parent.typeName]?.[rule.rpc.localName] !== undefined),
  )
  app.get('/livez', () => new Response('ok\n'))
  app.get('/readyz', async () => {
    const parts = await readiness()
    return jsonReply(JSON.stringify(parts), Object.values(parts).every(Boolean) ? 200 : 503)
  })
  app.get(
    '/metrics',
    async () =>
      new Response(await metrics.text(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }),
  )
  app.get('/openapi.json', () => jsonReply(description))
}
