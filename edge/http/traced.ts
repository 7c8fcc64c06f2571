import { routePath } from 'hono/route'
import { TRACEPARENT } from '#mesh/trace.ts'
import type { Tracer } from '#mesh/trace.ts'
import type { EdgeApp } from './rest.ts'

/** Probes come every few seconds and lead to nothing. */
const DOORS = new Set(['/livez', '/readyz', '/metrics'])

/** Answers as the app does, with a span for each request, which goes on the caller's trace. Call before routes are added. */
export function traced(app: EdgeApp, tracer: Tracer): (request: Request, address: string) => Promise<Response> {
  if (!tracer.on) return async (request, address) => app.fetch(request, { address })
  app.use(async (context, next) => {
    await next()
    context.env.route = routePath(context).replace(/:(\w+)/g, '{$1}')
  })
  return async (request, address) => {
    const { pathname } = new URL(request.url)
    if (DOORS.has(pathname)) return app.fetch(request, { address })
    const { method } = request
    const span = tracer.start(method, {
      kind: 'server',
      parent: request.headers.get(TRACEPARENT),
      attributes: { 'http.request.method': method, 'url.scheme': 'http' },
    })
    const env: { address: string; route?: string } = { address }
    try {
      const reply = await tracer.within(span, async () => app.fetch(request, env))
      span.set({ 'http.response.status_code': reply.status })
      if (env.route && env.route !== '*') {
        span.set({ 'http.route': env.route })
        span.rename(`${method} ${env.route}`)
      }
      span.end(reply.status >= 500 ? { code: String(reply.status) } : undefined)
      return reply
    } catch (error) {
      span.end(error)
      throw error
    }
  }
}
