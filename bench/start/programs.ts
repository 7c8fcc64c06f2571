import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LATE_MS = 150_000

/** A program in a process of its own. */
export interface Program {
  readonly pid: number
  /** What it wrote after `ready `. */
  readonly ready: string
  /** From its spawn to that line. */
  readonly readyMs: number
  /** Writes a line to its standard input and resolves with the next line of its output. */
  ask(question: string): Promise<string>
  /** Ends it by SIGTERM, or SIGKILL where that does not do. */
  stop(): Promise<void>
  /** Ends it by SIGKILL, at once. */
  end(): Promise<void>
}

/** What a suite starts and writes; all of it ends with the workshop. */
export interface Workshop {
  /** A new empty folder. */
  folder(): string
  /** Starts a Node script of this project (a path from its root) and waits until it writes `ready`. */
  start(script: string, args?: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Program>
  /** The same for any other program, as the leader of a process group of its own. */
  command(program: string, args: readonly string[], settings: Readonly<Record<string, string>>): Promise<Program>
  close(): Promise<void>
}

export function openWorkshop(): Workshop {
  const folders: string[] = []
  const running = new Set<Running>()
  // Also when the suite itself is ended.
  const killAll = () => {
    for (const one of running) one.kill('SIGKILL')
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
  const interrupted = (signal: NodeJS.Signals) => {
    killAll()
    // Nobody listens to it any more: it ends this process.
    process.kill(process.pid, signal)
  }
  process.once('exit', killAll)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, interrupted)
  const begin = async (command: string, args: readonly string[], settings: Record<string, string>, group: boolean) => {
    const one = new Running(command, args, settings, group)
    running.add(one)
    void one.ended.then(() => running.delete(one))
    return one.untilReady()
  }
  return {
    folder() {
      const made = mkdtempSync(join(tmpdir(), 'spellmesh-bench-'))
      folders.push(made)
      return made
    },
    start: (script, args = [], settings = {}) =>
      begin(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { ...settings }, false),
    command: (program, args, settings) => begin(program, args, { ...settings }, true),
    async close() {
      await Promise.all([...running].map(one => one.stop()))
      killAll()
      process.off('exit', killAll)
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, interrupted)
    },
  }
}

/** Milliseconds from the spawn of `node -e 0` to its end. */
export function bareNodeMs(): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => resolve(performance.now() - began))
  })
}

class Running implements Program {
  readonly ended: Promise<void>
  ready = ''
  readyMs = 0
  readonly #child: ChildProcess
  readonly #group: boolean
  readonly #began = performance.now()
  readonly #lines: string[] = []
  #told = ''
  #isOver = false
  #wake = () => {}

  constructor(command: string, args: readonly string[], settings: Readonly<Record<string, string>>, group: boolean) {
    const { PATH = '', HOME = '' } = process.env
    this.#group = group
    this.#child = spawn(command, [...args], {
      cwd: ROOT,
      env: { PATH, HOME, LOG_LEVEL: 'error', ...settings },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: group,
    })
    let part = ''
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (part + String(chunk)).split('\n')
      part = lines.pop() ?? ''
      this.#lines.push(...lines)
      this.#wake()
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#told += String(chunk)))
    this.#child.once('error', error => (this.#told += error.message))
    this.ended = new Promise(resolve => {
      // `close`: nobody of its group writes any more.
      this.#child.once('close', () => {
        this.#isOver = true
        resolve()
        this.#wake()
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async untilReady(): Promise<this> {
    for (;;) {
      const line = await this.#line()
      if (!line.startsWith('ready')) continue
      this.readyMs = performance.now() - this.#began
      this.ready = line.slice('ready'.length).trim()
      return this
    }
  }

  ask(question: string): Promise<string> {
    this.#child.stdin?.write(`${question}\n`)
    return this.#line()
  }

  async stop(): Promise<void> {
    const late = setTimeout(() => this.kill('SIGKILL'), 15_000)
    this.kill('SIGTERM')
    await this.ended
    clearTimeout(late)
  }

  async end(): Promise<void> {
    this.kill('SIGKILL')
    await this.ended
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#isOver || this.pid === 0) return
    try {
      process.kill(this.#group ? -this.pid : this.pid, signal)
    } catch {
      // It has just ended.
    }
  }

  async #line(): Promise<string> {
    const late = performance.now() + LATE_MS
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      const left = late - performance.now()
      if (this.#isOver || left <= 0) {
        this.kill('SIGKILL')
        const why = left <= 0 ? `wrote nothing for ${LATE_MS} ms` : 'ended'
        const cause = /^\S*Error.*$/m.exec(this.#told)?.[0] ?? ''
        throw new Error(`${this.#child.spawnargs.join(' ')} ${why} ${cause}\n${this.#told}`)
      }
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}
