import { defineNode } from '#graph/define.ts'
import { keyOf } from '../language/compare.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'

export default defineNode({
  title: 'Unique',
  about:
    'Leaves every value of a list once, where it comes first. Objects and lists count by content; 1 and "1" are two.',
  icon: 'copy-minus',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      path: { type: 'string', title: 'By', default: '', description: 'Path within each item; empty: the item itself' },
    },
  },
  inputs: { list: { type: 'array', required: true } },
  outputs: {
    list: { type: 'array' },
    count: { type: 'number' },
    removed: { type: 'number', about: 'How many were left out' },
  },
  check: problemsOfPath,
  run({ list }, { config }) {
    const steps = parsePath(config.path) ?? []
    const seen = new Set<string>()
    const left = list.filter(item => {
      const value = valueAt(item, steps)
      const key = value === undefined ? '' : keyOf(value)
      return !seen.has(key) && seen.add(key)
    })
    return { outputs: { list: left, count: left.length, removed: list.length - left.length } }
  },
})
