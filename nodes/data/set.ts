import { defineNode } from '#graph/define.ts'
import { parsePath, problemsOfPath, withValueAt } from '../language/path.ts'

export default defineNode({
  title: 'Set',
  about: 'Gives a copy of an object or a list with another value at a path such as `user.names[0]`.',
  icon: 'pencil-line',
  kind: 'pure',
  config: { type: 'object', properties: { path: { type: 'string', title: 'Path', default: '' } } },
  inputs: { in: { type: 'any', default: {}, about: 'What is copied' }, value: { type: 'any', required: true } },
  outputs: { result: { type: 'any' } },
  check: problemsOfPath,
  run({ in: given, value }, { config }) {
    return { outputs: { result: withValueAt(given, parsePath(config.path) ?? [], value) } }
  },
})
