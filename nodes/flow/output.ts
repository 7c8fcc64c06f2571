import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Output',
  about: 'A result of the run, by name. Without a flow wire it is read when everything else is done.',
  icon: 'log-out',
  kind: 'action',
  effect: 'pure',
  role: 'output',
  config: {
    type: 'object',
    properties: { name: { type: 'string', title: 'Name', description: 'Empty: the id of this node' } },
  },
  inputs: { value: { type: 'any', required: true, about: 'The result' } },
  flow: { in: ['in'], out: ['out'] },
})
