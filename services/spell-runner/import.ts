import type { SpellDocument } from '#graph/document.ts'
import type { Importer, ImportReport } from '#importers/importer.ts'
import { ImportError } from '#importers/importer.ts'
import { isCoded, invalid } from '#mesh/errors.ts'
import type { Registry } from '#graph/define.ts'
import { checkDocument } from '#graph/check.ts'
import { readJson } from './json.ts'
import { DOCUMENT_LIMIT_BYTES } from './spells/documents.ts'

export interface ImportContext {
  readonly importers: readonly Importer[]
  readonly registry: Registry
  readonly models: readonly string[]
  readonly defaultModel: string
}

/** Turns a foreign document into one that may be stored. Throws INVALID_ARGUMENT with every problem. */
export function importSpell(
  format: string,
  bytes: Uint8Array,
  { importers, registry, models, defaultModel }: ImportContext,
): { document: SpellDocument; report: ImportReport } {
  if (bytes.length > DOCUMENT_LIMIT_BYTES)
    throw invalid([{ path: 'document', message: `takes ${bytes.length} bytes; at most ${DOCUMENT_LIMIT_BYTES}` }])
  const foreign = readJson(bytes, 'document')
  if (foreign === undefined) throw invalid([{ path: 'document', message: 'is required' }])
  const importer = importers.find(one => (format === '' ? one.recognises(foreign) : one.format === format))
  if (!importer) throw invalid([toUnknown(format, importers)])
  try {
    const { document, report } = importer.convert(foreign, { models, defaultModel })
    const problems = checkDocument(document, registry)
    if (problems.length > 0) throw invalid(problems)
    return { document, report }
  } catch (error) {
    if (isCoded(error) || !(error instanceof ImportError)) throw error
    throw invalid(
      error.problems.map(problem => ({ ...problem, path: `document${problem.path === '' ? '' : `.${problem.path}`}` })),
    )
  }
}

function toUnknown(format: string, importers: readonly Importer[]) {
  const known = importers.map(one => `"${one.format}"`).join(', ')
  if (format === '') return { path: 'document', message: `is of no format that is known here: ${known}` }
  return { path: 'format', message: `"${format}" is unknown; known are ${known}` }
}
