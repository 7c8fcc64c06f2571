import { checkDocument } from '#graph/check.ts'
import type { Registry } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import { orderDocument, parseDocument } from '#graph/parse.ts'
import { invalid } from '#mesh/errors.ts'
import { readJson } from '../json.ts'

/** The most that a document may take. */
export const DOCUMENT_LIMIT_BYTES = 10 * 1024 * 1024

/** Turns a request's bytes into a document that may be stored. Throws INVALID_ARGUMENT with every problem. */
export function readDocument(bytes: Uint8Array, registry: Registry): SpellDocument {
  if (bytes.length > DOCUMENT_LIMIT_BYTES)
    throw invalid([{ path: 'document', message: `takes ${bytes.length} bytes; at most ${DOCUMENT_LIMIT_BYTES}` }])
  const value = readJson(bytes, 'document')
  if (value === undefined) throw invalid([{ path: 'document', message: 'is required' }])
  const parsed = parseDocument(value)
  if (!parsed.document) throw invalid(parsed.problems)
  const problems = checkDocument(parsed.document, registry)
  if (problems.length > 0) throw invalid(problems)
  return parsed.document
}

/** The text that is stored. */
export function documentText(document: SpellDocument): string {
  return JSON.stringify(orderDocument(document))
}
