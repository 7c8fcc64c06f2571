import { defineNode } from '#graph/define.ts'
import { COUNT, letters, namesOf } from '../language/many.ts'

export default defineNode({
  title: 'List',
  about: 'Makes a list of its inputs. An input without a value is left out.',
  icon: 'list',
  kind: 'pure',
  config: { type: 'object', properties: { count: COUNT } },
  outputs: { list: { type: 'array' }, count: { type: 'number' } },
  derive: ({ count }) => ({ inputs: letters(count, 'any', false) }),
  run(inputs, { config }) {
    const list = namesOf(config.count).flatMap(name => (inputs[name] === undefined ? [] : [inputs[name]]))
    return { outputs: { list, count: list.length } }
  },
})
