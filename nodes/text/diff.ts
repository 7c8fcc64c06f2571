import { defineNode } from '#graph/define.ts'
import { diffLines, linesOf, unified } from '../language/diff.ts'

export default defineNode({
  title: 'Compare texts',
  about:
    'Tells line by line what changed from one text to another, with the fewest changes. Where more than 1,000 lines differ, or comparing takes too long, all between the first and the last of them counts as replaced.',
  icon: 'file-diff',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { context: { type: 'integer', title: 'Lines around', minimum: 0, maximum: 1000, default: 3 } },
  },
  inputs: { before: { type: 'string', required: true }, after: { type: 'string', required: true } },
  outputs: {
    changes: { type: 'array<object>', about: '`{kind, text}` in order; `kind` is `same`, `removed` or `added`' },
    unified: { type: 'string', about: 'As `patch` reads it; empty where the texts are the same' },
    same: { type: 'boolean', about: 'Whether nothing changed' },
    removed: { type: 'number', about: 'Lines' },
    added: { type: 'number', about: 'Lines' },
  },
  run({ before, after }, { config }) {
    const changes = diffLines(linesOf(before), linesOf(after))
    const count = (kind: string) => changes.reduce((sum, one) => sum + (one.kind === kind ? one.lines.length : 0), 0)
    return {
      outputs: {
        changes: changes.map(({ kind, lines }) => ({ kind, text: lines.join('') })),
        unified: unified(changes, config.context),
        same: before === after,
        removed: count('removed'),
        added: count('added'),
      },
    }
  },
})
