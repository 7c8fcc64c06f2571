import { defineNode } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'
import { textsIn } from '../language/many.ts'

export default defineNode({
  title: 'Pick',
  about:
    'Gives a copy of an object with only the keys that you name, in your order. Keys that it does not have are left out.',
  icon: 'list-checks',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { keys: { type: 'array', title: 'Keys', items: { type: 'string' }, default: [] } },
  },
  inputs: {
    object: { type: 'object', required: true },
    keys: { type: 'array<string>', about: 'In place of those in the settings' },
  },
  outputs: { object: { type: 'object' }, missing: { type: 'array<string>', about: 'Keys that it does not have' } },
  run({ object, keys }, { config }) {
    const wanted = [...new Set(textsIn(keys ?? config.keys))]
    const picked: JsonObject = Object.fromEntries(
      wanted.filter(key => Object.hasOwn(object, key)).map(key => [key, object[key] ?? null]),
    )
    return { outputs: { object: picked, missing: wanted.filter(key => !Object.hasOwn(object, key)) } }
  },
})
