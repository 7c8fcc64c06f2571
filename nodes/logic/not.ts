import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Not',
  about: 'True when the input is false.',
  icon: 'circle-slash',
  kind: 'pure',
  inputs: { value: { type: 'boolean', required: true } },
  outputs: { result: { type: 'boolean' } },
  run: ({ value }) => ({ outputs: { result: !value } }),
})
