import { defineNode } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'
import { textsIn } from '../language/many.ts'

export default defineNode({
  title: 'Omit',
  about: 'Gives a copy of an object without the keys that you name.',
  icon: 'list-x',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { keys: { type: 'array', title: 'Keys', items: { type: 'string' }, default: [] } },
  },
  inputs: {
    object: { type: 'object', required: true },
    keys: { type: 'array<string>', about: 'In place of those in the settings' },
  },
  outputs: { object: { type: 'object' } },
  run({ object, keys }, { config }) {
    const unwanted = new Set(textsIn(keys ?? config.keys))
    const left: JsonObject = Object.fromEntries(Object.entries(object).filter(([key]) => !unwanted.has(key)))
    return { outputs: { object: left } }
  },
})
