import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { COUNT, letters, namesOf } from '../language/many.ts'

export default defineNode({
  title: 'Zip',
  about: 'Puts lists side by side: a list of rows, each with the first, second … item of every list.',
  icon: 'table',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      count: COUNT,
      names: {
        type: 'array',
        title: 'Names',
        items: { type: 'string' },
        maxItems: 26,
        default: [],
        description: 'One for each list: rows are then objects',
      },
      until: {
        type: 'string',
        title: 'Up to the end of',
        enum: ['the shortest', 'the longest'],
        default: 'the shortest',
      },
    },
  },
  outputs: { list: { type: 'array', about: 'Rows; null where a list has ended' }, count: { type: 'number' } },
  derive: ({ count }) => ({ inputs: letters(count, 'array', true) }),
  check({ count, names }) {
    if (names.length !== 0 && names.length !== count)
      return [{ path: 'names', message: `expected ${count} names, one for each list, or none; got ${names.length}` }]
    const twice = names.find((name, index) => names.indexOf(name) < index)
    return twice === undefined ? [] : [{ path: 'names', message: `names "${twice}" twice` }]
  },
  run(inputs, { config }) {
    const lists = namesOf(config.count).map(name => inputs[name] as readonly Json[])
    const lengths = lists.map(list => list.length)
    const length = config.until === 'the shortest' ? Math.min(...lengths) : Math.max(...lengths)
    const list = Array.from({ length }, (_, index): Json => {
      const row = lists.map(one => one[index] ?? null)
      return config.names.length === 0
        ? row
        : Object.fromEntries(config.names.map((name, at) => [name, row[at] ?? null]))
    })
    return { outputs: { list, count: list.length } }
  },
})
