import { FORMAT } from '#graph/document.ts'
import { isObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import type { Importer } from './importer.ts'
import { ImportError } from './importer.ts'

export default {
  format: FORMAT,
  title: 'Spellmesh',
  recognises: document => isObject(document) && document['format'] === FORMAT,
  convert(value) {
    const { document, problems } = parseDocument(value)
    if (!document) throw new ImportError(problems)
    const nodes = Object.entries(document.nodes).map(([node, { type }]) => ({
      node,
      component: type,
      outcome: 'mapped' as const,
      note: '',
    }))
    return { document, report: { format: FORMAT, nodes, notes: [] } }
  },
} satisfies Importer
