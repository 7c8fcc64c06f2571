import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Problem, SpellDocument } from '#graph/document.ts'
import { FORMAT } from '#graph/document.ts'
import { isObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { libraryOf } from '#graph/library.ts'
import type { Plan } from '#graph/plan.ts'
import { compile, PlanError } from '#graph/plan.ts'
import type { ImportReport } from '#importers/importer.ts'
import { invalid, isCoded } from '#mesh/errors.ts'
import { importSpell } from '#services/spell-runner/import.ts'
import type { Workshop } from './workshop.ts'

/** The documents of sub-spells, by what names them. */
export type Library = Readonly<Record<string, SpellDocument>>

/** A spell file, ready to run. */
export interface LoadedSpell {
  readonly document: SpellDocument
  readonly library: Library
  readonly plan: Plan
  /** Of a foreign document. */
  readonly report?: ImportReport
}

/** What the names of recordings end with; the editor saves the second. */
export const RECORDINGS = ['.run.json', '.run']
export const isRecordingName = (name: string): boolean => RECORDINGS.some(end => name.endsWith(end))

/** Reads a file that holds JSON. Throws INVALID_ARGUMENT. */
export async function readJsonFile(file: string): Promise<unknown> {
  return parseJson(file, await readText(file))
}

/** What a file holds: JSON, or else its text, which a format may be of. Throws INVALID_ARGUMENT. */
async function readAnyFile(file: string): Promise<unknown> {
  const text = await readText(file)
  return file.endsWith('.json') || /^\s*[[{]/.test(text) ? parseJson(file, text) : text
}

/** A text file, in UTF-8. Throws INVALID_ARGUMENT. */
export async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    throw invalid([{ path: file, message: `cannot be read: ${messageOf(error)}` }])
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw invalid([{ path: file, message: `is not JSON: ${messageOf(error)}` }])
  }
}

/** Reads a spell of any known format, finds its sub-spells beside it, and plans it. Throws INVALID_ARGUMENT with every problem. */
export async function loadSpell(file: string, workshop: Workshop): Promise<LoadedSpell> {
  const { document, report, others = {} } = await readSpell(file, workshop)
  const library = await findLibrary(document, dirname(file), workshop, others)
  return { document, library, plan: planOf(document, library, workshop), ...(report ? { report } : {}) }
}

/** Plans a document. Throws INVALID_ARGUMENT with every problem. */
export function planOf(document: SpellDocument, library: Library, { registry }: Pick<Workshop, 'registry'>): Plan {
  try {
    return compile(document, registry, { library: libraryOf(library) })
  } catch (error) {
    throw error instanceof PlanError ? invalid(error.problems) : error
  }
}

async function readSpell(
  file: string,
  workshop: Workshop,
): Promise<{ document: SpellDocument; report?: ImportReport; others?: Library }> {
  const value = await readAnyFile(file)
  if (isObject(value) && value['format'] === FORMAT) {
    const { document, problems } = parseDocument(value)
    if (!document) throw invalid(problems)
    return { document }
  }
  const { models, defaultModel } = await workshop.listModels()
  const { registry, importers } = workshop
  try {
    const context = { registry, importers, models: models.map(({ id }) => id), defaultModel }
    const { document, report, others } = importSpell('', Buffer.from(JSON.stringify(value)), context)
    return { document, report, others: Object.fromEntries(others.map(one => [one.document.name, one.document])) }
  } catch (error) {
    throw isCoded(error, 'INVALID_ARGUMENT') ? invalid(error.problems.map(problem => inFile(problem, file))) : error
  }
}

/** The importer speaks of a request's field; here the document is the file. */
function inFile(problem: Problem, file: string): Problem {
  return { ...problem, path: problem.path === 'document' ? file : problem.path.replace(/^document\.?/, '') }
}

/** Sub-spells are files of the same folder: those of that name, else those that hold a spell of that name. What is not found the plan tells. */
async function findLibrary(
  document: SpellDocument,
  folder: string,
  workshop: Workshop,
  others: Library,
): Promise<Library> {
  const open = referencesOf(document)
  if (open.length === 0) return {}
  const files = (await readdir(folder)).filter(name => name.endsWith('.json') && !isRecordingName(name)).toSorted()
  const found: Record<string, SpellDocument> = {}
  const known = new Map<string, SpellDocument | undefined>()
  const read = async (file: string) => {
    if (!known.has(file)) known.set(file, (await readSpell(join(folder, file), workshop).catch(ignoreOthers))?.document)
    return known.get(file)
  }
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    if (Object.hasOwn(found, reference)) continue
    const named = files.find(file => basename(file, '.json') === reference)
    const own = Object.hasOwn(others, reference) ? others[reference] : undefined
    const inner = own ?? (named === undefined ? await findByName(reference, files, read) : await read(named))
    if (!inner) continue
    found[reference] = inner
    open.push(...referencesOf(inner))
  }
  return found
}

async function findByName(
  name: string,
  files: readonly string[],
  read: (file: string) => Promise<SpellDocument | undefined>,
): Promise<SpellDocument | undefined> {
  for (const file of files) {
    const document = await read(file)
    if (document?.name === name) return document
  }
  return undefined
}

/** Not every JSON file of a folder is a spell. */
function ignoreOthers(error: unknown): undefined {
  if (!isCoded(error, 'INVALID_ARGUMENT')) throw error
}

function referencesOf({ nodes }: SpellDocument): string[] {
  return Object.values(nodes).flatMap(({ type, config }) => {
    const reference = config?.['spell']
    return type === 'flow/sub-spell' && typeof reference === 'string' && reference !== '' ? [reference] : []
  })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
