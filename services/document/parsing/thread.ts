import { Worker } from 'node:worker_threads'
import { ParseFailure } from './parser.ts'
import type { Reading, ReadingRequest } from './parser.ts'
import { AHEAD } from './reading-messages.ts'
import type { ToReader, ToThread } from './reading-messages.ts'

const YOUNG_MB = 8
const STACK_MB = 4

/** A thread that reads files, one at a time. */
export class ReadingThread {
  readonly #worker: Worker
  readonly #memoryMb: number
  #arrived: ToReader[] = []
  #failure: unknown
  #ended = false
  #wake = (): void => {}
  /** Of the file at work: how long it may still take, and batches that nobody has taken. */
  #leftMs = 0
  #limitMs = 0
  #untaken = 0
  #clock: { readonly timer: NodeJS.Timeout; readonly began: number } | undefined

  constructor(memoryMb: number) {
    this.#memoryMb = memoryMb
    this.#worker = new Worker(new URL('./reading-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB, stackSizeMb: STACK_MB },
      env: {},
      execArgv: [],
      // Libraries complain on the console about files that are not as they should be.
      stdout: true,
      stderr: true,
    })
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    this.#worker.on('message', (message: ToReader) => this.#take(message))
    this.#worker.on('error', error => this.#end(this.#toFailure(error)))
    this.#worker.on('exit', () => this.#end(new Error('the reading thread has ended')))
  }

  /** False: it can read nothing any more. */
  get isAlive(): boolean {
    return !this.#ended
  }

  /** Reads a file. Who leaves before the end has to end the thread. */
  async *read(request: ReadingRequest, signal: AbortSignal): AsyncGenerator<Reading, void> {
    this.#limitMs = request.limits.timeMs
    this.#leftMs = request.limits.timeMs
    this.#untaken = 0
    this.#arrived = []
    const onAbort = () => this.#end(signal.reason)
    signal.addEventListener('abort', onAbort)
    try {
      signal.throwIfAborted()
      this.#tell({ kind: 'read', request })
      this.#runClock()
      for (;;) {
        const message = await this.#next()
        if (message.kind === 'done') return
        if (message.kind === 'failed') throw new ParseFailure(message.code, message.message)
        if (message.reading.kind === 'pieces') this.#taken()
        yield message.reading
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#stopClock()
    }
  }

  /** Lets the process end while it waits for work, or not. */
  hold(holds: boolean): void {
    if (holds) this.#worker.ref()
    else this.#worker.unref()
  }

  async end(): Promise<void> {
    this.#ended = true
    await this.#worker.terminate()
  }

  async #next(): Promise<ToReader> {
    for (;;) {
      if (this.#ended) throw this.#failure
      const message = this.#arrived.shift()
      if (message) return message
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  #take(message: ToReader): void {
    if (message.kind === 'reading' && message.reading.kind === 'pieces' && ++this.#untaken >= AHEAD) this.#stopClock()
    if (message.kind === 'done' || message.kind === 'failed') this.#stopClock()
    this.#arrived.push(message)
    this.#wake()
  }

  #taken(): void {
    this.#untaken--
    this.#tell({ kind: 'more' })
    if (!this.#arrived.some(message => message.kind === 'done' || message.kind === 'failed')) this.#runClock()
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  /** The clock stands still while the thread waits for who reads. */
  #runClock(): void {
    if (this.#clock || this.#ended) return
    const timer = setTimeout(() => this.#end(this.#late()), this.#leftMs)
    this.#clock = { timer, began: performance.now() }
  }

  #stopClock(): void {
    if (!this.#clock) return
    clearTimeout(this.#clock.timer)
    this.#leftMs = Math.max(1, this.#leftMs - (performance.now() - this.#clock.began))
    this.#clock = undefined
  }

  #late(): ParseFailure {
    return new ParseFailure('TIMEOUT', `reading the file takes longer than ${this.#limitMs / 1000} s`)
  }

  #toFailure(error: unknown): unknown {
    const { code } = Object(error) as { code?: unknown }
    if (code !== 'ERR_WORKER_OUT_OF_MEMORY') return error
    return new ParseFailure('MEMORY', `reading the file takes more than ${this.#memoryMb} MB of memory`)
  }

  #end(failure: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#stopClock()
    void this.#worker.terminate()
    this.#wake()
  }
}
