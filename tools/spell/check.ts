import { isCoded } from '#mesh/errors.ts'
import { loadSpell } from './files.ts'
import type { Workshop } from './workshop.ts'

/** `spell check`: a line for each problem of each file, with its path. Answers the status: 1 where there are any. */
export async function checkFiles(
  files: readonly string[],
  workshop: Workshop,
  print: (text: string) => void,
): Promise<number> {
  let status = 0
  for (const file of files) {
    try {
      const { document } = await loadSpell(file, workshop)
      print(`${file}: ok, ${Object.keys(document.nodes).length} nodes`)
    } catch (error) {
      if (!isCoded(error, 'INVALID_ARGUMENT')) throw error
      status = 1
      for (const { path, message } of error.problems)
        print([file, ...(path === '' || path === file ? [] : [path]), message].join(': '))
    }
  }
  return status
}
