import type { SpellDocument } from '#graph/document.ts'

const modules = import.meta.glob<SpellDocument>('../demos/*.json', { eager: true, import: 'default' })

/** Spells to begin with; each runs offline on the built-in model. In the order of their files. */
export const DEMOS: readonly SpellDocument[] = Object.entries(modules)
  .toSorted(([a], [b]) => a.localeCompare(b))
  .map(([, document]) => document)
