interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Iterates `source` until it ends or the signal aborts. On abort a waiting `next` rejects at once with the signal's reason, and the
 * source is returned: its `finally` runs as soon as it can. `return` does the same without an error. `onEnd` is called once, with
 * what ended it: nothing, or the error.
 */
export function abortable<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  onEnd?: (error: unknown) => void,
): AsyncIterableIterator<T, undefined> {
  return new AbortableIterator(source, signal, onEnd)
}

class AbortableIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #iterator: AsyncIterator<T>
  readonly #signal: AbortSignal
  readonly #onEnd: ((error: unknown) => void) | undefined
  readonly #waiting = new Set<Waiting<T>>()
  readonly #onAbort = () => this.#abort()
  #ended = false
  /** What the next `next` must reject with: an abort nobody was waiting for. */
  #unseen: { readonly reason: unknown } | undefined

  constructor(source: AsyncIterable<T>, signal: AbortSignal, onEnd: ((error: unknown) => void) | undefined) {
    this.#iterator = source[Symbol.asyncIterator]()
    this.#signal = signal
    this.#onEnd = onEnd
    if (signal.aborted) this.#abort()
    else signal.addEventListener('abort', this.#onAbort)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#unseen) {
      const { reason } = this.#unseen
      this.#unseen = undefined
      return Promise.reject(reason)
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject }
      this.#waiting.add(waiting)
      this.#iterator.next().then(
        result => this.#settle(waiting, result),
        error => this.#fail(waiting, error),
      )
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (this.#end(undefined)) {
      for (const waiting of this.#waiting) waiting.resolve({ done: true, value: undefined })
      this.#waiting.clear()
      this.#leave()
    }
    this.#unseen = undefined
    return Promise.resolve({ done: true, value: undefined })
  }

  throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    void this.return()
    return Promise.reject(error)
  }

  #settle(waiting: Waiting<T>, result: IteratorResult<T>): void {
    if (!this.#waiting.delete(waiting)) return
    if (!result.done) return waiting.resolve(result)
    this.#end(undefined)
    waiting.resolve({ done: true, value: undefined })
  }

  #fail(waiting: Waiting<T>, error: unknown): void {
    if (!this.#waiting.delete(waiting)) return
    this.#end(error)
    waiting.reject(error)
  }

  #abort(): void {
    const reason: unknown = this.#signal.reason
    if (!this.#end(reason)) return
    if (this.#waiting.size === 0) this.#unseen = { reason }
    for (const waiting of this.#waiting) waiting.reject(reason)
    this.#waiting.clear()
    this.#leave()
  }

  #leave(): void {
    this.#iterator.return?.().catch(() => {
      // What a left source still throws concerns nobody any more.
    })
  }

  #end(error: unknown): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#onEnd?.(error)
    return true
  }
}
