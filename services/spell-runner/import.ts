import { FORMAT } from '#graph/document.ts'
import type { SpellDocument } from '#graph/document.ts'
import { checkDocument } from '#graph/check.ts'
import { exportDocument } from '#importers/export.ts'
import type { Exported } from '#importers/export.ts'
import type { Importer } from '#importers/importer.ts'
import { ImportError } from '#importers/importer.ts'
import { isCoded, invalid } from '#mesh/errors.ts'
import type { Registry } from '#graph/define.ts'
import { readJson } from './json.ts'
import { repair } from './repair.ts'
import type { Converted } from './repair.ts'
import { DOCUMENT_LIMIT_BYTES } from './spells/documents.ts'

export interface ImportContext {
  readonly importers: readonly Importer[]
  readonly registry: Registry
  readonly models: readonly string[]
  readonly defaultModel: string
}

/** What came of a foreign document: a spell, and those that it calls. */
export interface Imported extends Converted {
  readonly others: readonly Converted[]
}

/** Turns a foreign document into one that may be stored. Throws INVALID_ARGUMENT with every problem. */
export function importSpell(
  format: string,
  bytes: Uint8Array,
  { importers, registry, models, defaultModel }: ImportContext,
): Imported {
  if (bytes.length > DOCUMENT_LIMIT_BYTES)
    throw invalid([{ path: 'document', message: `takes ${bytes.length} bytes; at most ${DOCUMENT_LIMIT_BYTES}` }])
  const foreign = readJson(bytes, 'document')
  if (foreign === undefined) throw invalid([{ path: 'document', message: 'is required' }])
  const importer = importers.find(one => (format === '' ? one.recognises(foreign) : one.format === format))
  if (!importer) throw invalid([toUnknown(format, importers)])
  try {
    const converted = importer.convert(foreign, { models, defaultModel })
    // Our own documents can be mended by whoever sends them; foreign ones cannot.
    const repaired = importer.format === FORMAT ? check(converted, registry) : repair(converted, registry)
    if ('problems' in repaired) throw invalid(repaired.problems)
    return { ...repaired, others: (converted.spells ?? []).flatMap(one => repairOther(one, registry)) }
  } catch (error) {
    if (isCoded(error) || !(error instanceof ImportError)) throw error
    throw invalid(
      error.problems.map(problem => ({ ...problem, path: `document${problem.path === '' ? '' : `.${problem.path}`}` })),
    )
  }
}

/** A sub-spell that cannot be mended is left out; whoever calls it says so when it is run. */
function repairOther(converted: Converted, registry: Registry): readonly Converted[] {
  const repaired = repair(converted, registry)
  return 'problems' in repaired ? [] : [repaired]
}

/** The document with ids in place of the names of spells, where these are known. */
export function withReferences(document: SpellDocument, known: ReadonlyMap<string, string>): SpellDocument {
  const nodes = Object.entries(document.nodes).map(([id, node]) => {
    const reference = node.type === 'flow/sub-spell' ? node.config?.['spell'] : undefined
    const found = typeof reference === 'string' ? known.get(reference) : undefined
    return [id, found === undefined ? node : { ...node, config: { ...node.config, spell: found } }] as const
  })
  return { ...document, nodes: Object.fromEntries(nodes) }
}

/** What a document calls sub-spells by. */
export function referencesIn({ nodes }: SpellDocument): readonly string[] {
  return Object.values(nodes).flatMap(({ type, config }) => {
    const reference = config?.['spell']
    return type === 'flow/sub-spell' && typeof reference === 'string' && reference !== '' ? [reference] : []
  })
}

/** Gives a spell in the format that it was imported from. Throws INVALID_ARGUMENT where it was not imported from that. */
export function exportSpell(spell: SpellDocument, importers: readonly Importer[], format: string): Exported {
  try {
    return exportDocument(spell, importers, format)
  } catch (error) {
    throw error instanceof ImportError ? invalid(error.problems) : error
  }
}

function check(converted: Converted, registry: Registry) {
  const problems = checkDocument(converted.document, registry)
  return problems.length > 0 ? { problems } : converted
}

function toUnknown(format: string, importers: readonly Importer[]) {
  const known = importers.map(one => `"${one.format}"`).join(', ')
  if (format === '') return { path: 'document', message: `is of no format that is known here: ${known}` }
  return { path: 'format', message: `"${format}" is unknown; known are ${known}` }
}
