import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as a collector gets it. */
export interface CollectedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  /** Empty: it is the first of its trace. */
  readonly parentSpanId: string
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly failed: boolean
}

/** Takes traces as OpenTelemetry's collector does: OTLP as JSON over HTTP. */
export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** Headers of the requests so far. */
  readonly headers: readonly NodeJS.Dict<string | string[]>[]
  /** Resolves with what `find` finds, as soon as it does. */
  until<T>(what: string, find: (spans: readonly CollectedSpan[]) => T | undefined): Promise<T>
}

const MOST_MS = 30_000

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const headers: NodeJS.Dict<string | string[]>[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      headers.push(request.headers)
      if (request.url === '/v1/traces') spans.push(...readSpans(Buffer.concat(parts).toString()))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      for (const look of waiting) look()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    until: (what, find) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look)
          const seen = spans.map(
            one => `${one.service}: ${one.name} ${one.traceId}/${one.spanId} < ${one.parentSpanId}`,
          )
          reject(new Error(`no ${what} after ${MOST_MS} ms; there are\n${seen.join('\n')}`))
        }, MOST_MS)
        const look = () => {
          const found = find(spans)
          if (found === undefined) return
          clearTimeout(late)
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The spans from a span up to the first of its trace that was collected. */
export function chainOf(spans: readonly CollectedSpan[], from: CollectedSpan): readonly CollectedSpan[] {
  const parent = spans.find(one => one.spanId === from.parentSpanId && one.traceId === from.traceId)
  return parent ? [from, ...chainOf(spans, parent)] : [from]
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly name: string
        readonly attributes: readonly Attribute[]
        readonly links?: CollectedSpan['links']
        readonly status: { readonly code: number }
      }[]
    }[]
  }[]
}
interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

function readSpans(text: string): readonly CollectedSpan[] {
  const { resourceSpans } = JSON.parse(text) as Sent
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, attributes, links = [], status }) => ({
        service: String(toObject(resource.attributes)['service.name']),
        ...{ traceId, spanId, parentSpanId, name },
        attributes: toObject(attributes),
        links: links.map(link => ({ traceId: link.traceId, spanId: link.spanId })),
        failed: status.code === 2,
      })),
    ),
  )
}

function toObject(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
