import { defineNode, NodeFailure } from '#graph/define.ts'

export default defineNode({
  title: 'Random pick',
  about: 'Draws one item of a list, each as likely as the others. It is recorded: a replay has the same one.',
  icon: 'pointer',
  kind: 'action',
  effect: 'pure',
  inputs: { list: { type: 'array', required: true } },
  outputs: { item: { type: 'any' }, index: { type: 'number', about: 'Its place, from 0' } },
  flow: { in: ['in'], out: ['out'] },
  run({ list }, { random }) {
    if (list.length === 0)
      throw new NodeFailure('EMPTY_LIST', 'expected at least one item to pick from, got an empty list', {
        retry: false,
      })
    const index = Math.floor(random() * list.length)
    return { outputs: { item: list[index] ?? null, index } }
  },
})
