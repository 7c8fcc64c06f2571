import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'While',
  about:
    'Runs what follows `each` again and again, as long as `condition` is true before it. `next` of one round is `value` of the following one.',
  icon: 'refresh-cw',
  kind: 'scope',
  inputs: {
    initial: { type: 'any', about: '`value` of the first round' },
    condition: { type: 'boolean', pull: 'before', required: true, about: 'Read before each round, inside it' },
    next: { type: 'any', pull: 'after', about: 'Read after each round, inside it' },
  },
  outputs: {
    value: { type: 'any', inside: true, about: 'What this round starts from' },
    index: { type: 'number', inside: true, about: 'Number of the round, from 0' },
    last: { type: 'any', about: '`next` of the last round, or `initial`' },
    count: { type: 'number', about: 'How many rounds there were' },
  },
  flow: { in: ['in'], out: ['each', 'done'] },
  scope: ({ initial }) => ({
    concurrency: 1,
    next: (index, previous) => ({ value: (index === 0 ? initial : previous?.['next']) ?? null, index }),
    enter: ({ condition }) => condition === true,
    end: results => ({ outputs: { last: results.at(-1)?.['next'] ?? initial ?? null, count: results.length } }),
  }),
})
