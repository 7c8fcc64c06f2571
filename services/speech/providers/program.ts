// Programs of this machine: no shell, no credentials, never longer than told, and ended when nobody waits for them.
import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { cancelled, deadline, isCoded, unavailable } from '#mesh/errors.ts'

const FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', '/opt/local/bin']

/** The path of a program that may be started; undefined: it is not there. */
export async function findProgram(name: string): Promise<string | undefined> {
  if (name === '') return undefined
  for (const path of isAbsolute(name) ? [name] : name.includes('/') ? [] : FOLDERS.map(folder => join(folder, name)))
    if (await isExecutable(path)) return path
  return undefined
}

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

export interface ProgramOptions {
  readonly args: readonly string[]
  /** Written to its input. */
  readonly input?: string
  readonly signal: AbortSignal
  /** From its start to its end. */
  readonly timeoutMs: number
}

const MOST_WORDS = 2_000

/**
 * Starts a program, and gives what it writes as it comes; returns the last of what it said on its error output. Throws UNAVAILABLE with its words where it
 * fails, DEADLINE_EXCEEDED where it takes too long, and what the signal aborts with.
 */
export async function* runProgram(path: string, options: ProgramOptions): AsyncGenerator<Buffer, string> {
  const { signal, timeoutMs } = options
  if (signal.aborted) throw reasonOf(signal)
  const child = spawn(path, [...options.args], {
    env: { PATH: FOLDERS.join(':'), LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, killedBy) => resolve(code === 0 ? '' : `ended with ${code ?? killedBy}`))
  })
  let words = ''
  let isLate = false
  const kill = () => void child.kill('SIGKILL')
  const timer = setTimeout(() => {
    isLate = true
    kill()
  }, timeoutMs)
  signal.addEventListener('abort', kill)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-MOST_WORDS)
  })
  // It may end before it has read all.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  try {
    for await (const bytes of child.stdout) yield bytes as Buffer
    const problem = await ended
    if (signal.aborted) throw reasonOf(signal)
    if (isLate) throw deadline(`"${path}" was not ready after ${timeoutMs} ms`)
    if (problem !== '') throw unavailable(`"${path}" ${problem}: ${words.trim() || 'it said nothing'}`)
    return words
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    kill()
  }
}

/** Runs a program to its end. */
export async function finishProgram(path: string, options: ProgramOptions): Promise<void> {
  const output = runProgram(path, options)
  while (!(await output.next()).done);
}

const reasonOf = (signal: AbortSignal): Error => (isCoded(signal.reason) ? signal.reason : cancelled())
