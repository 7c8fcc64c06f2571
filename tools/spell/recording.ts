import { writeFile } from 'node:fs/promises'
import type { Recording } from '#client/recording.ts'
import { formatRecording, parseRecording } from '#client/recording.ts'
import { invalid } from '#mesh/errors.ts'
import { readJsonFile } from './files.ts'

export type { Recording } from '#client/recording.ts'

/** Writes a recording. */
export async function writeRecording(file: string, recording: Recording): Promise<void> {
  await writeFile(file, formatRecording(recording))
}

/** Reads a recording. Throws INVALID_ARGUMENT with every problem of its shape; whether the entries follow from the spell, a replay tells. */
export async function readRecording(file: string): Promise<Recording> {
  const { recording, problems } = parseRecording(await readJsonFile(file))
  if (!recording) throw invalid(problems)
  return recording
}
