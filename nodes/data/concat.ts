import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { COUNT, letters, namesOf } from '../language/many.ts'

export default defineNode({
  title: 'Concat',
  about: 'Puts lists one after the other to one list. An input without a value adds nothing.',
  icon: 'list-plus',
  kind: 'pure',
  config: { type: 'object', properties: { count: COUNT } },
  outputs: { list: { type: 'array' }, count: { type: 'number' } },
  derive: ({ count }) => ({ inputs: letters(count, 'array', false) }),
  run(inputs, { config }) {
    const list = namesOf(config.count).flatMap(name => (inputs[name] ?? []) as readonly Json[])
    return { outputs: { list, count: list.length } }
  },
})
