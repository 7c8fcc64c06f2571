import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Split text',
  about: 'Cuts a text into a list at every separator.',
  icon: 'scissors',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      separator: { type: 'string', title: 'At', default: '\n', description: 'Empty: between all characters' },
      trim: { type: 'boolean', title: 'Trim each', default: true },
      skipEmpty: { type: 'boolean', title: 'Leave out empty ones', default: true },
    },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: { list: { type: 'array<string>' }, count: { type: 'number' } },
  run({ text }, { config }) {
    const { separator, trim, skipEmpty } = config
    const parts = separator === '' ? Array.from(text) : text.split(separator)
    const list = parts.map(one => (trim ? one.trim() : one)).filter(one => !skipEmpty || one !== '')
    return { outputs: { list, count: list.length } }
  },
})
