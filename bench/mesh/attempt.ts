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
    report(failed(name, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)))
  }
}
