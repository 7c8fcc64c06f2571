import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'To JSON',
  about: 'Writes a value as JSON text.',
  icon: 'braces',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { indent: { type: 'integer', title: 'Indent', minimum: 0, maximum: 8, default: 0 } },
  },
  inputs: { value: { type: 'any', required: true } },
  outputs: { text: { type: 'string' } },
  run: ({ value }, { config }) => ({ outputs: { text: JSON.stringify(value, undefined, config.indent) } }),
})
