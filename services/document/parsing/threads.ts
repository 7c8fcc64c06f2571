import type { Reading, ReadingRequest, ReadingThreads } from './parser.ts'
import { ReadingThread } from './thread.ts'

const IDLE_MS = 30_000

/** How many threads read at most, and how much memory each may take for its objects. `idleMs`: how long one waits for work before it ends. */
export interface ReadingThreadsOptions {
  readonly threads: number
  readonly memoryMb?: number
  readonly idleMs?: number
}

/** Opens threads that read files. None is there before the first file, and none stays long after the last one. */
export function openReadingThreads({
  threads,
  memoryMb = 512,
  idleMs = IDLE_MS,
}: ReadingThreadsOptions): ReadingThreads {
  return new Pool({ threads, memoryMb, idleMs })
}

interface Idle {
  readonly thread: ReadingThread
  readonly timer: NodeJS.Timeout
}

class Pool implements ReadingThreads {
  readonly #options: Required<ReadingThreadsOptions>
  readonly #busy = new Set<ReadingThread>()
  readonly #ending = new Set<Promise<void>>()
  readonly #disposed = new AbortController()
  #idle: Idle[] = []
  #free: number
  #waiting: (() => void)[] = []

  constructor(options: Required<ReadingThreadsOptions>) {
    this.#options = options
    this.#free = Math.max(1, options.threads)
  }

  async *read(request: ReadingRequest, signal: AbortSignal): AsyncGenerator<Reading, void> {
    const either = AbortSignal.any([signal, this.#disposed.signal])
    await this.#enter(either)
    const thread = this.#take()
    let isOver = false
    try {
      yield* thread.read(request, either)
      isOver = true
    } catch (error) {
      // It told that itself, and waits for the next file.
      isOver = thread.isAlive
      throw error
    } finally {
      this.#busy.delete(thread)
      if (isOver && thread.isAlive && !this.#disposed.signal.aborted) this.#rest(thread)
      else this.#end(thread)
      this.#leave()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new Error('the reading threads are closed'))
    for (const { thread, timer } of this.#idle.splice(0)) {
      clearTimeout(timer)
      this.#end(thread)
    }
    for (const thread of this.#busy) this.#end(thread)
    await Promise.all(this.#ending)
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting = this.#waiting.filter(waiting => waiting !== enter)
        reject(signal.reason as Error)
      }
      const enter = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(enter)
    })
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }

  #take(): ReadingThread {
    const idle = this.#idle.pop()
    if (idle) clearTimeout(idle.timer)
    const thread = idle?.thread.isAlive ? idle.thread : new ReadingThread(this.#options.memoryMb)
    thread.hold(true)
    this.#busy.add(thread)
    return thread
  }

  #rest(thread: ReadingThread): void {
    thread.hold(false)
    const timer = setTimeout(() => {
      this.#idle = this.#idle.filter(idle => idle.thread !== thread)
      this.#end(thread)
    }, this.#options.idleMs)
    timer.unref()
    this.#idle.push({ thread, timer })
  }

  #end(thread: ReadingThread): void {
    const ending = thread.end().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}
