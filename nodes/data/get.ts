import { defineNode } from '#graph/define.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'

export default defineNode({
  title: 'Get',
  about: 'Reads one value out of an object or a list, at a path such as `user.names[0]`.',
  icon: 'arrow-down-to-dot',
  kind: 'pure',
  config: { type: 'object', properties: { path: { type: 'string', title: 'Path', default: '' } } },
  inputs: {
    from: { type: 'any', required: true },
    otherwise: { type: 'any', default: null, about: 'Where there is nothing' },
  },
  outputs: { value: { type: 'any' }, found: { type: 'boolean' } },
  check: problemsOfPath,
  run({ from, otherwise }, { config }) {
    const value = valueAt(from, parsePath(config.path) ?? [])
    return { outputs: { value: value === undefined ? otherwise : value, found: value !== undefined } }
  },
})
