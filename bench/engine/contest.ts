import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Question } from './arena.ts'

/** A contender at work in its own process. */
export interface Fighter {
  readonly id: string
  readonly name: string
  /** Rejects, and ends the process, when there is no answer within the time. */
  ask(question: Question, withinMs: number): Promise<number>
  close(): Promise<void>
}

const ARENA = fileURLToPath(new URL('./arena.ts', import.meta.url))

/** Starts a contender; it must be closed. */
export async function openFighter(id: string): Promise<Fighter> {
  // Rivet goes down a chain by recursion: a thousand nodes do not fit on the stack that Node gives by default.
  const stack = id === 'rivet' ? ['--stack-size=6000'] : []
  const child = fork(ARENA, [id], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', ...stack],
    // Some packages are built twice, and check more where this is not set.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint ||= /^\w*Error: .*/m.exec(text)?.[0] ?? ''))
  const ended = once(child, 'exit')
  const ask = (question: Question | undefined, withinMs: number) =>
    new Promise<number | string>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        fail(`nothing within ${withinMs / 1000} s`)
      }, withinMs)
      const fail = (why: string) => {
        settle()
        reject(new Error(why))
      }
      const onExit = () => fail(complaint || 'its process ended')
      const onMessage = (message: { value?: number | string; error?: string }) => {
        settle()
        if (message.value === undefined) reject(new Error(message.error))
        else resolve(message.value)
      }
      const settle = () => {
        clearTimeout(timer)
        child.off('exit', onExit).off('message', onMessage)
      }
      child.on('exit', onExit).on('message', onMessage)
      if (question) child.send(question)
    })
  try {
    await ask(undefined, 20_000)
    const name = String(await ask({ ask: 'name' }, 5000))
    return { id, name, ask: async (question, withinMs) => Number(await ask(question, withinMs)), close }
  } catch (error) {
    await close()
    throw error
  }

  async function close() {
    if (isAlive(child)) child.kill('SIGKILL')
    await ended
  }
}

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null
