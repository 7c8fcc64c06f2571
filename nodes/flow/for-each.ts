import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'For each',
  about:
    'Runs what follows `each` once for every item of a list, several at a time where wanted; then goes on along `done` with the results in the order of the list.',
  icon: 'repeat',
  kind: 'scope',
  config: {
    type: 'object',
    properties: { concurrency: { type: 'integer', title: 'At a time', minimum: 1, maximum: 1000, default: 1 } },
  },
  inputs: {
    list: { type: 'array', required: true, about: 'The items' },
    result: { type: 'any', pull: 'after', about: 'Read after each iteration, inside it' },
  },
  outputs: {
    item: { type: 'any', inside: true, about: 'The item of this iteration' },
    index: { type: 'number', inside: true, about: 'Its position, from 0' },
    items: { type: 'array', about: 'The results, null where an iteration gave none' },
    last: { type: 'any', about: 'The last of them' },
    count: { type: 'number', about: 'How many there were' },
  },
  flow: { in: ['in'], out: ['each', 'done'] },
  scope: ({ list }, { config }) => ({
    concurrency: config.concurrency,
    next: index => (index < list.length ? { item: list[index] ?? null, index } : undefined),
    end(results) {
      const items = results.map(one => one['result'] ?? null)
      return { outputs: { items, last: items.at(-1) ?? null, count: items.length } }
    },
  }),
})
