import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Join',
  about:
    'Waits until all wires into it have fired, then goes on once; or goes on with the first one and ignores the others.',
  icon: 'git-merge',
  kind: 'join',
  effect: 'pure',
  config: {
    type: 'object',
    properties: { mode: { type: 'string', title: 'Waits for', enum: ['all', 'any'], default: 'all' } },
  },
  flow: { in: ['in'], out: ['out'] },
  waitsFor: ({ mode }) => mode,
})
