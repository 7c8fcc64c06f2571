import { defineNode } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'
import { toText } from '../language/text.ts'

export default defineNode({
  title: 'Group',
  about:
    'Puts the items of a list that have the same value at a path together. Values count as text; where there is none, as an empty one.',
  icon: 'group',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      path: { type: 'string', title: 'By', default: '', description: 'Path within each item; empty: the item itself' },
    },
  },
  inputs: { list: { type: 'array', required: true } },
  outputs: {
    groups: { type: 'object', about: 'Lists of items by value' },
    list: { type: 'array<object>', about: '`{key, items, count}`, in the order in which the values come first' },
    count: { type: 'number', about: 'How many groups there are' },
  },
  check: problemsOfPath,
  run({ list }, { config }) {
    const steps = parsePath(config.path) ?? []
    const groups = new Map<string, Json[]>()
    for (const item of list) {
      const key = toText(valueAt(item, steps) ?? '')
      const group = groups.get(key)
      if (group) group.push(item)
      else groups.set(key, [item])
    }
    const told = [...groups].map(([key, items]): JsonObject => ({ key, items, count: items.length }))
    return { outputs: { groups: Object.fromEntries(groups), list: told, count: groups.size } }
  },
})
