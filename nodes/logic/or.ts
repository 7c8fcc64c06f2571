import { defineNode } from '#graph/define.ts'
import { COUNT, letters, namesOf } from '../language/many.ts'

export default defineNode({
  title: 'Or',
  about: 'True when at least one input is true.',
  icon: 'circle-dot',
  kind: 'pure',
  config: { type: 'object', properties: { count: COUNT } },
  outputs: { result: { type: 'boolean' } },
  derive: ({ count }) => ({ inputs: letters(count, 'boolean', true) }),
  run: (inputs, { config }) => ({ outputs: { result: namesOf(config.count).some(name => inputs[name] === true) } }),
})
