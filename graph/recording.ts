import type { SpellDocument } from './document.ts'
import type { Entry } from './journal.ts'
import type { Json, JsonObject } from './json.ts'
import { orderDocument } from './parse.ts'

/** What the file of a recording names itself by. */
export const RUN_FORMAT = 'run/1'

/** A run as a file holds it (`.run`, `.run.json`): all that is needed to look at it and to repeat it, without a server. */
export interface Recording {
  readonly spell: SpellDocument
  /** The documents of sub-spells, by what names them. */
  readonly library: Readonly<Record<string, SpellDocument>>
  readonly inputs: JsonObject
  /** The spell's state as the run found it. */
  readonly state: JsonObject
  /** Numbered from 1 on. Whether they are whole, `verify` tells; whether they follow from the spell, a replay does. */
  readonly entries: readonly Entry[]
  /** Values that the entries refer to instead of holding them, by hash. */
  readonly blobs?: Readonly<Record<string, Json>>
}

/** The text of a recording's file: an entry a line, so that two of them can be compared. */
export function formatRecording({ spell, library, inputs, state, entries, blobs }: Recording): string {
  const ordered = Object.fromEntries(Object.entries(library).map(([name, document]) => [name, orderDocument(document)]))
  const head = JSON.stringify(
    {
      format: RUN_FORMAT,
      spell: orderDocument(spell),
      library: ordered,
      inputs,
      state,
      ...(blobs && Object.keys(blobs).length > 0 ? { blobs } : {}),
    },
    undefined,
    2,
  )
  const lines = entries.map(entry => `    ${JSON.stringify(entry)}`).join(',\n')
  return `${head.slice(0, -2)},\n  "entries": [\n${lines}\n  ]\n}\n`
}
