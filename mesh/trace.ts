import type { SpanKind } from '@opentelemetry/api'

/** Ids, numbers and words of a span; never payloads. Names are those of OpenTelemetry's semantic conventions where it has some. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** One piece of work in a trace. */
export interface Span {
  /** As others are told of it (https://www.w3.org/TR/trace-context/): they go on from here. */
  readonly traceparent: string
  /** Whether anybody will see it: else what it is made of need not be looked up. */
  readonly isRecorded: boolean
  set(attributes: SpanAttributes): void
  rename(name: string): void
  /** Ends it, as failed where there is an error. What comes after the first call does nothing. */
  end(error?: unknown): void
}

export interface SpanOptions {
  readonly kind?: Lowercase<keyof typeof SpanKind>
  /** What caused it: a span, or the `traceparent` of one elsewhere (a wrong one counts as none). `null`: nothing. Absent: the span at work. */
  readonly parent?: Span | string | null | undefined
  readonly attributes?: SpanAttributes
  /** The `traceparent` of what it has to do with beside its parent. */
  readonly links?: readonly string[]
}

/** Spans of this process. Where nobody listens (`on` is false) none of this does anything: ask `on` before making what it takes. */
export interface Tracer extends AsyncDisposable {
  readonly on: boolean
  /** The `traceparent` of the span at work; undefined: there is none. */
  current(): string | undefined
  start(name: string, options?: SpanOptions): Span
  /** Does work inside a span: whatever follows from it, now or later, is the span's. Undefined: inside none. */
  within<T>(span: Span | undefined, work: () => T): T
  /** The same for all that follows in this turn, up to the end of the {@link Tracer.within} around it. */
  enter(span: Span): void
  /** What log lines say of the span at work. */
  ids(): { readonly trace_id: string; readonly span_id: string } | undefined
}

/** The header, metadata name and envelope member that a span travels by. */
export const TRACEPARENT = 'traceparent'

const NO_SPAN: Span = {
  traceparent: '',
  isRecorded: false,
  set() {},
  rename() {},
  end() {},
}

/** What traces nothing. */
export const NO_TRACER: Tracer = {
  on: false,
  current: () => undefined,
  start: () => NO_SPAN,
  within: (_, work) => work(),
  enter() {},
  ids: () => undefined,
  async [Symbol.asyncDispose]() {},
}

/** Does asynchronous work inside a new span, which ends with it. */
export async function inSpan<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.start(name, options)
  try {
    const result = await tracer.within(span, () => work(span))
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}

/** A stream whose every step is work inside a span. Ending the span is the caller's. */
export function streamWithin<T>(tracer: Tracer, span: Span, stream: AsyncIterator<T>): AsyncIterableIterator<T> {
  return {
    next: () => tracer.within(span, () => stream.next()),
    return: () => tracer.within(span, () => stream.return?.() ?? Promise.resolve({ done: true, value: undefined })),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
