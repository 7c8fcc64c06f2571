import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './telemetry.ts'

export interface MetricsServerOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly metrics: Metrics
  readiness(): Promise<Readonly<Record<string, boolean>>>
}

/** A server for probes and Prometheus. */
export interface MetricsServer extends AsyncDisposable {
  readonly port: number
}

/** Answers `/metrics`, `/livez` (this process alone) and `/readyz` (its parts by name, 503 where one is not ready). Rejects when the port is taken. */
export async function openMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ connectionsCheckingInterval: 60_000 }, (request, response) => {
    const reply = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body)
    answer(request.method, request.url, options).then(
      ([status, type, body]) => reply(status, type, body),
      () => reply(500, PLAIN, 'internal\n'),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const PLAIN = 'text/plain; charset=utf-8'
type Reply = readonly [status: number, type: string, body: string]

async function answer(
  method: string | undefined,
  url: string | undefined,
  { metrics, readiness }: MetricsServerOptions,
): Promise<Reply> {
  if (method !== 'GET' && method !== 'HEAD') return [405, PLAIN, 'GET only\n']
  switch (url?.split('?')[0]) {
    case '/metrics':
      return [200, 'text/plain; version=0.0.4; charset=utf-8', await metrics.text()]
    case '/livez':
      return [200, PLAIN, 'ok\n']
    case '/readyz': {
      const parts = await readiness()
      return [Object.values(parts).every(Boolean) ? 200 : 503, 'application/json', JSON.stringify(parts)]
    }
    default:
      return [404, PLAIN, 'there are /metrics, /livez and /readyz\n']
  }
}
