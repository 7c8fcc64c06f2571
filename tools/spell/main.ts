import type { CodedError } from '#mesh/errors.ts'
import { isCoded } from '#mesh/errors.ts'
import type { SettingsSource } from '#mesh/settings.ts'
import { readArguments, USAGE, WrongUse } from './arguments.ts'
import { checkFiles } from './check.ts'
import { convertFile } from './convert.ts'
import { exportFile } from './export.ts'
import { runFile } from './run.ts'
import { testFolder } from './test.ts'
import { openWorkshop } from './workshop.ts'

/** What the shell is told by the process's status. */
export const STATUS = { done: 0, failed: 1, wrong: 2 } as const

/** Does what the arguments say, in the terms of this process; answers its status. */
export async function main(args: readonly string[], source: SettingsSource): Promise<number> {
  const print = (text: string) => void process.stdout.write(`${text}\n`)
  const tell = (text: string) => void process.stderr.write(`${text}\n`)
  try {
    const asked = readArguments(args)
    if (asked.command === 'help') {
      print(USAGE)
      return STATUS.done
    }
    const workshop = await openWorkshop(source)
    try {
      if (asked.command === 'run') return await runFile(asked, workshop)
      if (asked.command === 'test') return await testFolder(asked.folder, workshop, print)
      if (asked.command === 'convert') return await convertFile(asked, print, tell)
      if (asked.command === 'export') return await exportFile(asked, workshop, print, tell)
      return await checkFiles(asked.files, workshop, print)
    } finally {
      await workshop[Symbol.asyncDispose]()
    }
  } catch (error) {
    if (error instanceof WrongUse) tell(`${error.message}\n${USAGE}`)
    else if (isCoded(error, 'INVALID_ARGUMENT')) for (const line of linesOf(error)) tell(line)
    else throw error
    return STATUS.wrong
  }
}

function linesOf({ problems, message }: CodedError): readonly string[] {
  if (problems.length === 0) return [message]
  return problems.map(problem => (problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`))
}
