import { writeFile } from 'node:fs/promises'
import type { SpellDocument, Problem } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { orderDocument, parseDocument } from '#graph/parse.ts'
import { invalid } from '#mesh/errors.ts'
import type { Library } from './files.ts'
import { readJsonFile } from './files.ts'

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

/** Reads a recording. Throws INVALID_ARGUMENT with every problem of its shape; whether the entries follow from the spell, a replay tells. */
export async function readRecording(file: string): Promise<Recording> {
  const value = await readJsonFile(file)
  if (!isObject(value) || value['format'] !== RUN_FORMAT)
    throw invalid([{ path: 'format', message: `expected "${RUN_FORMAT}"` }])
  const problems: Problem[] = []
  const read = (name: string, given: unknown): SpellDocument | undefined => {
    const parsed = parseDocument(given)
    for (const problem of parsed.problems) problems.push({ ...problem, path: `${name}.${problem.path}` })
    return parsed.document
  }
  const object = (name: string): JsonObject => {
    const found = value[name] ?? {}
    if (isObject(found)) return found
    problems.push({ path: name, message: 'expected an object' })
    return {}
  }
  const spell = read('spell', value['spell'])
  const library = Object.entries(object('library')).flatMap(([name, given]) => {
    const document = read(`library.${name}`, given)
    return document ? [[name, document] as const] : []
  })
  const [inputs, state] = [object('inputs'), object('state')]
  const entries = value['entries']
  if (!isJournal(entries)) problems.push({ path: 'entries', message: 'expected a list of entries numbered from 1 on' })
  if (problems.length > 0 || !spell || !isJournal(entries)) throw invalid(problems)
  return { spell, library: Object.fromEntries(library), inputs, state, entries }
}

function isJournal(value: unknown): value is readonly Entry[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (entry: unknown, index) => isObject(entry) && entry['seq'] === index + 1 && typeof entry['kind'] === 'string',
    )
  )
}
