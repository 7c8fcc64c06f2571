import { parseDocument } from '#graph/parse.ts'
import { exportDocument } from '#importers/export.ts'
import { ImportError } from '#importers/importer.ts'
import { invalid } from '#mesh/errors.ts'
import { readJsonFile } from './files.ts'
import type { Workshop } from './workshop.ts'

/** `spell export`: an imported spell in its first format, on standard output; what has no place there, on standard error. Answers the status: 1 where there is any. */
export async function exportFile(
  { file, format }: { readonly file: string; readonly format: string },
  { importers }: Pick<Workshop, 'importers'>,
  print: (text: string) => void,
  tell: (text: string) => void,
): Promise<number> {
  const { document: spell, problems } = parseDocument(await readJsonFile(file))
  if (!spell) throw invalid(problems)
  try {
    const { document, notes } = exportDocument(spell, importers, format)
    print(typeof document === 'string' ? document.trimEnd() : JSON.stringify(document, undefined, 2))
    for (const note of notes) tell(`not in there: ${note}`)
    return notes.length > 0 ? 1 : 0
  } catch (error) {
    throw error instanceof ImportError ? invalid(error.problems) : error
  }
}
