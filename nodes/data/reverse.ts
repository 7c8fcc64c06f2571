import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Reverse',
  about: 'Turns the order of a list round.',
  icon: 'arrow-down-up',
  kind: 'pure',
  inputs: { list: { type: 'array', required: true } },
  outputs: { list: { type: 'array' } },
  run: ({ list }) => ({ outputs: { list: list.toReversed() } }),
})
