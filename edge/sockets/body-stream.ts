import { cancelled, exhausted } from '#mesh/errors.ts'

/** A body that comes in pieces, for whoever reads it as a stream. */
export interface BodyStream {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Takes the next piece, which is its own from then on. */
  push(piece: Uint8Array<ArrayBuffer>): void
  end(): void
  fail(error: Error): void
  /** Takes nothing more; answers whether the body had come whole. */
  leave(): boolean
}

/** What may wait to be read before the sender is held up. */
const WAITING_BYTES = 1024 * 1024

/** Holds the sender up (`pause`) while much waits to be read. Beyond the limit the reading fails with RESOURCE_EXHAUSTED, and what comes then is left. */
export function createBodyStream(limitBytes: number, sender: { pause(): void; resume(): void }): BodyStream {
  let [size, over, whole, paused] = [0, false, false, false]
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
  const resume = () => {
    if (!paused) return
    paused = false
    sender.resume()
  }
  const stop = (work: () => void) => {
    if (over) return
    over = true
    work()
    resume()
  }
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start: given => void (controller = given),
      pull: () => resume(),
      cancel: () => stop(() => undefined),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES }),
  )
  return {
    stream,
    push(piece) {
      if (over) return
      size += piece.byteLength
      if (size > limitBytes)
        return stop(() => controller.error(exhausted(`the body takes more than ${limitBytes} bytes`)))
      controller.enqueue(piece)
      if (paused || (controller.desiredSize ?? 0) > 0) return
      paused = true
      sender.pause()
    },
    end() {
      whole = true
      stop(() => controller.close())
    },
    fail: error => stop(() => controller.error(error)),
    leave() {
      // Nothing is asked of the sender any more: it may be gone.
      paused = false
      stop(() => controller.error(cancelled()))
      return whole
    },
  }
}
