import { CodedError } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import { errorText } from './replies.ts'

export const EVENTS = 'text/event-stream'
/** Proxies close what is silent. */
const BEAT_MS = 15_000

export interface EventStreamOptions {
  readonly log: Log
  /** Aborts when it is to end without an error: the reader is gone, or this edge is. */
  readonly signal: AbortSignal
  /** What it is of, for its first line and the log. */
  readonly about: string
  readonly headers?: Readonly<Record<string, string>>
  /** It begins (1) or has ended (-1). */
  onStream(change: 1 | -1): void
}

/** An answer of server-sent events: texts as they come, each one or more whole events. An error goes as an event `error`. */
export function eventStream(texts: AsyncIterable<string>, options: EventStreamOptions): Response {
  const { log, signal, about, headers = {}, onStream } = options
  const from = texts[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  let beat: NodeJS.Timeout | undefined
  let isLeft = false
  const end = () => {
    if (beat) onStream(-1)
    clearInterval(beat)
    beat = undefined
  }
  let isBegun = false
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      // Nobody reads the answer to a HEAD: then nothing begins.
      if (!isBegun) {
        isBegun = true
        controller.enqueue(encoder.encode(`: ${about}\nretry: 1000\n\n`))
        beat = setInterval(() => controller.enqueue(encoder.encode(': still here\n\n')), BEAT_MS)
        return onStream(1)
      }
      try {
        const { done, value } = await from.next()
        // Whoever leaves while something is waited for takes nothing any more.
        if (isLeft) return
        if (value) controller.enqueue(encoder.encode(value))
        if (!done) return
      } catch (error) {
        if (isLeft) return
        if (!signal.aborted) {
          log.warn({ error }, `a stream broke: ${about}`)
          const coded = error instanceof CodedError ? error : new CodedError('INTERNAL', 'internal')
          controller.enqueue(encoder.encode(`event: error\ndata: ${errorText(coded)}\n\n`))
        }
      }
      end()
      controller.close()
    },
    async cancel() {
      isLeft = true
      end()
      await from.return?.()
    },
  }
  return new Response(new ReadableStream(source, { highWaterMark: 0 }), {
    headers: { 'content-type': EVENTS, 'cache-control': 'no-store', 'x-accel-buffering': 'no', ...headers },
  })
}
