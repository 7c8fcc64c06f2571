import { defineNode, NodeFailure } from '#graph/define.ts'
import { parsePath, problemsOfPath, withValueAt } from '../language/path.ts'

const MOST_INDEX = 100_000

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
    const steps = parsePath(config.path) ?? []
    if (steps.some(step => typeof step === 'number' && step > MOST_INDEX))
      throw new NodeFailure('TOO_LONG', `a list of more than ${MOST_INDEX} items`, { retry: false })
    return { outputs: { result: withValueAt(given, steps, value) } }
  },
})
