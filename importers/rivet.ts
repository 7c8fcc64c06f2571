import type { Importer } from './importer.ts'
import { convertProject } from './rivet/convert.ts'
import { rivetOriginal } from './rivet/original.ts'
import { isProject } from './rivet/project.ts'

export default {
  format: 'rivet',
  title: 'Rivet',
  recognises: isProject,
  convert(document, options = {}) {
    const [main, ...others] = convertProject(document, options)
    const { document: spell, report } = main
    const spells = others.map(one => ({ document: one.document, report: one.report }))
    return { document: spell, report, ...(spells.length > 0 ? { spells } : {}) }
  },
  original: rivetOriginal,
} satisfies Importer
