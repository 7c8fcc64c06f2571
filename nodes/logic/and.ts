import { defineNode } from '#graph/define.ts'
import { COUNT, letters, namesOf } from '../language/many.ts'

export default defineNode({
  title: 'And',
  about: 'True when all inputs are true.',
  icon: 'ampersand',
  kind: 'pure',
  config: { type: 'object', properties: { count: COUNT } },
  outputs: { result: { type: 'boolean' } },
  derive: ({ count }) => ({ inputs: letters(count, 'boolean', true) }),
  run: (inputs, { config }) => ({ outputs: { result: namesOf(config.count).every(name => inputs[name] === true) } }),
})
