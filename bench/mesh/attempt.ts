import type { Result } from '../harness.ts'
import { failed } from '../harness.ts'

/** Reports what `work` finds; where it fails, a row that says why, so that the others go on. */
export async function tryRows(
  report: (result: Result) => void,
  name: string,
  work: () => Promise<readonly Result[]>,
): Promise<void> {
  try {
    for (const result of await work()) report(result)
  } catch (error) {
    report(failed(name, reasonOf(error)))
  }
}

/** Why something failed, on one line. Of a program that failed, its name is enough. */
export function reasonOf(error: unknown): string {
  const [why = ''] = String(error).split('\n')
  return why.replaceAll(/\S*\/(\S+)/g, '$1').slice(0, 200)
}
