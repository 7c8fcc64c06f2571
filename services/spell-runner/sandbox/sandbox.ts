import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Sandbox } from '#graph/define.ts'
import { NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import type { Answer } from './job.ts'

export interface SandboxOptions {
  /** Most processes at a time; one is started when first needed. */
  readonly processes: number
  /** Longest time of one job, where the caller does not say less. */
  readonly timeoutMs: number
}

/** The whole program's folder: all that a sandbox process may read. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))
const JOBS_PER_PROCESS = 200
const IDLE_MS = 60_000
const START_MS = 30_000

interface Waiting {
  readonly code: string
  readonly args: readonly Json[]
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly resolve: (result: Json) => void
  readonly reject: (error: unknown) => void
}

/** Runs user code in processes of their own, each one job at a time. A job that takes too long takes its process with it, and no other job. */
export function createSandbox({ processes, timeoutMs }: SandboxOptions): Sandbox & AsyncDisposable {
  const workers = new Set<Worker>()
  const queue: Waiting[] = []
  let closed = false
  const next = () => {
    while (queue.length > 0 && !closed) {
      const free = [...workers].find(worker => worker.free)
      if (!free && workers.size >= processes) return
      const job = queue.shift()
      if (!job) return
      if (job.signal.aborted) {
        job.reject(job.signal.reason)
        continue
      }
      const worker = free ?? openWorker()
      worker.work(job)
    }
  }
  const openWorker = () => {
    const worker = new Worker(next, () => {
      workers.delete(worker)
      next()
    })
    workers.add(worker)
    return worker
  }
  return {
    run: (code, args, { signal, timeoutMs: asked }) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new NodeFailure('UNAVAILABLE', 'the sandbox is closed'))
        queue.push({ code, args, timeoutMs: Math.min(asked ?? timeoutMs, timeoutMs), signal, resolve, reject })
        next()
      }),
    async [Symbol.asyncDispose]() {
      closed = true
      for (const { reject } of queue.splice(0)) reject(new NodeFailure('UNAVAILABLE', 'the sandbox is closed'))
      await Promise.all([...workers].map(worker => worker.kill()))
    },
  }
}

/** One process of the sandbox. */
class Worker {
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  readonly #ready: Promise<void>
  readonly #onFree: () => void
  #job: Waiting | undefined
  #settle: ((answer: Answer | NodeFailure) => void) | undefined
  #jobs = 0
  #idle: NodeJS.Timeout | undefined
  #dead = false

  constructor(onFree: () => void, onExit: () => void) {
    this.#onFree = onFree
    this.#process = fork(CHILD, {
      env: {},
      cwd: ROOT,
      execArgv: [
        '--permission',
        `--allow-fs-read=${ROOT}`,
        '--max-old-space-size=64',
        '--disable-warning=ExperimentalWarning',
        '--disable-warning=SecurityWarning',
      ],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'json',
    })
    const ready = Promise.withResolvers<void>()
    this.#ready = ready.promise
    this.#ready.catch(() => {})
    let started = false
    const late = setTimeout(() => void this.kill(), START_MS)
    this.#process.on('message', (message: Answer | { ready: true }) => {
      if ('ready' in message) {
        clearTimeout(late)
        started = true
        ready.resolve()
      } else this.#settle?.(message)
    })
    this.#process.on('error', () => void this.kill())
    this.#exited = new Promise(resolve => {
      this.#process.once('exit', () => {
        clearTimeout(late)
        this.#dead = true
        clearTimeout(this.#idle)
        const gone = started
          ? new NodeFailure('MEMORY', 'the code’s process ended: it needed more memory than it may have')
          : new NodeFailure('UNAVAILABLE', 'the code’s process did not start')
        ready.reject(gone)
        this.#settle?.(gone)
        onExit()
        resolve()
      })
    })
    // It must not keep this process alive.
    this.#process.unref()
    this.#process.channel?.unref()
  }

  get free(): boolean {
    return !this.#job && !this.#dead
  }

  kill(): Promise<void> {
    this.#dead = true
    this.#process.kill('SIGKILL')
    return this.#exited
  }

  work(job: Waiting): void {
    this.#job = job
    clearTimeout(this.#idle)
    this.#ready.then(
      () => this.#send(job),
      (error: unknown) => this.#end(job, () => job.reject(error)),
    )
  }

  #send(job: Waiting): void {
    // Killed before the job is settled: a process that is free and not dead is given the next job.
    const stop = (failure: NodeFailure) => {
      void this.kill()
      this.#settle?.(failure)
    }
    const timer = setTimeout(
      () => stop(new NodeFailure('TIMEOUT', `the code took longer than ${job.timeoutMs} ms`)),
      job.timeoutMs,
    )
    const onAbort = () => stop(new NodeFailure('CANCELLED', 'the code was stopped'))
    this.#settle = answer => {
      clearTimeout(timer)
      job.signal.removeEventListener('abort', onAbort)
      this.#settle = undefined
      if (!(answer instanceof NodeFailure) && (answer.broken || ++this.#jobs >= JOBS_PER_PROCESS)) void this.kill()
      this.#end(job, () => settleJob(job, answer))
    }
    if (job.signal.aborted) return onAbort()
    job.signal.addEventListener('abort', onAbort, { once: true })
    this.#process.send({ id: this.#jobs, code: job.code, args: job.args }, error => {
      if (error) void this.kill()
    })
  }

  #end(job: Waiting, settle: () => void): void {
    if (this.#job !== job) return
    this.#job = undefined
    settle()
    if (this.#dead) return
    this.#idle = setTimeout(() => void this.kill(), IDLE_MS)
    this.#idle.unref()
    this.#onFree()
  }
}

function settleJob({ resolve, reject }: Waiting, answer: Answer | NodeFailure): void {
  if (answer instanceof NodeFailure) return reject(answer)
  if (answer.error) return reject(new NodeFailure(answer.error.code, answer.error.message, { retry: false }))
  resolve(JSON.parse(answer.result ?? 'null') as Json)
}
