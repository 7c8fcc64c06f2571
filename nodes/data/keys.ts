import { defineNode } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'

export default defineNode({
  title: 'Keys',
  about: 'Lists the keys of an object, its values, and both together, in the order that the object has.',
  icon: 'key',
  kind: 'pure',
  inputs: { object: { type: 'object', required: true } },
  outputs: {
    keys: { type: 'array<string>' },
    values: { type: 'array' },
    entries: { type: 'array<object>', about: '`{key, value}` each' },
    count: { type: 'number' },
  },
  run({ object }) {
    const entries = Object.entries(object).map(([key, value]): JsonObject => ({ key, value }))
    const keys = Object.keys(object)
    return { outputs: { keys, values: Object.values(object), entries, count: keys.length } }
  },
})
