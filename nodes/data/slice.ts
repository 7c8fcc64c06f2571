import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Slice',
  about:
    'Gives a part of a list: from one place up to, without, another. The first place is 0; negative ones count from the end.',
  icon: 'crop',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      from: { type: 'integer', title: 'From', default: 0 },
      to: { type: 'integer', title: 'Up to', description: 'Absent: the end' },
    },
  },
  inputs: {
    list: { type: 'array', required: true },
    from: { type: 'number', about: 'In place of the one in the settings' },
    to: { type: 'number', about: 'In place of the one in the settings' },
  },
  outputs: { list: { type: 'array' }, count: { type: 'number' } },
  run({ list, from, to }, { config }) {
    const part = list.slice(from ?? config.from, to ?? config.to)
    return { outputs: { list: part, count: part.length } }
  },
})
