import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Start',
  about: 'Where a run begins. A spell may have several: used inside another spell, each is a flow input by its name.',
  icon: 'play',
  kind: 'action',
  effect: 'pure',
  role: 'start',
  config: {
    type: 'object',
    properties: {
      name: { type: 'string', title: 'Name', default: 'in', description: 'What this start is called from outside' },
    },
  },
  flow: { out: ['out'] },
})
