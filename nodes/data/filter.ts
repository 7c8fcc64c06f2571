import { defineNode } from '#graph/define.ts'
import { compare, OPERATORS } from '../language/compare.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'

export default defineNode({
  title: 'Filter',
  about:
    'Parts a list in two: items whose value compares as wanted, and the rest. Compares as *Compare* does; where an item has no value it is null.',
  icon: 'funnel',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        title: 'What',
        default: '',
        description: 'Path within each item; empty: the item itself',
      },
      operator: { type: 'string', title: 'Compares', enum: OPERATORS, default: 'equals' },
    },
  },
  inputs: {
    list: { type: 'array', required: true },
    value: { type: 'any', default: null, about: 'What it is compared with' },
  },
  outputs: {
    list: { type: 'array', about: 'Items that do' },
    rest: { type: 'array', about: 'Items that do not' },
    count: { type: 'number', about: 'How many do' },
  },
  check: problemsOfPath,
  run({ list, value }, { config }) {
    const steps = parsePath(config.path) ?? []
    const does = list.map(item => compare(valueAt(item, steps) ?? null, value, config.operator))
    const kept = list.filter((_, index) => does[index])
    return { outputs: { list: kept, rest: list.filter((_, index) => !does[index]), count: kept.length } }
  },
})
