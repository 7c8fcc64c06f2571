import { writeFile } from 'node:fs/promises'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { orderDocument } from '#graph/parse.ts'
import type { Library } from './files.ts'

const RUN_FORMAT = 'run/1'

/** A run as a file holds it: all that is needed to repeat it, and all that happened. */
export interface Recording {
  readonly spell: SpellDocument
  readonly library: Library
  /** As they were given: without defaults. */
  readonly inputs: JsonObject
  readonly state: JsonObject
  readonly entries: readonly Entry[]
}

/** Writes a recording: an entry a line, so that two of them can be compared. */
export async function writeRecording(
  file: string,
  { spell, library, inputs, state, entries }: Recording,
): Promise<void> {
  const ordered = Object.fromEntries(Object.entries(library).map(([name, document]) => [name, orderDocument(document)]))
  const head = JSON.stringify(
    { format: RUN_FORMAT, spell: orderDocument(spell), library: ordered, inputs, state },
    undefined,
    2,
  )
  const lines = entries.map(entry => `    ${JSON.stringify(entry)}`).join(',\n')
  await writeFile(file, `${head.slice(0, -2)},\n  "entries": [\n${lines}\n  ]\n}\n`)
}
