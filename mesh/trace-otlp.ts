import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, Link, Span as OtelSpan, SpanContext, Tracer as OtelTracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, resourceAttributesEnvDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Log } from './log.ts'
import type { Metrics } from './telemetry.ts'
import type { Span, SpanAttributes, SpanOptions, Tracer } from './trace.ts'

export interface TraceOptions {
  /** Where a collector takes OTLP over HTTP, e.g. `http://localhost:4318`. */
  readonly endpoint: string
  /** Further headers, `name=value,name=value` with values percent-encoded. */
  readonly headers: string
  /** `service.name`. */
  readonly service: string
  /** `service.instance.id`. */
  readonly instance: string
  /** Of traces that begin here: the part that is kept, 0 to 1. Others are kept where they were before. */
  readonly ratio: number
  readonly log: Log
  readonly metrics: Metrics
}

const EXPORT_MS = 3_000
const MOST_WAITING = 8_192
const COMPLAIN_MS = 60_000

/** Opens a tracer that sends spans by OTLP, as JSON over HTTP. A collector that is away costs the spans of that time, and one warning a minute. */
export function openTracer(options: TraceOptions): Tracer {
  const contexts = new AsyncLocalStorageContextManager().enable()
  const provider = new TracerProvider({
    resource: detectResources({ detectors: [resourceAttributesEnvDetector] }).merge(
      resourceFromAttributes({
        'service.name': options.service,
        'service.namespace': 'spellmesh',
        'service.instance.id': options.instance,
      }),
    ),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    spanLimits: { attributeValueLengthLimit: 1_000, attributeCountLimit: 32, linkCountLimit: 32, eventCountLimit: 8 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: watched(exporterTo(options), options),
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: 2 * EXPORT_MS,
      }),
    ],
  })
  return toTracer(provider.getTracer('spellmesh'), contexts, () => close(provider))
}

function exporterTo({ endpoint, headers }: TraceOptions): SpanExporter {
  return new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_MS,
    headers: readHeaders(headers),
  })
}

function readHeaders(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([^=,\s]+)\s*=([^,]*)/g)]
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decode(value.trim())]))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Counts what is sent and what is lost, and tells of losses now and then. */
function watched(exporter: SpanExporter, { log, metrics, endpoint }: TraceOptions): SpanExporter {
  const spans = metrics.counter('trace_spans_total', 'Spans sent to the collector, or lost.', ['result'])
  let complainedAt = -Infinity
  return {
    export(batch, done) {
      exporter.export(batch, result => {
        spans.add(batch.length, { result: result.code === 0 ? 'sent' : 'lost' })
        if (result.code !== 0 && performance.now() - complainedAt > COMPLAIN_MS) {
          complainedAt = performance.now()
          const { host } = URL.parse(endpoint) ?? { host: '' }
          log.warn({ error: result.error, host, spans: batch.length }, 'traces cannot be sent')
        }
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

/** What is left is sent, unless the collector is away: the end does not wait for it. */
async function close(provider: TracerProvider): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, EXPORT_MS)
  })
  await Promise.race([provider.shutdown().catch(() => undefined), late])
  clearTimeout(timer)
}

class RecordedSpan implements Span {
  readonly span: OtelSpan
  readonly context: Context
  #traceparent: string | undefined

  constructor(span: OtelSpan, parent: Context) {
    this.span = span
    this.context = trace.setSpan(parent, span)
  }

  get traceparent(): string {
    return (this.#traceparent ??= toTraceparent(this.span.spanContext()))
  }

  get isRecorded(): boolean {
    return this.span.isRecording()
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes)
  }

  rename(name: string): void {
    this.span.updateName(name)
  }

  end(error?: unknown): void {
    if (error !== undefined && this.span.isRecording()) {
      // Not its message, which may quote what a user gave.
      const code = codeOf(error)
      this.span.setAttribute('error.type', code)
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: code })
    }
    if (this.span.isRecording()) this.span.end()
  }
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '_OTHER'
  return 'code' in error ? String(error.code) : error instanceof Error ? error.name : '_OTHER'
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

function toTracer(tracer: OtelTracer, contexts: AsyncLocalStorageContextManager, end: () => Promise<void>): Tracer {
  const active = () => trace.getSpanContext(contexts.active())
  const parentOf = (parent: SpanOptions['parent']): Context => {
    if (parent === undefined) return contexts.active()
    if (parent instanceof RecordedSpan) return parent.context
    const given = typeof parent === 'string' ? readTraceparent(parent) : undefined
    return given ? trace.setSpanContext(ROOT_CONTEXT, given) : ROOT_CONTEXT
  }
  return {
    on: true,
    current() {
      const context = active()
      return context && toTraceparent(context)
    },
    start(name, { kind = 'internal', parent, attributes = {}, links = [] } = {}) {
      const context = parentOf(parent)
      const span = tracer.startSpan(
        name,
        { kind: KINDS[kind], attributes: { ...attributes }, links: links.flatMap(toLink) },
        context,
      )
      return new RecordedSpan(span, context)
    },
    within: (span, work) => contexts.with(span instanceof RecordedSpan ? span.context : ROOT_CONTEXT, work),
    enter(span) {
      if (span instanceof RecordedSpan) contexts.attach(span.context)
    },
    ids() {
      const context = active()
      return context && { trace_id: context.traceId, span_id: context.spanId }
    },
    [Symbol.asyncDispose]: end,
  }
}

function toLink(traceparent: string): Link[] {
  const context = readTraceparent(traceparent)
  return context ? [{ context }] : []
}

function toTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`
}

/** Versions to come may say more behind it; what is not as written there counts as nothing. */
function readTraceparent(text: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '0', more] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(text.slice(0, 256)) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}
