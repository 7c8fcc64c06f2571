import { formatRecording } from '#client/recording.ts'
import { ImportError } from '#importers/importer.ts'
import { convertRecording } from '#importers/rivet/recording.ts'
import { invalid } from '#mesh/errors.ts'
import { readJsonFile, readText } from './files.ts'

/** `spell convert`: a recording of Rivet as one of ours, on standard output; what it lacks, on standard error. Answers the status. */
export async function convertFile(
  { file, project }: { readonly file: string; readonly project: string },
  print: (text: string) => void,
  tell: (text: string) => void,
): Promise<number> {
  const recorded = await readJsonFile(file)
  const text = await readText(project)
  try {
    const { recording, notes } = convertRecording(recorded, text)
    print(formatRecording(recording).trimEnd())
    for (const note of notes) tell(note)
    return 0
  } catch (error) {
    throw error instanceof ImportError ? invalid(error.problems) : error
  }
}
