import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Join text',
  about: 'Puts the items of a list together to one text.',
  icon: 'combine',
  kind: 'pure',
  config: { type: 'object', properties: { separator: { type: 'string', title: 'Between them', default: ' ' } } },
  inputs: { list: { type: 'array', required: true, about: 'Texts; other values are written as JSON' } },
  outputs: { text: { type: 'string' } },
  run: ({ list }, { config }) => ({
    outputs: { text: list.map(one => (typeof one === 'string' ? one : JSON.stringify(one))).join(config.separator) },
  }),
})
