import { defineNode } from '#graph/define.ts'
import { compare, OPERATORS } from '../language/compare.ts'

export default defineNode({
  title: 'Compare',
  about:
    'Compares two values. Numbers, also as text, by size; other texts in alphabetical order; lists and objects by content.',
  icon: 'scale',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { operator: { type: 'string', title: 'a …', enum: OPERATORS, default: 'equals' } },
  },
  inputs: { a: { type: 'any', default: null }, b: { type: 'any', default: null } },
  outputs: { result: { type: 'boolean' } },
  run: ({ a, b }, { config }) => ({ outputs: { result: compare(a, b, config.operator) } }),
})
