import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Exit',
  about: 'Where flow leaves a spell that is used inside another one: a flow output there, by its name.',
  icon: 'door-open',
  kind: 'action',
  effect: 'pure',
  role: 'exit',
  config: { type: 'object', properties: { name: { type: 'string', title: 'Name', default: 'out' } } },
  flow: { in: ['in'] },
})
