import { defineNode } from '#graph/define.ts'
import { textsIn } from '../language/many.ts'
import { toText } from '../language/text.ts'

const RESERVED = new Set(['default', 'error'])

export default defineNode({
  title: 'Switch',
  about:
    'Goes on along the case that equals the value, or along `default`. A value that is not text is compared by its JSON.',
  icon: 'split',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      cases: {
        type: 'array',
        title: 'Cases',
        items: { type: 'string', minLength: 1 },
        default: ['yes', 'no'],
        maxItems: 100,
        description: 'One flow output each',
      },
    },
  },
  inputs: { value: { type: 'any', required: true, about: 'What is looked for among the cases' } },
  flow: { in: ['in'], out: ['default'] },
  derive: ({ cases }) => ({ flow: { out: textsIn(cases).filter(one => !RESERVED.has(one)) } }),
  check: ({ cases }) =>
    cases.flatMap((one, index) => {
      if (RESERVED.has(one)) return [{ path: `cases[${index}]`, message: `"${one}" is the name of another output` }]
      return cases.indexOf(one) < index ? [{ path: `cases[${index}]`, message: `"${one}" is there twice` }] : []
    }),
  run({ value }, { config }) {
    const text = toText(value)
    return { pulse: config.cases.includes(text) ? text : 'default' }
  },
})
