import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Read state',
  about: 'Gives what the spell remembers under a key.',
  icon: 'database',
  kind: 'pure',
  config: { type: 'object', properties: { key: { type: 'string', title: 'Key', default: '' } } },
  inputs: { otherwise: { type: 'any', default: null, about: 'Where nothing is remembered' } },
  outputs: { value: { type: 'any' }, found: { type: 'boolean' } },
  check: ({ key }) => (key === '' ? [{ path: 'key', message: 'must not be empty' }] : []),
  run({ otherwise }, { config, state }) {
    const value = state.get(config.key)
    return { outputs: { value: value === undefined ? otherwise : value, found: value !== undefined } }
  },
})
