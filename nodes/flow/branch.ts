import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Branch',
  about: 'Goes on along `yes` or `no`.',
  icon: 'git-branch',
  kind: 'action',
  effect: 'pure',
  inputs: { condition: { type: 'boolean', required: true } },
  flow: { in: ['in'], out: ['yes', 'no'] },
  run: ({ condition }) => ({ pulse: condition ? 'yes' : 'no' }),
})
