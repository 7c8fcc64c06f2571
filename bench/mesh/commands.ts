import { createInterface } from 'node:readline'
import type { Program } from '../start/programs.ts'

type Command = (given: never) => unknown

/** Writes `ready`, and what others are to know; then answers commands, each a line of JSON on standard input, by a line of JSON, one after another; ends the process with its input. */
export async function serveCommands(commands: Readonly<Record<string, Command>>, ready = ''): Promise<void> {
  process.stdout.write(`ready ${ready}\n`)
  for await (const line of createInterface({ input: process.stdin })) {
    const { name, given } = JSON.parse(line) as { name: string; given: object }
    process.stdout.write(`${JSON.stringify(await answer(commands[name], name, given))}\n`)
  }
  process.exit()
}

async function answer(command: Command | undefined, name: string, given: object): Promise<object> {
  try {
    if (!command) throw new Error(`there is no command "${name}"`)
    return { value: (await command(given as never)) ?? null }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** What each program is doing. */
const busy = new WeakMap<Program, Promise<unknown>>()

/** Has a program that {@link serveCommands} do something, after what it was asked before; rejects with what it says of its failure. */
export async function ask<T = null>(program: Program, name: string, given: object = {}): Promise<T> {
  const before = busy.get(program) ?? Promise.resolve()
  const answered = before.catch(() => {}).then(() => program.ask(JSON.stringify({ name, given })))
  busy.set(program, answered)
  const { value, error } = JSON.parse(await answered) as { value: T; error?: string }
  if (error !== undefined) throw new Error(`${name}: ${error}`)
  return value
}
