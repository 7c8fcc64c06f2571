import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Shuffle',
  about:
    'Puts a list into a random order, or draws several of its items, each at most once. The order is recorded: a replay has the same one.',
  icon: 'shuffle',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: { most: { type: 'integer', title: 'Most items', minimum: 0, description: 'Absent: all' } },
  },
  inputs: { list: { type: 'array', required: true } },
  outputs: { list: { type: 'array' }, rest: { type: 'array', about: 'Items that were not drawn' } },
  flow: { in: ['in'], out: ['out'] },
  run({ list }, { config, random }) {
    // Fisher and Yates, as far as items are wanted.
    const mixed = [...list]
    const count = Math.min(config.most ?? mixed.length, mixed.length)
    for (let at = 0; at < Math.min(count, mixed.length - 1); at++) {
      const other = at + Math.floor(random() * (mixed.length - at))
      const [here, there] = [mixed[at] ?? null, mixed[other] ?? null]
      mixed[at] = there
      mixed[other] = here
    }
    return { outputs: { list: mixed.slice(0, count), rest: mixed.slice(count) } }
  },
})
